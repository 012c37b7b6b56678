"""What follows the remedies of all tests finds a dead end where there is one."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from devkeel.text.actions import Said, again, argument, do
from devkeel_words.vocabulary import ACTIONS

if TYPE_CHECKING:
    from pathlib import Path

REMEDIES = sys.modules["tests_beside_remedies"]


@pytest.mark.parametrize(
    ("action", "given", "code", "file", "dead"),
    [
        ("patch", {}, "opaque_value", "environment.yml", False),
        ("patch", {}, "opaque_value", "uv.lock", True),
        ("patch", {}, "opaque_value", "readme.md", True),
        ("set", {"create": True}, "missing_file", "part.nix", False),
        ("set", {}, "not_found", "environment.yml", True),
        ("undo", {"operation": 99}, "undo_conflict", None, True),
        ("history", {"operation": 99}, "unknown_operation", None, True),
        ("remove", {"names": ["git"]}, "undo_conflict", None, False),
        ("inspect", {}, "bad_argument", None, False),
        ("library", {"create": True}, "no_manifest", None, False),
        ("apply", {}, "not_applied", None, False),
    ],
)
def test_a_call_is_made_in_the_project(
    tmp_path: Path, action: str, given: dict[str, Any], code: str, file: str | None, dead: bool
) -> None:
    root = tmp_path / "project"
    root.mkdir()
    (root / "devenv.nix").write_text("{ pkgs, ... }:\n{\n  packages = [ pkgs.git ];\n}\n")
    for name in ("environment.yml", "uv.lock", "readme.md"):
        (root / name).write_text("dependencies: [numpy]\n")
    heard = REMEDIES.Heard(Said("do", action, given), root, code, file)
    for follow in (REMEDIES.refused_to_agent, REMEDIES.refused):
        found = follow(heard)
        assert (found is not None) == dead, found
    assert "numpy" in (root / "environment.yml").read_text()


def test_the_calls_of_a_sentence_are_heard() -> None:
    text = f"{do('apply')} or {again(dry_run=False)}, {argument('redo')}, then {do('undo', operation=3)}."
    assert [said.name for said in REMEDIES.markers(text)] == ["apply", "", "undo"]
    assert REMEDIES.markers(None) == []


def test_what_is_not_tried_is_an_action_with_a_reason() -> None:
    assert REMEDIES.UNTRIED.keys() < ACTIONS.keys()
    assert {action for _, action in REMEDIES.EXCEPTIONS} <= ACTIONS.keys()
