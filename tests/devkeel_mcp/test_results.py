"""What each tool answers when all is well, in both eras: the text and the data, snapshotted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from syrupy.assertion import SnapshotAssertion

    from .conftest import Agent

    Transcript = Callable[[Sequence[tuple[str, dict[str, Any]]]], Awaitable[list[dict[str, Any]]]]

pytestmark = pytest.mark.anyio
SYNTAX = {"level": "syntax"}


async def test_inspecting(transcript: Transcript, snapshot: SnapshotAssertion) -> None:
    calls = [("inspect_environment", {}), ("inspect_environment", {"prefix": "services"})]
    assert await transcript(calls) == snapshot


async def test_searching(transcript: Transcript, snapshot: SnapshotAssertion) -> None:
    calls = [
        ("search_catalogue", {"query": "redis"}),
        ("search_catalogue", {"query": "rg", "kind": "package"}),
        ("search_catalogue", {"query": "reddis", "kind": "service"}),
        ("search_catalogue", {"query": "services.postgres.enable"}),
        ("search_catalogue", {"query": "process.manager.implementation"}),
        ("search_catalogue", {"query": "nosuchthingatall"}),
        ("search_catalogue", {"query": "pg_config"}),
        ("search_catalogue", {"query": "openssl/ssl.h"}),
        ("search_catalogue", {"query": "libGL.so.1"}),
        ("search_catalogue", {"query": "libavcodec", "kind": "file"}),
    ]
    assert await transcript(calls) == snapshot


async def test_checking(transcript: Transcript, snapshot: SnapshotAssertion) -> None:
    assert await transcript([("check_environment", SYNTAX)]) == snapshot


async def test_adding_and_removing_packages(transcript: Transcript, snapshot: SnapshotAssertion) -> None:
    calls = [
        ("add_packages", {"names": ["ripgrep"], "reason": "search", **SYNTAX}),
        ("add_packages", {"names": ["ripgrep"], **SYNTAX}),
        ("add_packages", {"names": ["jq"], "remove": True, "dry_run": True, **SYNTAX}),
        ("add_packages", {"names": ["git"], "remove": True, **SYNTAX}),
    ]
    assert await transcript(calls) == snapshot


async def test_enabling_and_disabling_a_service(transcript: Transcript, snapshot: SnapshotAssertion) -> None:
    calls = [
        ("enable_service", {"name": "redis", "settings": {"port": 6380}, **SYNTAX}),
        ("enable_service", {"name": "services.postgres", "disable": True, **SYNTAX}),
    ]
    assert await transcript(calls) == snapshot


async def test_editing(transcript: Transcript, snapshot: SnapshotAssertion) -> None:
    edits = [
        {"kind": "set", "path": "env.APP_PORT", "value": "9000"},
        {"kind": "set", "path": "languages.python.version", "value": "3.10"},
        {"kind": "add_packages", "names": ["curl"]},
        {"kind": "unset", "path": "services.postgres"},
        {"kind": "set", "path": "enterShell", "value": "echo hello"},
    ]
    assert await transcript([("edit_environment", {"edits": edits, **SYNTAX})]) == snapshot


async def test_patching(transcript: Transcript, snapshot: SnapshotAssertion) -> None:
    several = [
        {"kind": "replace_text", "old": "# Where", "new": "# The port where"},
        {"kind": "replace_text", "old": "pkgs", "new": "pkgs", "occurrences": 3},
    ]
    calls = [
        ("patch_file", {"old": '"8000"', "new": '"8001"', **SYNTAX}),
        ("edit_environment", {"edits": several, **SYNTAX}),
    ]
    assert await transcript(calls) == snapshot


async def test_undo_and_history(transcript: Transcript, snapshot: SnapshotAssertion) -> None:
    calls = [
        ("show_history", {}),
        ("add_packages", {"names": ["ripgrep"], "reason": "search", **SYNTAX}),
        ("undo", {"dry_run": True}),
        ("undo", {"reason": "not needed"}),
        ("undo", {"redo": True}),
        ("show_history", {}),
        ("show_history", {"before": 3}),
        ("show_history", {"operation": 1}),
    ]
    assert await transcript(calls) == snapshot


async def test_creating_where_there_is_nothing(agent: Agent) -> None:
    (agent.root / "devenv.nix").unlink()
    edits = [{"kind": "add_packages", "names": ["git"]}]
    data = await agent.data("edit_environment", edits=edits, create=True, level="syntax")
    assert data["published"]
    assert "devenv.nix" in data["files"]
    assert "git" in agent.read()


async def test_undo_restores_the_bytes(agent: Agent) -> None:
    before = agent.read()
    await agent.data("enable_service", name="redis", level="syntax")
    assert agent.read() != before
    await agent.data("undo")
    assert agent.read() == before


async def test_a_revision_from_one_result_is_what_the_next_call_builds_on(agent: Agent) -> None:
    seen = await agent.data("inspect_environment")
    first = await agent.data("add_packages", names=["ripgrep"], expected_revision=seen["revision"], level="syntax")
    assert first["revision_before"] == seen["revision"]
    again = await agent.data("inspect_environment")
    assert again["revision"] == first["revision"]


async def test_the_operation_says_who_did_it_and_why(agent: Agent) -> None:
    await agent.data("add_packages", names=["ripgrep"], reason="search", level="syntax")
    page = await agent.data("show_history")
    assert [(item["actor"], item["reason"]) for item in page["operations"]] == [("test-agent 7", "search")]


async def test_strings_in_items_stay_strings(agent: Agent) -> None:
    for value in ("[1]", "null", "3.10", "true", '{"a": 1}'):
        edit = {"kind": "set", "path": "env.VALUE", "value": value}
        await agent.data("edit_environment", edits=[edit], level="syntax")
        escaped = value.replace('"', '\\"')
        assert f'env.VALUE = "{escaped}";' in agent.read()


async def test_a_list_may_come_as_json_text_as_some_hosts_send_it(agent: Agent) -> None:
    data = await agent.data("add_packages", names='["ripgrep"]', level="syntax")
    assert data["changed"]


async def test_nulls_for_fields_left_out_count_as_left_out(agent: Agent) -> None:
    edit = {"kind": "set", "path": "env.NULL", "value": None, "expression": None, "names": None}
    await agent.data("edit_environment", edits=[edit], level=None, reason=None)
    assert "env.NULL = null;" in agent.read()
