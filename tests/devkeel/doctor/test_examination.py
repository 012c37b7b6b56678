"""The examination: what it finds, what it repairs, and that it writes nothing unless asked."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import pytest

from devkeel import source
from devkeel.edits.vocabulary import parse_edits
from devkeel.transaction import lock

if TYPE_CHECKING:
    from devkeel.api import Environment
    from devkeel.doctor.examine import Examination

TEMPORARY = ".devkeel-0123456789abcdef-0.tmp"


def change(environment: Environment) -> None:
    environment.change(parse_edits([{"kind": "add_packages", "names": ["jq"]}]), level="syntax")


def verdicts(found: Examination) -> dict[str, str]:
    return {item.about: item.verdict for item in found.findings}


def everything(environment: Environment) -> dict[str, Any]:
    root = environment.project.root
    return {str(path): path.read_bytes() for path in root.rglob("*") if path.is_file() and path.suffix != ".db-shm"}


def test_a_healthy_project_is_told_so(environment: Environment) -> None:
    assert environment.examine().ok
    assert not environment.project.state.exists()
    change(environment)
    found = environment.examine()
    assert found.ok
    assert set(verdicts(found).values()) <= {"good", "note"}  # what is not installed here is a note
    assert {"devkeel", "python", "sqlite", "system"} <= set(found.machine)


def test_what_the_guard_cannot_read_commands_without_is_said(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "guard" not in verdicts(environment.examine())
    monkeypatch.delitem(sys.modules, "devkeel.source.shell")
    monkeypatch.delattr(source, "shell")
    monkeypatch.setitem(sys.modules, "tree_sitter_bash", None)
    found = environment.examine()
    assert not found.ok
    assert verdicts(found)["guard"] == "problem"


def test_leftovers_of_ours_are_removed_and_foreign_bytes_kept(environment: Environment) -> None:
    change(environment)
    root = environment.project.root
    (root / TEMPORARY).write_bytes((root / "devenv.nix").read_bytes())
    (root / f"{TEMPORARY}.part").write_bytes(b"half")
    foreign = root / TEMPORARY.replace("-0.", "-1.")
    foreign.write_bytes(b"a human's")
    before = everything(environment)
    assert verdicts(environment.examine())["stage"] == "problem"
    assert everything(environment) == before
    found = environment.examine(repair=True)
    assert not found.ok
    assert foreign.read_bytes() == b"a human's"
    assert [path.name for path in root.glob(".devkeel-*")] == [foreign.name]


@pytest.mark.fault(43)
def test_damaged_records_are_moved_aside_and_new_ones_begun(environment: Environment) -> None:
    change(environment)
    environment.close()
    file = environment.project.state / "state.db"
    data = file.read_bytes()
    file.write_bytes(data[:200] + b"\xaa" * (len(data) - 200))
    assert verdicts(environment.examine())["history"] == "problem"
    found = environment.examine(repair=True)
    assert verdicts(found)["history"] == "repaired"
    assert len(data) in {path.stat().st_size for path in environment.project.state.glob("state.db.damaged-*")}
    assert environment.examine().ok
    environment.change(parse_edits([{"kind": "add_packages", "names": ["curl"]}]), level="syntax")
    assert len(environment.history().operations) == 1


def test_a_lost_gitignore_is_made_again(environment: Environment) -> None:
    change(environment)
    (environment.project.state / ".gitignore").unlink()
    assert not environment.examine().ok
    assert verdicts(environment.examine(repair=True))["state"] == "repaired"
    assert environment.examine().ok


def test_the_holder_of_the_lock_is_named(environment: Environment) -> None:
    change(environment)
    with lock.hold(environment.project.state, 1):
        found = environment.examine()
    assert verdicts(found)["lock"] == "note"
    assert str(os.getpid()) in next(item.message for item in found.findings if item.about == "lock")


def test_what_makes_a_file_unsafe_to_replace_or_to_trust_is_told(environment: Environment) -> None:
    path = environment.project.root / "devenv.nix"
    os.link(path, environment.project.root / "other.nix")
    path.chmod(0o666)
    found = [item.message for item in environment.examine().findings if item.about == "modes"]
    assert len(found) == 2


def test_a_change_by_hand_is_noted_and_no_problem(environment: Environment) -> None:
    change(environment)
    path = environment.project.root / "devenv.nix"
    path.write_text(path.read_text() + "# mine\n")
    found = environment.examine()
    assert verdicts(found)["files"] == "note"
    assert found.ok
