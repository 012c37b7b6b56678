"""Of two hundred edits by an agent's tools those that break a file are refused, rightly corrected, and no fine one."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest
from benchmarks.mistakes import said as meaning

from devkeel.candidate.basis import Basis
from devkeel.candidate.candidate import Candidate
from devkeel.checks import added_errors, run_checks
from devkeel.edits.apply import apply_edits
from devkeel.edits.vocabulary import parse_edits
from devkeel.guard.judge import judge
from devkeel.guard.question import Question
from devkeel.project.root import Project

from .edits import broken_edits, fine_edits

if TYPE_CHECKING:
    from pathlib import Path

    from devkeel.guard.question import Answer

    from .edits import Meant

COUNT = 100


@cache
def chosen() -> tuple[list[Meant], list[Meant]]:
    return broken_edits()[:COUNT], fine_edits()


def answer_to(meant: Meant, root: Path) -> Answer | None:
    for name, data in meant.files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    found = judge(Question(meant.act, str(root)), [str(root)])
    for name, data in meant.files.items():
        assert (root / name).read_bytes() == data, "the guard writes nothing"
    assert not (root / ".devkeel").exists()
    return found[1] if found else None


def is_found(meant: Meant) -> bool:
    """Return whether the text rungs find an error that the edit adds, asked without the guard."""
    before = Candidate.of(meant.files, exists=meant.files.__contains__)
    after = Candidate.of(meant.files | {meant.name: meant.broken}, exists=meant.files.__contains__)
    old, new = (run_checks(subject, level="schema") for subject in (before, after))
    return bool(added_errors(old, new, before.files, after.files))


def as_asked(answer: Answer, name: str, root: Path) -> bytes | None:
    """Return a file after the edits that an answer says to ask for, as devkeel would make them."""
    candidate = Candidate(Basis(Project(root)))
    apply_edits(parse_edits([dict(edit) for edit in answer.edits]), candidate)
    return candidate.read(name)


def test_there_are_a_hundred_of_each() -> None:
    broken, fine = chosen()
    assert len(broken) == COUNT
    assert len(fine) >= COUNT
    assert len({meant.label.split(":")[1] for meant in broken}) >= 20


def test_what_the_text_shows_is_refused_with_the_right_edits_and_the_rest_is_let_through(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    refused, right = 0, 0
    for number, meant in enumerate(chosen()[0]):
        root = tmp_path_factory.mktemp(f"edit{number}").resolve()
        answer = answer_to(meant, root)
        assert (answer is not None) == is_found(meant), meant.label
        if answer is None:
            continue
        refused += 1
        result = as_asked(answer, meant.name, root) if answer.edits else None
        right += result is not None and meaning({meant.name: result}) == meaning({meant.name: meant.wanted})
    assert refused >= 80
    assert right >= 0.95 * refused


@pytest.mark.parametrize("number", range(len(fine_edits())), ids=[meant.label for meant in fine_edits()])
def test_no_fine_edit_is_refused(tmp_path: Path, number: int) -> None:
    meant = chosen()[1][number]
    assert answer_to(meant, tmp_path.resolve()) is None


def test_a_step_of_a_repair_is_not_refused(tmp_path: Path) -> None:
    """A file that did not parse before is the agent's to put right, step by step."""
    meant = next(item for item in broken_edits() if "missing semicolon" in item.label)
    assert answer_to(meant, tmp_path) is not None
    broken = meant._replace(files=meant.files | {meant.name: meant.broken})
    assert answer_to(broken._replace(act=broken.act._replace(path=meant.name)), tmp_path) is None
