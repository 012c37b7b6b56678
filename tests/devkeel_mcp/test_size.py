"""Answers stay within what hosts pass on, say what was cut, and keep what comes next."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from mcp_types import TextResourceContents

from devkeel_mcp.answers.text import MAX_BYTES

from .conftest import text_of

if TYPE_CHECKING:
    from mcp.client import Client

    from .conftest import Agent

pytestmark = pytest.mark.anyio
COUNT = 1_000


@pytest.fixture
def large(agent: Agent) -> Agent:
    lines = [f'  env.VARIABLE_{number} = "{number}";' for number in range(COUNT)]
    (agent.root / "devenv.nix").write_text("\n".join(["{ pkgs, ... }:", "{", *lines, "}", ""]))
    return agent


async def test_a_large_inspection_is_cut_in_both_forms(large: Agent) -> None:
    result = await large.call("inspect_environment")
    data = result.structured_content
    assert len(json.dumps(data)) < MAX_BYTES + 1_000
    assert data["definitions"][0]["path"] == "env.VARIABLE_0"
    assert data["cut"][0].endswith(f"of {COUNT}")
    assert len(text_of(result)) <= MAX_BYTES
    assert text_of(result).splitlines()[-1] == f"Next: {data['next']}"


async def test_what_was_cut_is_whole_at_the_address_that_is_named(large: Agent) -> None:
    edit = {"kind": "replace_text", "old": "VARIABLE_", "new": "V_", "occurrences": COUNT}
    cut = [
        await large.data("inspect_environment"),
        await large.data("edit_environment", edits=[edit], level="syntax"),
        await large.data("show_history", operation=1),
    ]
    async with large.client() as client:
        whole = [await read(client, re.findall(r"devkeel://\S+\w", data["cut"][-1])[0]) for data in cut]
    assert len(whole[0]["definitions"]) == COUNT
    assert whole[1]["diff"].count("\n+") == COUNT + 1
    assert whole[1] == whole[2]


async def read(client: Client, uri: str) -> Any:
    content = (await client.read_resource(uri)).contents[0]
    assert isinstance(content, TextResourceContents)
    return json.loads(content.text)


async def test_a_prefix_finds_what_was_cut(large: Agent) -> None:
    data = await large.data("inspect_environment", prefix="env.VARIABLE_999")
    assert [item["value"] for item in data["definitions"]] == ["999"]
    assert "cut" not in data


async def test_a_large_diff_is_cut_and_the_revision_stays(large: Agent) -> None:
    edit = {"kind": "replace_text", "old": "VARIABLE_", "new": "V_", "occurrences": COUNT}
    result = await large.call("edit_environment", edits=[edit], level="syntax")
    assert not result.is_error
    data = result.structured_content
    assert len(json.dumps(data)) < MAX_BYTES + 1_000
    assert data["cut"]
    assert len(text_of(result)) <= MAX_BYTES
    assert data["revision"] in text_of(result)


async def test_a_history_of_large_edits_is_cut(large: Agent) -> None:
    for old, new in (("VARIABLE_", "V_"), ("V_", "W_")):
        text = large.read()
        edit = {"kind": "replace_text", "old": text, "new": text.replace(old, new)}
        await large.data("edit_environment", edits=[edit], level="syntax")
    result = await large.call("show_history")
    assert [item["id"] for item in result.structured_content["operations"]] == [2, 1]
    assert len(json.dumps(result.structured_content)) < MAX_BYTES + 1_000
    result = await large.call("show_history", operation=1)
    assert len(json.dumps(result.structured_content)) < MAX_BYTES + 1_000
    assert len(text_of(result)) <= MAX_BYTES
