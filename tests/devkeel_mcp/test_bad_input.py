"""What bad input gets: a tool error with code, place, what was seen and what would work; no byte moves.

That no byte, mode or mtime moves is held by `Agent.call`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from .conftest import text_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from syrupy.assertion import SnapshotAssertion

    from .conftest import Agent

    Transcript = Callable[[Sequence[tuple[str, dict[str, Any]]]], Awaitable[list[dict[str, Any]]]]

pytestmark = pytest.mark.anyio
PATCH = {"old": "a", "new": "b"}


async def test_refusals_read_like_this(transcript: Transcript, snapshot: SnapshotAssertion) -> None:
    calls: list[tuple[str, dict[str, Any]]] = [
        ("add_packages", {"nmaes": ["git"]}),
        ("add_packages", {"names": "git"}),
        ("add_packages", {}),
        ("edit_environment", {"edits": [{"kind": "set", "pth": "a"}]}),
        ("edit_environment", {"edits": [{"kind": "set", "path": "env.A"}]}),
        ("edit_environment", {"edits": [{"kind": "enlarge"}]}),
        ("patch_file", {"old": "x"}),
        ("patch_file", {"old": "no such text", "new": ""}),
        ("patch_file", {"old": '"8000";', "new": '"8000'}),
        ("patch_file", {"file": "../elsewhere.nix", **PATCH}),
        ("add_packages", {"names": ["rip grep"]}),
        ("edit_environment", {"edits": [{"kind": "set", "path": "a..b", "value": 1}]}),
        ("add_packages", {"names": ["jq"], "expected_revision": "0" * 16}),
        ("undo", {}),
        ("show_history", {"operation": 99}),
    ]
    assert await transcript(calls) == snapshot


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("inspect_environment", {"verbose": True}),
        ("check_environment", {"level": "deep"}),
        ("add_packages", {"names": []}),
        ("add_packages", {"names": [1]}),
        ("add_packages", {"names": ["git"], "dry_run": "yes"}),
        ("add_packages", {"names": ["git"], "expected_revision": 7}),
        ("enable_service", {"name": None}),
        ("enable_service", {"name": "redis", "settings": [1]}),
        ("edit_environment", {"edits": []}),
        ("edit_environment", {"edits": ["set"]}),
        ("edit_environment", {"edits": [{"path": "a"}]}),
        ("patch_file", {}),
        ("patch_file", {"old": "a", "new": "b", "occurrences": "1"}),
        ("patch_file", {"old": "a"}),
        ("show_history", {"limit": 20}),
        ("undo", {"operation": "1"}),
    ],
)
async def test_arguments_of_the_wrong_name_or_kind(agent: Agent, tool: str, arguments: dict[str, Any]) -> None:
    error = await agent.error(tool, **arguments)
    assert (error["kind"], error["code"]) == ("usage", "bad_argument")
    assert error["details"]["tool"] == tool


async def test_a_misspelt_argument_gets_the_nearest_name_first(agent: Agent) -> None:
    error = await agent.error("add_packages", nmaes=["git"])
    assert error["details"]["argument"] == "nmaes"
    assert error["alternatives"][0] == "names"


async def test_a_misspelt_field_of_an_edit_gets_the_fields_of_edits(agent: Agent) -> None:
    error = await agent.error("edit_environment", edits=[{"kind": "unset", "pth": "env.A"}])
    assert error["details"]["argument"] == "edits.0.pth"
    assert error["alternatives"][0] == "path"


@pytest.mark.parametrize(
    "edit",
    [
        {"kind": "set", "path": "env.A"},
        {"kind": "set", "path": "env.A", "value": 1, "expression": "2"},
        {"kind": "unset", "path": "env.A", "value": 1},
        {"kind": "add_packages", "path": "packages"},
        {"kind": "disable", "name": "redis", "settings": {}},
    ],
)
async def test_a_field_that_is_not_of_the_kind(agent: Agent, edit: dict[str, Any]) -> None:
    error = await agent.error("edit_environment", edits=[edit])
    assert (error["kind"], error["code"]) == ("usage", "bad_edit")


@pytest.mark.parametrize(
    "path", ["", ".", "a..b", "a b", "a;b", "${x}", "a.${x}", 'a"', "a\nb", "1a", "-a", "a = 1; b"]
)
async def test_a_bad_option_path(agent: Agent, path: str) -> None:
    error = await agent.error("edit_environment", edits=[{"kind": "set", "path": path, "value": 1}])
    assert error["kind"] == "usage"


@pytest.mark.parametrize(
    "name",
    ["", "rip grep", "-rf", "a;b", "git ]; enterShell = ''x''; y = [", "a\0b", "a\nb", "${x}"],
)
async def test_a_name_that_is_no_attribute_path(agent: Agent, name: str) -> None:
    error = await agent.error("add_packages", names=[name])
    assert error["kind"] == "usage"


async def test_a_name_that_tries_to_end_its_string_is_quoted_whole_or_refused(agent: Agent) -> None:
    """A quoted attribute may hold nearly any text; whatever the answer is, nothing else is defined by it."""
    before = (await agent.data("inspect_environment"))["definitions"]
    await agent.call("add_packages", names=['"; enterShell = "', "a''${b}"], level="syntax")
    after = (await agent.data("inspect_environment"))["definitions"]
    assert [item["path"] for item in after] == [item["path"] for item in before]


async def test_a_value_that_cannot_be_nix_is_refused_or_stays_a_string(agent: Agent) -> None:
    error = await agent.error("edit_environment", edits=[{"kind": "set", "path": "env.A", "value": "a\0b"}])
    assert error["kind"] in {"usage", "refused"}
    value = '"; enterShell = "${builtins.readFile /etc/passwd}'
    await agent.data("edit_environment", edits=[{"kind": "set", "path": "env.A", "value": value}], level="syntax")
    assert "\\${" in agent.read()


async def test_a_missing_file(agent: Agent) -> None:
    (agent.root / "devenv.nix").unlink()
    error = await agent.error("add_packages", names=["git"])
    assert error["kind"] == "project"
    assert "devenv.nix" in error["message"]


async def test_a_root_that_has_gone(agent: Agent) -> None:
    (agent.root / "devenv.nix").unlink()
    agent.root.rmdir()
    error = await agent.error("add_packages", names=["git"])
    assert error["kind"] == "project"
    assert not agent.root.exists()


async def test_a_file_that_is_not_utf_8(agent: Agent) -> None:
    (agent.root / "devenv.nix").write_bytes(b'{ a = "\xff"; }\n')
    error = await agent.error("add_packages", names=["git"])
    assert error["kind"] == "project"
    assert error["place"]["file"] == "devenv.nix"


@pytest.mark.parametrize(
    "name",
    ["../project2/devenv.nix", "/etc/passwd", "a/../../x.nix", "../../x.nix", "link.nix", "out/devenv.nix"],
)
async def test_a_path_outside_the_root(agent: Agent, name: str) -> None:
    sibling = agent.root.with_name("project2")
    sibling.mkdir()
    (sibling / "devenv.nix").write_text("{ a = 1; }\n")
    (agent.root / "link.nix").symlink_to(sibling / "devenv.nix")
    (agent.root / "out").symlink_to(sibling, target_is_directory=True)
    error = await agent.error("patch_file", file=name, **PATCH)
    assert (error["kind"], error["code"]) == ("project", "outside_root")
    assert (sibling / "devenv.nix").read_text() == "{ a = 1; }\n"


@pytest.mark.parametrize("name", [".devkeel/history.db", ".git/config", ".devenv/x.nix", ".direnv/x.nix"])
async def test_the_insides_of_a_tool_are_not_edited(agent: Agent, name: str) -> None:
    error = await agent.error("patch_file", file=name, **PATCH)
    assert (error["kind"], error["code"]) == ("project", "private_directory")


async def test_a_file_that_is_no_environment_file(agent: Agent) -> None:
    (agent.root / "app.py").write_text("a\n")
    error = await agent.error("patch_file", file="app.py", **PATCH)
    assert error["kind"] in {"project", "refused", "usage"}


async def test_an_old_revision_is_a_conflict(agent: Agent) -> None:
    seen = await agent.data("inspect_environment")
    (agent.root / "devenv.nix").write_text(agent.read() + "# mine\n")
    error = await agent.error("add_packages", names=["ripgrep"], expected_revision=seen["revision"])
    assert error["kind"] == "conflict"


async def test_undo_does_not_overwrite_what_somebody_else_wrote(agent: Agent) -> None:
    await agent.data("add_packages", names=["ripgrep"], level="syntax")
    (agent.root / "devenv.nix").write_text(agent.read().replace("pkgs.ripgrep", "pkgs.ripgrep pkgs.mine"))
    error = await agent.error("undo")
    assert error["kind"] == "conflict"


async def test_a_level_that_cannot_run_here_is_unavailable(agent: Agent) -> None:
    error = await agent.error("check_environment", level="build")
    assert (error["kind"], error["code"]) == ("unavailable", "check_unavailable")


async def test_huge_and_deep_arguments(agent: Agent) -> None:
    deep: Any = 1
    for _ in range(150):
        deep = [deep]
    error = await agent.error("edit_environment", edits=[{"kind": "set", "path": "env.A", "value": deep, "x": 1}])
    assert error["code"] == "bad_argument"
    result = await agent.call("add_packages", names=["git " * 500_000])
    assert result.is_error
    assert len(text_of(result)) < 30_000
    error = result.structured_content["error"]
    assert text_of(result).splitlines()[-1] == f"next: {error['remedy']}"


async def test_the_error_does_not_repeat_control_characters(agent: Agent) -> None:
    result = await agent.call("add_packages", names=["\x1b[31mgit\u202e\x07"])
    assert result.is_error
    told = text_of(result) + str(result.structured_content)
    assert not {"\x1b", "\u202e", "\x07"} & set(told)
