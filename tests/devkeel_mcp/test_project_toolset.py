"""The toolset project: what it publishes, what it costs, and its tools on a project."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from mcp.client import Client

from devkeel_mcp import Offer, build_server

if TYPE_CHECKING:
    from mcp_types import Tool

    from .conftest import Agent

pytestmark = pytest.mark.anyio
MOST = 6_000  # bytes of `tools/list`, for all tools of the toolset


async def tools(agent: Agent) -> list[Tool]:
    async with Client(build_server(agent.root, Offer.of(["project"])), mode=agent.era) as client:
        return (await client.list_tools()).tools


async def test_the_project_toolset_is_off_unless_it_is_asked_for(agent: Agent) -> None:
    core = {tool.name for tool in await agent.tools()}
    assert core.isdisjoint(tool.name for tool in await tools(agent))


async def test_the_project_toolset_is_small_and_says_when_to_use_each(agent: Agent) -> None:
    listed = await tools(agent)
    told = [tool.model_dump(by_alias=True, exclude_none=True, mode="json") for tool in listed]
    assert len(json.dumps(told, separators=(",", ":"))) <= MOST
    for tool in listed:
        assert tool.description is not None
        assert tool.description.startswith("Use ")
        assert tool.output_schema is None
        assert tool.annotations is not None
        assert tool.input_schema["additionalProperties"] is False
        assert all(field["description"] for field in tool.input_schema["properties"].values())


async def test_files_are_generated_and_kinds_listed(agent: Agent) -> None:
    async with Client(build_server(agent.root, Offer.of(["project"])), mode=agent.era) as client:
        listed = (await client.call_tool("generate_files", {})).structured_content
        assert "envrc" in [item["name"] for item in listed["generators"]]
        given = {"kind": "envrc", "parameters": {"environment": "dev"}}
        tried = (await client.call_tool("generate_files", given | {"dry_run": True})).structured_content
        assert (tried["published"], "env print dev" in tried["diff"]) == (False, True)
        assert (await client.call_tool("generate_files", given)).structured_content["published"]
        assert not (await client.call_tool("generate_files", {"kind": "envrc"})).structured_content["changed"]
        wrong = await client.call_tool("generate_files", {"kind": "nothing"})
        assert wrong.is_error


async def test_a_template_is_found_tried_and_used(agent: Agent) -> None:
    async with Client(build_server(agent.root, Offer.of(["project"])), mode=agent.era) as client:
        listed = (await client.call_tool("list_templates", {})).structured_content
        assert "go" in [item["name"] for item in listed["templates"]]
        found = (await client.call_tool("list_templates", {"template": "go"})).structured_content
        assert found["parameters"]["required"] == ["module"]
        sound = (await client.call_tool("list_templates", {"template": "go", "check": True})).structured_content
        assert sound["ok"]
        given = {"template": "go", "parameters": {"module": "example.org/shop"}}
        tried = (await client.call_tool("use_template", given | {"dry_run": True})).structured_content
        assert (tried["published"], "languages.go.enable" in tried["diff"]) == (False, True)
        assert (await client.call_tool("use_template", given)).structured_content["published"]
        assert not (await client.call_tool("use_template", given)).structured_content["changed"]
        for wrong in ({"template": "go"}, {"template": "/etc"}, {"template": "goo"}):
            assert (await client.call_tool("use_template", wrong)).is_error


async def test_what_files_say_is_proposed_and_taken_by_edit_environment_as_it_is(agent: Agent) -> None:
    for name in ("devenv.nix", "devenv.yaml"):
        (agent.root / name).unlink(missing_ok=True)
    (agent.root / "go.mod").write_text("module a\n")
    (agent.root / ".go-version").write_text("1.23.4\n")
    async with Client(build_server(agent.root, Offer.of(["core", "project"])), mode=agent.era) as client:
        answer = await client.call_tool("detect_environment", {})
        found = answer.structured_content
        assert found["versions"] == {"go": "1.23.4"}
        assert ".go-version:1" in answer.content[0].text
        assert not (agent.root / "devenv.nix").exists()
        edits = [item["edit"] for item in found["edits"]]
        made = await client.call_tool("edit_environment", {"edits": edits, "create": True, "level": "schema"})
        assert made.structured_content["published"]
    assert 'languages.go.version = "1.23.4";' in (agent.root / "devenv.nix").read_text()


async def test_what_is_unused_and_missing_is_said_by_the_same_tool(agent: Agent) -> None:
    (agent.root / "devenv.nix").write_text("{ pkgs, ... }: { packages = [ pkgs.hugo ]; }\n")
    (agent.root / "run.sh").write_text("shellcheck x\n")
    async with Client(build_server(agent.root, Offer.of(["core", "project"])), mode=agent.era) as client:
        answer = await client.call_tool("detect_environment", {"unused": True})
    found = answer.structured_content
    assert [item["name"] for item in (*found["unused"], *found["missing"])] == ["hugo", "shellcheck"]
    assert "run.sh:1" in answer.content[0].text
