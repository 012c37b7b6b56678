"""What a server was not started with is not listed, and refused where it is called nevertheless."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from mcp.client import Client

from devkeel.errors import UsageError
from devkeel_mcp import Offer, build_server
from devkeel_mcp.calls.offer import TOOLSETS
from devkeel_mcp.calls.spec import ToolSpec
from devkeel_mcp.tools import TOOLS

from .conftest import photograph

if TYPE_CHECKING:
    from mcp_types import CallToolResult

    from .conftest import Agent

pytestmark = pytest.mark.anyio

# Tools that write but run nothing. One that is neither here nor reading must say that it executes.
WRITING = {
    "generate_files",
    "use_template",
    "add_packages",
    "configure_cache",
    "configure_policy",
    "add_library",
    "enable_service",
    "edit_environment",
    "patch_file",
    "undo",
}
CALLS: dict[str, dict[str, Any]] = {
    "add_packages": {"names": ["ripgrep"], "level": "syntax"},
    "enable_service": {"name": "redis", "level": "syntax"},
    "edit_environment": {"edits": [{"kind": "set", "path": "env.A", "value": "1"}], "level": "syntax"},
    "patch_file": {"old": '"8000"', "new": '"8001"', "level": "syntax"},
    "undo": {},
}


async def call(agent: Agent, offer: Offer, tool: str, **arguments: Any) -> CallToolResult:
    async with Client(build_server(agent.root, offer), mode=agent.era) as client:
        return await client.call_tool(tool, arguments)


async def listed(agent: Agent, offer: Offer) -> list[str]:
    async with Client(build_server(agent.root, offer), mode=agent.era) as client:
        return [tool.name for tool in (await client.list_tools()).tools]


def test_every_tool_that_does_more_than_write_says_that_it_executes() -> None:
    for spec in TOOLS:
        assert spec.executes is (not spec.reads and spec.name not in WRITING), spec.name


async def test_a_read_only_server_lists_only_what_reads(agent: Agent) -> None:
    assert await listed(agent, Offer.of(["core"], read_only=True)) == [
        spec.name for spec in TOOLS if spec.reads and spec.toolset == "core"
    ]


@pytest.mark.parametrize("tool", CALLS)
async def test_a_read_only_server_refuses_a_write_that_is_called_by_its_name(agent: Agent, tool: str) -> None:
    await agent.data("add_packages", names=["hello"], level="syntax")
    before = photograph(agent.root)
    result = await call(agent, Offer(writes=False, executes=False), tool, **CALLS[tool])
    assert result.is_error
    assert result.structured_content is not None
    error = result.structured_content["error"]
    assert (error["kind"], error["code"], error["seen"]) == ("policy", "not_offered", tool)
    assert photograph(agent.root) == before


async def test_no_execute_refuses_builds_and_lets_writes_pass(agent: Agent) -> None:
    offer = Offer.of(["core"], no_execute=True)
    refused = await call(agent, offer, "check_environment", level="build")
    assert refused.structured_content is not None
    assert refused.structured_content["error"]["code"] == "not_offered"
    passed = await call(agent, offer, "add_packages", **CALLS["add_packages"])
    assert passed.structured_content is not None
    assert passed.structured_content["published"] is True


async def test_an_executing_tool_and_one_of_another_toolset_are_refused(agent: Agent) -> None:
    first = TOOLS[0]
    executing = ToolSpec("x", "", first.hints, first.arguments, first.handler, executes=True)
    elsewhere = ToolSpec("y", "", first.hints, first.arguments, first.handler, toolset="other")
    assert not Offer(executes=False).lists(executing)
    assert Offer().lists(executing)
    assert not Offer().lists(elsewhere)


def test_every_family_of_tools_is_one_that_can_be_asked_for() -> None:
    assert {spec.toolset for spec in TOOLS} == set(TOOLSETS)
    assert all(Offer.of(["all"]).lists(spec) for spec in TOOLS)


def test_an_unknown_toolset_is_an_error_that_names_the_known_ones() -> None:
    with pytest.raises(UsageError) as caught:
        Offer.of(["docker"])
    assert caught.value.code == "unknown_toolset"
    assert {"core", "all"} <= set(caught.value.alternatives)


async def test_an_unknown_tool_is_a_tool_error_that_names_the_nearest(agent: Agent) -> None:
    result = await call(agent, Offer(), "add_package")
    assert result.is_error
    assert result.structured_content is not None
    error = result.structured_content["error"]
    assert (error["kind"], error["code"]) == ("usage", "unknown_tool")
    assert error["alternatives"][0] == "add_packages"
