"""The formats of reports: a row each. Which one a report has, its content says, and not its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.gates.readers import (
    cobertura,
    coverage_data,
    coverage_json,
    go_coverage,
    go_tests,
    junit,
    lcov,
    tap_points,
)

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["PRINTED", "READERS", "about", "reader_of"]

# In the order in which a report is asked: what its first bytes decide comes before what lines of it decide.
READERS: tuple[ModuleType, ...] = (
    junit,
    cobertura,
    coverage_json,
    coverage_data,
    go_coverage,
    lcov,
    go_tests,
    tap_points,
)

# Those whose reports a command prints.
PRINTED = (go_tests, tap_points)
_OF_TESTS = frozenset(reader.FORMAT for reader in (junit, *PRINTED))
_BOTH = frozenset({"coverage", "passed"})


def about(told: str | None) -> frozenset[str]:
    """Return the thresholds that a report of a format is about; both where the format is not known."""
    if told is None:
        return _BOTH
    return frozenset({"passed" if told in _OF_TESTS else "coverage"})


def reader_of(data: bytes) -> ModuleType | None:
    """Return the module that reads a report, None where none knows it."""
    return next((reader for reader in READERS if reader.recognises(data)), None)
