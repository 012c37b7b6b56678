"""Resources, completion, updates and prompts, as a host meets them in both eras."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from mcp.client import Client
from mcp.server.subscriptions import ResourceUpdated
from mcp.shared.exceptions import MCPError
from mcp_types import PromptReference, ResourceTemplateReference, ResourceUpdatedNotification

from devkeel_mcp import build_server
from devkeel_mcp.resources import updates

from .conftest import Agent

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from syrupy.assertion import SnapshotAssertion

pytestmark = pytest.mark.anyio


async def contents(agent: Agent, uri: str) -> Any:
    async with agent.client() as client:
        return (await client.read_resource(uri)).contents[0]


async def completed(agent: Agent, template: str, argument: str, begun: str) -> list[str]:
    reference = ResourceTemplateReference(uri=f"devkeel://{template}")
    async with agent.client() as client:
        found = await client.complete(ref=reference, argument={"name": argument, "value": begun})
    return found.completion.values


async def test_every_listed_resource_can_be_read(agent: Agent) -> None:
    async with agent.client() as client:
        listed = (await client.list_resources()).resources
        assert [item.uri for item in listed] == [
            "devkeel://environment",
            "devkeel://history",
            "devkeel://files/devenv.nix",
        ]
        for item in listed:
            assert (await client.read_resource(item.uri)).contents


async def test_a_file_comes_with_its_revision(agent: Agent) -> None:
    seen = await agent.data("inspect_environment")
    content = await contents(agent, "devkeel://files/devenv.nix")
    assert content.text == agent.read()
    assert content.meta["devkeel/revision"] == seen["revision"]


async def test_an_operation_has_its_diff_and_an_option_its_type(agent: Agent) -> None:
    await agent.data("add_packages", names=["ripgrep"], level="syntax")
    operation = json.loads((await contents(agent, "devkeel://operations/1")).text)
    assert "+    pkgs.ripgrep" in operation["diff"]
    option = json.loads((await contents(agent, "devkeel://options/services.postgres.enable")).text)
    assert option["option"]["type"] == "boolean"
    package = json.loads((await contents(agent, "devkeel://packages/ripgrep")).text)
    assert package["hits"][0]["name"] == "ripgrep"


@pytest.mark.parametrize(
    "uri",
    [
        "devkeel://files/.env",
        "devkeel://files/../secret",
        "devkeel://files/..%2Fsecret",
        "devkeel://files/%2Fetc%2Fpasswd",
        "devkeel://files/",
        "devkeel://operations/99",
        "devkeel://operations/x",
        "devkeel://operations/-1",
        "devkeel://options/no.such.option",
        "devkeel://nothing",
        "file:///etc/passwd",
        "",
    ],
)
async def test_there_is_nothing_at_any_other_address(agent: Agent, uri: str) -> None:
    (agent.root / ".env").write_text("SECRET=1\n")
    (agent.root.parent / "secret").write_text("SECRET=1\n")
    async with agent.client() as client:
        with pytest.raises(MCPError) as caught:
            await client.read_resource(uri)
    assert "SECRET" not in str(caught.value)


async def test_completion_offers_paths_packages_files_and_operations(agent: Agent) -> None:
    await agent.data("add_packages", names=["ripgrep"], level="syntax")
    assert "services.redis" in await completed(agent, "options/{path}", "path", "services.red")
    assert "ripgrep" in await completed(agent, "packages/{name}", "name", "ripg")
    assert await completed(agent, "files/{name}", "name", "dev") == ["devenv.nix"]
    assert await completed(agent, "operations/{id}", "id", "") == ["1"]
    async with agent.client() as client:
        reference = PromptReference(name="explain_option")
        found = await client.complete(ref=reference, argument={"name": "path", "value": "languages.pyth"})
    assert found.completion.values == ["languages.python"]


async def test_completion_is_never_longer_than_the_protocol_allows(agent: Agent) -> None:
    async with agent.client() as client:
        reference = ResourceTemplateReference(uri="devkeel://options/{path}")
        found = (await client.complete(ref=reference, argument={"name": "path", "value": "services."})).completion
    assert len(found.values) <= 100
    assert found.has_more is (found.total is not None and found.total > len(found.values))


async def test_the_prompts_are_these(agent: Agent, snapshot: SnapshotAssertion) -> None:
    async with agent.client() as client:
        listed = (await client.list_prompts()).prompts
        told = {}
        for prompt in listed:
            given = {item.name: f"<{item.name}>" for item in prompt.arguments or ()}
            messages = (await client.get_prompt(prompt.name, given)).messages
            told[prompt.name] = [message.content.text for message in messages if message.content.type == "text"]
    assert told == snapshot


@pytest.mark.parametrize("uri", ["devkeel://environment", "devkeel://files/devenv.nix", "devkeel://history"])
async def test_a_listener_is_told_of_a_humans_save(new_project: Callable[[str], Path], uri: str) -> None:
    agent = Agent(new_project("alone"), "auto")
    async with (
        agent.client() as client,
        client.listen(resource_subscriptions=[uri]) as events,
        anyio.create_task_group() as group,
    ):
        group.start_soon(save_until_cancelled, agent)
        with anyio.fail_after(30):
            async for event in events:
                assert event == ResourceUpdated(uri=uri)
                break
        group.cancel_scope.cancel()


@pytest.mark.filterwarnings("ignore:resources/.*subscribe is removed")
async def test_a_subscriber_of_the_handshake_era_is_told_and_can_leave(new_project: Callable[[str], Path]) -> None:
    agent, uri = Agent(new_project("alone"), "legacy"), "devkeel://files/devenv.nix"
    told = anyio.Event()

    async def receive(message: Any) -> None:
        if isinstance(message, ResourceUpdatedNotification):
            assert message.params.uri == uri
            told.set()

    async with Client(build_server(agent.root), mode="legacy", message_handler=receive) as client:
        await client.subscribe_resource(uri)
        async with anyio.create_task_group() as group:
            group.start_soon(save_until_cancelled, agent)
            with anyio.fail_after(30):
                await told.wait()
            group.cancel_scope.cancel()
        await client.unsubscribe_resource(uri)


async def test_a_listener_does_not_keep_a_server_from_ending(
    new_project: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(updates, "_LOOK", 3_600_000)  # the watching thread would wait for that long
    agent, heard = Agent(new_project("alone"), "auto"), False
    with anyio.fail_after(60):
        async with (
            agent.client() as client,
            client.listen(resource_subscriptions=["devkeel://environment"]) as events,
            anyio.create_task_group() as group,
        ):
            group.start_soon(save_until_cancelled, agent)
            async for _ in events:
                heard = True
                break
            group.cancel_scope.cancel()
    assert heard


async def save_until_cancelled(agent: Agent) -> None:
    """Save as a human does, again and again: when a watch begins nobody is told."""
    number = 0
    while True:
        number += 1
        (agent.root / "devenv.nix").write_text(agent.read() + f"# {number}\n")
        await anyio.sleep(0.3)
