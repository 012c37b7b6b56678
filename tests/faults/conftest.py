"""Counts the injected faults; DEVKEEL_FAULTS=all takes every one instead of a sample."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import pytest


@dataclass
class Tally:
    """How many faults this run has injected, and whether it takes all of them."""

    injected: int = 0
    full: bool = os.environ.get("DEVKEEL_FAULTS") == "all"


_TALLY = Tally()


@pytest.fixture
def tally() -> Tally:
    return _TALLY


@pytest.fixture(params=["exchange", "plain rename"])
def _kernel(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a test once with renameat2 and once as on a file system that has none."""
    if request.param == "plain rename":
        monkeypatch.setattr("devkeel.transaction.rename._renameat2", lambda: None)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if _TALLY.injected:
        what = "all of them" if _TALLY.full else "a sample; DEVKEEL_FAULTS=all takes every one"
        terminalreporter.write_line(f"faults injected: {_TALLY.injected} ({what})")
