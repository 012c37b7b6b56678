"""How often a process is started again: by its policy, within its window, later each time."""

from __future__ import annotations

import pytest

from devkeel.processes.plan import Restart
from devkeel.processes.supervisor.budget import RestartBudget


@pytest.mark.parametrize(
    ("on", "code", "wants"),
    [
        ("never", 1, False),
        ("never", 0, False),
        ("on_failure", 1, True),
        ("on_failure", -9, True),
        ("on_failure", 0, False),
        ("always", 0, True),
    ],
)
def test_the_policy_says_whether_an_end_is_one(on: str, code: int, wants: bool) -> None:
    assert RestartBudget(Restart(on=on)).wants(code) is wants  # type: ignore[arg-type]


@pytest.mark.parametrize(("most", "times"), [(0, 0), (1, 1), (7, 7), (None, 5)])
def test_a_crash_loop_comes_to_its_end_however_long_the_pauses_are(most: int | None, times: int) -> None:
    budget, now, pauses = RestartBudget(Restart(max=most)), 0.0, list[float]()
    while (pause := budget.spend(now)) is not None:
        pauses.append(pause)
        now += pause + 0.01
        assert len(pauses) < 100
    assert len(pauses) == times
    assert pauses == sorted(pauses)


def test_a_process_that_ran_longer_than_the_window_has_all_its_restarts_again() -> None:
    budget = RestartBudget(Restart(max=2, window=10))
    assert [budget.spend(now) is None for now in (0.0, 1.0, 2.0, 13.0, 14.0, 15.0)] == [
        *(False, False, True),
        *(False, False, True),
    ]
