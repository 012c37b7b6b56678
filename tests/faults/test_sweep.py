"""Every call of a transaction, an undo and a recovery fails or is killed: nothing mixed, lost or left unsettled."""

from __future__ import annotations

import shutil
from itertools import product
from typing import TYPE_CHECKING

import pytest

from .cases import CASES, DONE, Case, copy
from .hooked import FAULTS, count, run_with
from .traced import INJECTIONS, run_all, strace_works

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Tally

# Hundreds of transactions, of which each waits for the disk several times.
IN_MEMORY = True
# In a sample, every so many of the points; the prime keeps it from hitting the same fault at each call.
SAMPLE = 23
TRACED_SAMPLE = 9
# How many calls of each kind are tried: more than the work makes.
DEPTH = {"fdatasync": 6, "pwrite64": 40, "ftruncate": 3, "fsync": 10, "renameat2": 6}


@pytest.mark.fault(1, 2, 3, 6, 7, 8, 9)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.usefixtures("_kernel")
def test_a_fault_at_any_call_leaves_before_or_after(case: Case, tmp_path: Path, tally: Tally) -> None:
    template = case.template(tmp_path)
    calls = count(case, copy(template, tmp_path / "count"))
    points = [(at, fault) for at in range(1, calls + 1) for fault in FAULTS]
    for number, (at, fault) in enumerate(points):
        if not tally.full and number % SAMPLE:
            continue
        root = copy(template, tmp_path / "run")
        status = run_with(case, root, at, fault)
        try:
            case.judge(root, status)
        except BaseException as error:
            error.add_note(f"call {at} of {calls}, {fault}, status {status}")
            raise
        tally.injected += 1
        shutil.rmtree(root)
    assert calls > 8


@pytest.mark.fault(2, 3, 6, 7, 9)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_fault_in_what_sqlite_and_the_kernel_do_leaves_before_or_after(
    case: Case, tmp_path: Path, tally: Tally
) -> None:
    if not strace_works():
        pytest.skip("strace is not there, or may not trace")
    template = case.template(tmp_path)
    struck = 0
    for number, ((call, fault), lasting) in enumerate(product(INJECTIONS, (False, True))):
        if lasting and fault == "error=EINTR":
            continue  # SQLite and Python rightly go on for ever
        if not tally.full and (number + CASES.index(case)) % TRACED_SAMPLE:
            continue
        roots = [copy(template, tmp_path / f"run-{n}") for n in range(DEPTH[call])]
        for at, (root, status) in enumerate(
            zip(roots, run_all(case.name, call, fault, roots, lasting=lasting), strict=True), start=1
        ):
            try:
                case.judge(root, status)
            except BaseException as error:
                error.add_note(f"{call} {at}, {fault}, lasting: {lasting}, status {status}")
                raise
            shutil.rmtree(root)
            # a call that the work does not make was not struck
            hit = status != DONE
            struck += hit
            tally.injected += hit
    assert struck
