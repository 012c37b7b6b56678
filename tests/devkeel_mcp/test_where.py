"""Where a thing is, as an agent meets it: edited there, refused where it clashes, and what was read as data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .conftest import text_of

if TYPE_CHECKING:
    from .conftest import Agent

pytestmark = pytest.mark.anyio
SCHEMA = {"level": "schema"}


async def test_a_service_of_an_imported_file_is_disabled_there_and_then_off(agent: Agent) -> None:
    (agent.root / "db.nix").write_text("{\n  services.postgres.enable = true;\n}\n")
    (agent.root / "devenv.nix").write_text("{ ... }:\n{\n  imports = [ ./db.nix ];\n}\n")
    done = await agent.data("enable_service", name="postgres", disable=True, **SCHEMA)
    assert done["files"] == ["db.nix"]
    again = await agent.call("enable_service", name="postgres", disable=True, **SCHEMA)
    assert {"devenv.nix", "db.nix"} <= {*again.structured_content["looked_at"]["files"]}
    assert again.structured_content["looked_at"]["unread"] == []
    assert "Looked at: devenv.nix" in text_of(again)


async def test_what_was_not_read_is_in_the_answer(agent: Agent) -> None:
    (agent.root / "devenv.nix").write_text("{ inputs, ... }:\n{\n  imports = [ inputs.x.y ];\n}\n")
    told = await agent.call("add_packages", names=["jq"], remove=True, **SCHEMA)
    assert told.structured_content["looked_at"]["unread"] == ["the import inputs.x.y (devenv.nix:3)"]
    assert "inputs.x.y (devenv.nix:3)" in text_of(told)


@pytest.mark.parametrize(
    ("files", "edit"),
    [
        (
            {"devenv.nix": 'env.API = "a";', "devenv.local.nix": ""},
            {"path": "env.API", "value": "b", "file": "devenv.local.nix"},
        ),
        (
            {"devenv.nix": 'imports = [ ./a.nix ]; env.A = "1";', "a.nix": 'env.A = "1";'},
            {"path": "env.A", "value": "2", "file": "devenv.nix"},
        ),
    ],
    ids=["stood once", "stood twice"],
)
async def test_every_way_out_of_a_conflict_with_another_file_is_taken(
    agent: Agent, files: dict[str, str], edit: dict[str, str]
) -> None:
    for name, text in files.items():
        (agent.root / name).write_text(f"{{ ... }}:\n{{\n  {text}\n}}\n")
    error = await agent.error("edit_environment", edits=[{"kind": "set"} | edit], **SCHEMA)
    assert error["code"] == "conflicting_definitions"
    ways = error["diagnostics"][0]["suggestions"]
    assert ways
    for way in ways:
        assert (await agent.data("edit_environment", edits=[way], dry_run=True, **SCHEMA))["changed"]
