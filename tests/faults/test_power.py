"""The power goes at any moment of a transaction, an undo or a recovery: old or new, and settled at the next start."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from .cases import CASES, DONE, KILLED, Case
from .volatile import record

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Tally

MODELLED = [case for case in CASES if case.name not in ("first", "with-a-human")]
SAMPLE = 9


@pytest.mark.fault(4, 5)
@pytest.mark.parametrize("case", MODELLED, ids=lambda case: case.name)
@pytest.mark.usefixtures("_kernel")
def test_a_power_cut_at_any_moment_leaves_before_or_after(
    case: Case, tmp_path: Path, tally: Tally, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = case.template(tmp_path)
    with monkeypatch.context() as patch:
        disk = record(root, tmp_path, patch)
        assert case.run(root) == DONE
        # a cut after the answer: nothing of it may be lost
        during, disk.states = disk.states, set()
        disk.cut()
        after, disk.states = disk.states, set()
    for states, status in ((during, KILLED), (after, DONE)):
        ordered = sorted(states, key=lambda state: (state.commit, sorted(state.contents, key=str)))
        for number, state in enumerate(ordered):
            if not tally.full and number % SAMPLE and status != DONE:
                continue
            # Each is a world of its own: where one history ended is known by its place, outside of the project.
            built = state.build(tmp_path / f"found-{status}-{number}", disk)
            try:
                case.judge(built, status)
            except BaseException as error:
                error.add_note(f"{state}, status {status}")
                raise
            tally.cuts += 1
            shutil.rmtree(built)
    assert len(during) > 1
