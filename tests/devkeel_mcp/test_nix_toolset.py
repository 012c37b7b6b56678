"""The toolset nix: what it publishes, what it costs, and its verbs over stdio."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from mcp.client import Client
from tests.derivations import SYSTEM, derivation, flake_text

from devkeel.nix_cli.enclosure import encloses
from devkeel_mcp import Offer, build_server

from .wire import Wire

if TYPE_CHECKING:
    from mcp_types import Tool

    from .conftest import Agent

TOOLSET = ("--toolsets", "core,nix")
MOST = 6_000  # bytes of `tools/list`, for all tools of the toolset


async def tools(agent: Agent) -> list[Tool]:
    async with Client(build_server(agent.root, Offer.of(["nix"])), mode=agent.era) as client:
        return (await client.list_tools()).tools


@pytest.mark.anyio
async def test_the_toolset_is_off_unless_it_is_asked_for(agent: Agent) -> None:
    core = {tool.name for tool in await agent.tools()}
    assert core.isdisjoint(tool.name for tool in await tools(agent))


@pytest.mark.anyio
async def test_the_toolset_is_small_and_says_when_to_use_each(agent: Agent) -> None:
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


@pytest.mark.nix
@pytest.mark.usefixtures("nix_machine")
def test_a_package_is_built_over_stdio(tmp_path: Path) -> None:
    (tmp_path / "flake.nix").write_text(flake_text({"hello": derivation("echo built > $out")}))
    with Wire(tmp_path, flags=TOOLSET) as wire:
        told = wire.told("build_output", target="#hello")
        named = wire.told("evaluate_nix", target="#packages", expression="builtins.attrNames") if encloses() else None
    assert named is None or named["value"] == [SYSTEM]
    (output,) = told["outputs"]
    assert Path(output["path"]).read_text() == "built\n"
    assert output["closure_bytes"] == output["bytes"] > 0
