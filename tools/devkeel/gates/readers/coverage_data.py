"""The data file of coverage.py, `.coverage`: which lines ran, and not how many there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from devkeel.gates.readers.trust import UnreadReport

if TYPE_CHECKING:
    from devkeel.gates.figures import TestReport

__all__ = ["FORMAT", "read", "recognises"]

FORMAT = "coverage.py data"
_HEAD = 64 * 1024


def recognises(data: bytes) -> bool:
    """Return whether this is such a file: a database of SQLite with the tables of coverage.py."""
    return data.startswith(b"SQLite format 3\0") and b"line_bits" in data[:_HEAD]


def read(data: bytes, printed: bytes) -> TestReport:  # noqa: ARG001  (as every reader)
    """Say what is missing: how many lines there are is in the sources, which the project's own coverage.py reads."""
    _refuse()


def _refuse() -> NoReturn:
    raise UnreadReport(
        "it has the lines that ran, and not how many there are: let the command make a report, `coverage json`"
    )
