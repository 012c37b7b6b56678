"""Counts the injected faults; DEVKEEL_FAULTS=all takes every one instead of a sample."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

import pytest

# ruff: noqa: TID252  (the tests are no installed package)
from ..devkeel.conftest import environment, root
from ..devkeel.transaction.conftest import _kernel, _no_hook, bench

__all__ = ["_kernel", "_no_hook", "bench", "environment", "root"]


@dataclass
class Tally:
    """How many faults this run has injected, and whether it takes all of them."""

    injected: int = 0
    cuts: int = 0
    soak: str = ""
    saves: int = 0
    lines: list[str] = field(default_factory=list)
    full: bool = os.environ.get("DEVKEEL_FAULTS") == "all"


_TALLY = Tally()


@pytest.fixture
def tally() -> Tally:
    return _TALLY


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if _TALLY.soak:
        terminalreporter.write_line(f"soak: {_TALLY.soak}")
    for line in _TALLY.lines:
        terminalreporter.write_line(f"saves: {line}")
    if _TALLY.injected or _TALLY.cuts:
        what = "all of them" if _TALLY.full else "a sample; DEVKEEL_FAULTS=all takes every one"
        terminalreporter.write_line(f"faults injected: {_TALLY.injected}, power cuts: {_TALLY.cuts} ({what})")
