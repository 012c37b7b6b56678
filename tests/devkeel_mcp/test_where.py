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


async def test_a_value_that_another_file_contradicts_is_refused_with_the_ways_out(agent: Agent) -> None:
    (agent.root / "devenv.nix").write_text('{ ... }:\n{\n  env.API = "a";\n}\n')
    (agent.root / "devenv.local.nix").write_text("{ ... }:\n{\n}\n")
    edit = {"kind": "set", "path": "env.API", "value": "b", "file": "devenv.local.nix"}
    error = await agent.error("edit_environment", edits=[edit], **SCHEMA)
    assert error["code"] == "conflicting_definitions"
    ways = error["diagnostics"][0]["suggestions"]
    assert ways
    for way in ways:
        assert (await agent.data("edit_environment", edits=[way], dry_run=True, **SCHEMA))["changed"]


async def test_every_way_out_of_a_conflict_with_a_value_that_stood_twice_is_taken(agent: Agent) -> None:
    (agent.root / "devenv.nix").write_text('{ ... }:\n{\n  imports = [ ./a.nix ];\n  env.A = "1";\n}\n')
    (agent.root / "a.nix").write_text('{ ... }:\n{\n  env.A = "1";\n}\n')
    edit = {"kind": "set", "path": "env.A", "value": "2", "file": "devenv.nix"}
    error = await agent.error("edit_environment", edits=[edit], **SCHEMA)
    assert error["code"] == "conflicting_definitions"
    ways = error["diagnostics"][0]["suggestions"]
    assert ways
    for way in ways:
        assert (await agent.data("edit_environment", edits=[way], dry_run=True, **SCHEMA))["changed"]
