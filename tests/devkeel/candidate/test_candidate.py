"""One candidate goes from the first edit to publishing: its checks, stages and changes are the same files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from devkeel.candidate.basis import Basis
from devkeel.candidate.candidate import Candidate
from devkeel.project.root import Project
from devkeel.runtime import run
from devkeel.transaction import FileChange

if TYPE_CHECKING:
    from pathlib import Path

FILES = {"devenv.nix": b"{ }\n", "old.nix": b"{ a = 1; }\n", "devenv.lock": b"{}\n", "read.txt": b"read\n"}


@pytest.fixture
def candidate(tmp_path: Path) -> Candidate:
    """A candidate that changes a file, removes one and adds one; another was only read."""
    for name, data in FILES.items():
        (tmp_path / name).write_bytes(data)
    found = Candidate(Basis(Project(tmp_path)), ["devenv.nix", "old.nix", "missing.nix"])
    found.read("read.txt")
    found.put("devenv.nix", b"{ b = 1; }\n")
    found.put("old.nix", None)
    found.put("new.nix", b"{ }\n")
    return found


def test_what_is_judged_is_the_declaration_as_the_change_leaves_it(candidate: Candidate) -> None:
    assert candidate.files == {"devenv.nix": b"{ b = 1; }\n", "new.nix": b"{ }\n"}
    assert candidate.declared == {"devenv.nix": b"{ }\n", "old.nix": b"{ a = 1; }\n"}
    assert candidate.locks == {"devenv.lock": b"{}\n"}
    assert [candidate.exists(name) for name in ("devenv.nix", "old.nix", "new.nix", "read.txt", "no")] == [
        *(True, False, True, True, False)
    ]
    assert candidate.document("new.nix").data == b"{ }\n"


def test_as_it_was_the_same_files_are_judged(candidate: Candidate) -> None:
    before = candidate.unchanged()
    assert before.files == {"devenv.nix": b"{ }\n", "old.nix": b"{ a = 1; }\n"}
    assert before.changed == {}
    assert before.exists("old.nix")
    assert not before.exists("new.nix")


def test_a_stage_shows_it(candidate: Candidate) -> None:
    assert candidate.stage is not None
    with candidate.stage(writes=False) as stage:
        argv = stage.wrap(("sh", "-c", "cat devenv.nix new.nix read.txt; [ ! -e old.nix ]"))
        found = run(argv, timeout=30, cwd=stage.root)
    assert (found.returncode, found.stdout) == (0, b"{ b = 1; }\n{ }\nread\n")


def test_publishing_is_given_each_file_that_was_read_and_a_removal_is_one_of_them(candidate: Candidate) -> None:
    assert candidate.changed == {"devenv.nix": b"{ b = 1; }\n", "old.nix": None, "new.nix": b"{ }\n"}
    assert [change for change in candidate.changes() if change.path != "missing.nix"] == [
        FileChange("devenv.nix", b"{ }\n", b"{ b = 1; }\n"),
        FileChange("new.nix", None, b"{ }\n"),
        FileChange("old.nix", b"{ a = 1; }\n", None),
        FileChange("read.txt", b"read\n", b"read\n"),
    ]


def test_one_that_differs_in_a_file_leaves_the_first_alone(candidate: Candidate) -> None:
    assert candidate.but("new.nix", b"{ c = 1; }\n").files["new.nix"] == b"{ c = 1; }\n"
    assert candidate.files["new.nix"] == b"{ }\n"


def test_a_declaration_without_a_project_is_judged_by_its_text_alone() -> None:
    found = Candidate.of({"devenv.nix": b"{ }\n"}, {"devenv.lock": b"{}\n"}, {"src"}.__contains__)
    assert (found.files, found.locks) == ({"devenv.nix": b"{ }\n"}, {"devenv.lock": b"{}\n"})
    assert found.exists("src")
    assert not found.exists("devenv.yaml")
    assert found.stage is None
