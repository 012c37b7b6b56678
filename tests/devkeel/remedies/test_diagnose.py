"""Diagnosing: causes of a text, in a project."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from devkeel.api import Environment
from devkeel.diagnosis.reading import read
from devkeel.remedies.fix import Fix
from devkeel.remedies.proposing import registry

if TYPE_CHECKING:
    from pathlib import Path


def test_a_cause_that_nothing_mends_is_named_without_a_fix(tmp_path: Path) -> None:
    (tmp_path / "devenv.nix").write_text("{ pkgs, ... }: { packages = [ pkgs.git ]; }\n")
    environment = Environment(tmp_path, actor="test")
    found = environment.diagnose("a.c:1:10: fatal error: no/such/header/anywhere.h: No such file or directory\n")
    (cause,) = found.causes
    assert (cause.kind, cause.subject, cause.fixes) == ("header", "no/such/header/anywhere.h", ())
    assert found.next is None
    assert environment.diagnose("all is well\n").causes == ()


DECLARED = "{ pkgs, ... }: { packages = [ pkgs.git ]; }\n"


def _proposing(monkeypatch: pytest.MonkeyPatch, *fixes: Fix) -> None:
    """Let fixes of a test's own be proposed of each cause, of which the second module fails by accident."""
    first, broken, last = (ModuleType(name) for name in ("first", "broken", "last"))
    first.__dict__["propose"] = lambda *_: iter(fixes[:1])
    broken.__dict__["propose"] = lambda *_: {}["gone"]
    last.__dict__["propose"] = lambda *_: iter(fixes[1:])
    for module in (first, broken, last):
        monkeypatch.setitem(sys.modules, f"devkeel.remedies.proposing.{module.__name__}", module)
    rows = tuple(registry.ProposerRow(name, ("header",)) for name in ("first", "broken", "last"))
    monkeypatch.setattr(registry, "ROWS", rows)


def test_a_proposal_that_fails_by_accident_costs_itself_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "devenv.nix").write_text(DECLARED)
    fixes = [Fix("", ({"kind": "add_packages", "names": [name]},)) for name in ("zlib", "jq")]
    _proposing(monkeypatch, fixes[0], Fix("", ({"kind": 5},)), fixes[1])
    found = Environment(tmp_path, actor="test").diagnose("a.c:1:1: fatal error: a.h: No such file or directory\n")
    (cause,) = found.causes
    assert [fix.edits for fix in cause.fixes] == [fix.edits for fix in fixes]
    assert cause.advice is not None
    assert "KeyError" in cause.advice


@pytest.mark.parametrize(
    ("file", "content", "text"),
    [
        ("pyproject.toml", "project = 5\n", "ModuleNotFoundError: No module named 'cv2'\n"),
        ("pyproject.toml", "tool = [1]\n", "ModuleNotFoundError: No module named 'cv2'\n"),
        ("Cargo.toml", "dependencies = 5\n", "error[E0463]: can't find crate for `serde`\n"),
        ("Cargo.toml", 'package = "x"\n', "error[E0463]: can't find crate for `serde`\n"),
        ("package.json", '{"dependencies": 5}', "Error: Cannot find module 'express'\n"),
        ("package.json", "[1]", "Error: Cannot find module 'express'\n"),
    ],
)
def test_a_manifest_of_another_shape_ends_no_diagnosis(tmp_path: Path, file: str, content: str, text: str) -> None:
    (tmp_path / "devenv.nix").write_text(DECLARED)
    (tmp_path / file).write_text(content)
    assert Environment(tmp_path, actor="test").diagnose(text).causes


def test_what_contradicts_what_goes_before_is_no_part_of_all_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "devenv.nix").write_text(DECLARED)
    text = "".join(f"a.c:1:1: fatal error: {name}: No such file or directory\n" for name in ("a.h", "b.h", "c.h"))
    enabling = {"kind": "enable", "name": "services.redis"}
    edits = iter([enabling, {**enabling, "settings": {"port": 12345}}, {"kind": "add_packages", "names": ["jq"]}])
    module = ModuleType("several")
    module.__dict__["propose"] = lambda *_: iter([Fix("", (next(edits),))])
    monkeypatch.setitem(sys.modules, "devkeel.remedies.proposing.several", module)
    monkeypatch.setattr(registry, "ROWS", (registry.ProposerRow("several", ("header",)),))
    together = Environment(tmp_path, actor="test").diagnose(text).together
    assert together is not None
    assert [edit["kind"] for edit in together.edits] == ["enable", "add_packages"]


def test_a_fix_that_is_no_edit_was_not_tried(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"dependencies": {"prisma": "6"}}')
    text = 'Error: @prisma/client did not initialize yet. Please run "prisma generate" and try again.\n'
    found = Environment(tmp_path, actor="test").diagnose(text)
    (fix,) = found.causes[0].fixes
    assert (fix.command is not None, fix.level) == (True, None)
    edited = Environment(tmp_path, actor="test").diagnose("Error: Cannot find module 'express'\n")
    assert edited.causes[0].fixes[0].level is not None
    assert found.answer != edited.answer


def test_how_many_causes_there_are_is_not_how_many_are_shown() -> None:
    lines = [f"bash: line 1: program-{number}: command not found\n" for number in range(40)]
    found = read("".join(lines))
    assert (len(found.causes) < 40, found.found) == (True, 40)
