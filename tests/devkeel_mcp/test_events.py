"""Events over MCP, in both eras: read at an address, and word of more for those who subscribe; and as logs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import anyio
import anyio.lowlevel
import httpx2
import pytest
from mcp.client import Client
from mcp.server.subscriptions import ResourceUpdated
from mcp.shared.exceptions import MCPError
from mcp_types import ResourceUpdatedNotification

from devkeel_mcp import Offer, build_server

from .processes import command, served, stdio_client

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.anyio
EVENTS = "devkeel://events"
VERSION = "2026-07-28"
MODERN = {"MCP-Protocol-Version": VERSION, "Mcp-Method": "subscriptions/listen"}
ENVELOPE = {
    "io.modelcontextprotocol/protocolVersion": VERSION,
    "io.modelcontextprotocol/clientInfo": {"name": "silent", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}
LISTEN = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "subscriptions/listen",
    "params": {"notifications": {"resourceSubscriptions": [EVENTS]}, "_meta": ENVELOPE},
}
ON = "[events]\nclients = true\n"


@pytest.fixture
def project(new_project: Callable[[str], Path]) -> Path:
    root = new_project("alone")
    (root / "devkeel.toml").write_text(ON)
    return root


async def read(client: Client) -> list[dict[str, Any]]:
    found = await client.read_resource(EVENTS, cache_mode="refresh")
    return [json.loads(line) for line in found.contents[0].text.splitlines()]  # type: ignore[union-attr]


async def until(client: Client, kind: str, count: int = 1) -> list[dict[str, Any]]:
    """Return the events as soon as so many of a kind are there: they come a moment after the answer of the call."""
    events: list[dict[str, Any]] = []
    with anyio.fail_after(20):
        while sum(event["kind"] == kind for event in events) < count:
            events = await read(client)
    return events


@pytest.mark.parametrize("era", ["legacy", "auto"])
async def test_a_client_reads_what_happened(project: Path, era: str) -> None:
    async with Client(build_server(project), mode=era) as client:
        await client.call_tool("add_packages", {"names": ["htop"], "reason": "for the scripts"})
        events = await until(client, "published")
        assert EVENTS in {str(item.uri) for item in (await client.list_resources()).resources}
    assert [event["kind"] for event in events] == ["proposed", "checked", "published"]
    assert events[-1]["reason"] == "for the scripts"


async def test_a_client_that_listens_hears_of_more_events(project: Path) -> None:
    async with (
        Client(build_server(project)) as client,
        client.listen(resource_subscriptions=[EVENTS]) as events,
    ):
        await client.call_tool("add_packages", {"names": ["htop"]})
        with anyio.fail_after(20):
            async for event in events:
                assert event == ResourceUpdated(uri=EVENTS)
                break
        assert await until(client, "published")


@pytest.mark.filterwarnings("ignore:resources/.*subscribe is removed")
async def test_a_subscriber_of_the_handshake_era_hears_of_more_events(project: Path) -> None:
    heard = anyio.Event()

    async def receive(message: Any) -> None:
        if isinstance(message, ResourceUpdatedNotification) and message.params.uri == EVENTS:
            heard.set()

    async with Client(build_server(project), mode="legacy", message_handler=receive) as client:
        await client.subscribe_resource(EVENTS)
        await client.call_tool("add_packages", {"names": ["htop"]})
        with anyio.fail_after(20):
            await heard.wait()


async def test_what_the_server_does_not_offer_is_an_event(project: Path) -> None:
    async with Client(build_server(project, Offer.of(["core"], read_only=True))) as client:
        refused = await client.call_tool("add_packages", {"names": ["htop"]})
        assert refused.is_error
        events = await until(client, "denied")
    assert [(event["action"], event["code"]) for event in events] == [("add_packages", "not_offered")]


async def test_without_the_setting_there_are_no_events_to_read(new_project: Callable[[str], Path]) -> None:
    async with Client(build_server(new_project("alone"))) as client:
        await client.call_tool("add_packages", {"names": ["htop"]})
        assert EVENTS not in {str(item.uri) for item in (await client.list_resources()).resources}
        with pytest.raises(MCPError):
            await client.read_resource(EVENTS, cache_mode="refresh")


@pytest.mark.parametrize("way", ["signal", "input"])
async def test_a_server_that_ends_has_written_its_events(project: Path, tmp_path: Path, way: str) -> None:
    path = tmp_path / "mine.jsonl"
    if way == "signal":
        with served(project, "--events", str(path)) as server:
            async with server.client("legacy") as client:
                assert not (await client.call_tool("add_packages", {"names": ["htop"]})).is_error
            server.process.terminate()
            assert server.process.wait(timeout=60) == 128 + 15
    else:
        async with stdio_client(project, "auto", "--events", str(path)) as client:
            assert not (await client.call_tool("add_packages", {"names": ["htop"]})).is_error
    assert [json.loads(line)["kind"] for line in path.read_text().splitlines()] == ["proposed", "checked", "published"]


async def test_a_file_that_cannot_be_written_is_said_at_the_start(project: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    run = await anyio.run_process(command(project, "--events", str(tmp_path / "link")), check=False)
    assert run.returncode == 2
    assert b"bad_events_file" in run.stderr
    assert not (tmp_path / "elsewhere").exists()


async def test_a_client_that_listens_and_does_not_read_holds_up_no_change(project: Path) -> None:
    with served(project) as server:
        with httpx2.stream("POST", server.url, json=LISTEN, headers=server.headers | MODERN, timeout=60) as silent:
            assert silent.status_code == 200
            async with server.client("auto") as client:
                for number in range(20):
                    edits = [{"kind": "set", "path": "env.ROUND", "value": number}]
                    answer = await client.call_tool("edit_environment", {"edits": edits, "level": "syntax"})
                    assert not answer.is_error
                events = await until(client, "published", 20)
        assert [event["operation"] for event in events if event["kind"] == "published"] == list(range(1, 21))
