"""An agent over stdio locks what is declared, moves one input and takes that back, in few tokens."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters
from tests.devkeel.locks.conftest import INPUTS, MODULE, Place, Repository

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = [pytest.mark.anyio, pytest.mark.nix]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    found = Place(tmp_path.resolve() / "top")
    nixpkgs, devenv = (found.repository(name, INPUTS / name) for name in ("nixpkgs", "devenv"))
    found.write("devenv.nix", MODULE)
    urls = f"  nixpkgs:\n    url: {nixpkgs.url}\n  devenv:\n    url: {devenv.url}?dir=src/modules\n"
    found.write("devenv.yaml", f"inputs:\n{urls}")
    return found


@pytest.fixture
async def client(place: Place) -> AsyncIterator[Client]:
    arguments = ["-m", "devkeel_cli", "--root", str(place.root), "serve"]
    async with Client(StdioServerParameters(command=sys.executable, args=arguments)) as found:
        yield found


async def call(client: Client, tool: str, **arguments: Any) -> tuple[dict[str, Any], str]:
    result = await client.call_tool(tool, arguments)
    text = "".join(getattr(item, "text", "") for item in result.content)
    assert not result.is_error, text
    assert result.structured_content is not None
    assert max(len(text), len(json.dumps(result.structured_content))) < 2_400  # bytes: 600 tokens
    return result.structured_content, text


async def test_locks_are_made_moved_by_name_and_taken_back(client: Client, place: Place) -> None:
    found, text = await call(client, "update_locks", action="check")
    assert [item["state"] for item in found["locks"]] == ["missing"]
    assert "update_locks" in text
    made, text = await call(client, "update_locks")
    assert [item["name"] for item in made["locks"][0]["moves"]] == ["devenv", "nixpkgs"]
    assert "narHash" not in text
    old = made["locks"][0]["moves"][1]["to"]
    new = Repository(place.top / "inputs" / "nixpkgs").commit("more", "more")
    moved, text = await call(client, "update_locks", action="renew", names=["nixpkgs"])
    (move,) = moved["locks"][0]["moves"]
    assert (move["name"], move["from"], move["to"]) == ("nixpkgs", old, new)
    assert move["date"] in text
    assert moved["diff"] == ""
    shown, text = await call(client, "show_history", operation=moved["operation"])
    assert shown["locks"] == moved["locks"]
    assert f"nixpkgs {old} ({move['since']}) -> {new} ({move['date']})" in text
    await call(client, "undo")
    assert old in place.read("devenv.lock").decode()


async def test_a_dry_run_of_a_renewal_writes_nothing(client: Client, place: Place) -> None:
    found, _ = await call(client, "update_locks", dry_run=True)
    assert found["dry_run"]
    assert found["locks"][0]["total"] == 2
    assert not (place.root / "devenv.lock").exists()


async def test_an_input_comes_locked_with_its_use(client: Client, place: Place) -> None:
    await call(client, "update_locks")
    extra = place.repository("extra")
    extra.commit("flake.nix", "{ outputs = _: { word = 1; }; }")
    place.write("devenv.nix", "{ inputs, ... }:\n{\n}\n")
    edits = [
        {"kind": "set_input", "name": "extra", "url": extra.url},
        {"kind": "set", "path": "env.WORD", "expression": "toString inputs.extra.word"},
    ]
    found, _ = await call(client, "edit_environment", edits=edits)
    assert sorted(found["files"]) == ["devenv.lock", "devenv.nix", "devenv.yaml"]
    assert found["checks"]["ran"] == ["syntax", "schema", "evaluation"]
    assert "narHash" not in found["diff"]
