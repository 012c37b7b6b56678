"""What `tools/list` publishes: the contract that hosts and models see."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, get_args

import pytest
from syrupy.extensions.json import JSONSnapshotExtension

from devkeel.catalogue.search import KINDS as SEARCH_KINDS
from devkeel.checks import LEVELS
from devkeel.edits.vocabulary import models
from devkeel_mcp.app import INSTRUCTIONS
from devkeel_mcp.calls.arguments import Level
from devkeel_mcp.tools.edit import EDIT
from devkeel_mcp.tools.search import Kind as SearchKind

from .conftest import ERAS, Agent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from syrupy.assertion import SnapshotAssertion

pytestmark = pytest.mark.anyio
CORE = [
    "inspect_environment",
    "search_catalogue",
    "check_environment",
    "show_history",
    "add_packages",
    "add_library",
    "enable_service",
    "edit_environment",
    "patch_file",
    "update_locks",
    "undo",
    "apply_environment",
    "manage_processes",
    "read_processes",
    "run_command",
    "diagnose",
    "job",
    "cancel_job",
]
READING = {*CORE[:4], "read_processes", "job", "diagnose"}
PATCHING = {"partial"}  # patch_file alone offers it
REACHING = {
    *("add_library", "check_environment", "update_locks", "apply_environment", "manage_processes", "run_command"),
}


def objects(schema: Any) -> Iterator[dict[str, Any]]:
    """Yield every object schema within a schema."""
    if isinstance(schema, dict):
        if "properties" in schema:
            yield schema
        for value in schema.values():
            yield from objects(value)
    elif isinstance(schema, list):
        for item in schema:
            yield from objects(item)


async def test_every_tool_is_as_its_golden_file_says(
    new_project: Callable[[str], Path], snapshot: SnapshotAssertion
) -> None:
    listed = [await Agent(new_project(era), era).tools() for era in ERAS]
    assert listed[0] == listed[1]
    for tool in listed[0]:
        told = tool.model_dump(by_alias=True, exclude_none=True, mode="json")
        assert told == snapshot(name=tool.name, extension_class=JSONSnapshotExtension)


async def test_the_tools_come_in_the_order_of_the_work(agent: Agent) -> None:
    assert [tool.name for tool in await agent.tools()] == CORE


async def test_the_list_is_small(agent: Agent) -> None:
    # A token of o200k is 4.4 bytes of this text; tests/conformance counts them.
    tools = [tool.model_dump(by_alias=True, exclude_none=True, mode="json") for tool in await agent.tools()]
    assert len(json.dumps(tools, separators=(",", ":"))) <= 12_800


async def test_no_tool_publishes_an_output_schema_or_a_long_description(agent: Agent) -> None:
    for tool in await agent.tools():
        assert tool.output_schema is None
        assert tool.description is not None
        assert tool.description.startswith("Use ")
        assert len(tool.description) < 600


async def test_every_hint_is_set_on_every_tool(agent: Agent) -> None:
    for tool in await agent.tools():
        hints = tool.annotations
        assert hints is not None
        assert hints.read_only_hint is (tool.name in READING)
        # Every tool that writes can take something away: packages are removed, services disabled.
        assert hints.destructive_hint is (tool.name not in READING)
        assert hints.open_world_hint is (tool.name in REACHING)
        assert hints.idempotent_hint is not None


async def test_schemas_are_closed_without_titles_and_describe_every_field(agent: Agent) -> None:
    for tool in await agent.tools():
        assert tool.input_schema["additionalProperties"] is False
        assert "$ref" not in json.dumps(tool.input_schema)
        for item in objects(tool.input_schema):
            assert item["additionalProperties"] is False
            assert "title" not in item
            for field in item["properties"].values():
                assert "title" not in field
                assert field["description"]


def test_the_flat_edit_takes_every_kind_and_every_field_of_the_library() -> None:
    item = EDIT.arguments.model_json_schema()["$defs"]["EditItem"]["properties"]
    assert item["kind"]["enum"] == [*models()]
    fields = {name for model in models().values() for name in model.model_fields}
    assert item.keys() == fields - PATCHING


def test_the_repeated_vocabularies_are_those_of_the_library() -> None:
    # The kinds of what packages have go by one name for an agent, and by each for a person.
    assert ("all", *get_args(SearchKind)) == SEARCH_KINDS[: SEARCH_KINDS.index("file") + 1]
    assert get_args(Level) == LEVELS


async def test_the_instructions_survive_hosts_that_cut(agent: Agent) -> None:
    assert len(INSTRUCTIONS.encode()) < 1_200
    async with agent.client() as client:
        assert client.instructions == INSTRUCTIONS
        assert client.server_info is not None
        assert client.server_info.name == "devkeel"
