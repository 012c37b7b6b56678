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

__all__ = ["READERS", "reader_of"]

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


def reader_of(data: bytes) -> ModuleType | None:
    """Return the module that reads a report, None where none knows it."""
    return next((reader for reader in READERS if reader.recognises(data)), None)
