"""The wish that a job end, left beside its record for the process that runs it: that one alone can end all of it.

A program that another process ended would only look to the job as if it had failed, and the job would go on with its
next step; so the one that runs it is asked, and ends it as its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.state import files

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["PERIOD", "ask", "forget", "wanted"]

PERIOD = 0.2
"""Seconds between the looks of a job's process for such a wish: one try to open it."""

_WISH = ".end"


def ask(job: Path, by: str) -> None:
    """Leave the wish that a job end. job: the path of its record, without suffix. Raises StateError."""
    files.write_record(job.with_suffix(_WISH), {"by": by})


def wanted(job: Path) -> str | None:
    """Return who wants a job to end, None while no process does."""
    found = files.read_record(job.with_suffix(_WISH))
    return str(found.get("by") or "another process") if found is not None else None


def forget(job: Path) -> None:
    """Take away the wish that a job end, where there is one."""
    files.forget(job.with_suffix(_WISH))
