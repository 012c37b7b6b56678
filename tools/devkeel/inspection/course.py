"""The course of a project: how long checks took from operation to operation, how large its environments became."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.environments.measurements import Measurement, measurements
from devkeel.history.checked import checked
from devkeel.text.clean import one_line
from devkeel.transaction import EXTERNAL

if TYPE_CHECKING:
    from devkeel.context import Context
    from devkeel.transaction import Operation

__all__ = ["CheckedOperation", "Course", "course"]

_DIGITS = 4


class CheckedOperation(Struct, frozen=True):
    """What the checks of an operation took. time: UTC, ISO 8601. seconds: of all; rungs: of each that ran.

    ok: whether they found no error, None where nothing was kept of that.
    """

    operation: int
    time: str
    kind: str
    caller: str
    seconds: float
    rungs: dict[str, float]
    ok: bool | None = None


class Course(Struct, frozen=True):
    """checks: of the newest operations that kept it; made: the newest environments. The oldest first in both.

    more: there are operations before those that were looked at.
    """

    checks: tuple[CheckedOperation, ...]
    made: tuple[Measurement, ...]
    more: bool = False


def course(context: Context, limit: int) -> Course:
    """Return the course of the newest operations and environments; see `Environment.course`."""
    found = context.records.history(limit=limit + 1)
    checks = [item for item in map(_checked, reversed(found[:limit])) if item is not None]
    made = measurements(context.project.state)[-limit:]
    return Course(tuple(checks), tuple(made), len(found) > limit)


def _checked(item: Operation) -> CheckedOperation | None:
    found = checked(item)
    if item.kind == EXTERNAL or found.seconds is None:
        return None
    rungs = {name: round(seconds, _DIGITS) for name, seconds in found.rungs.items()}
    total = round(found.seconds, _DIGITS)
    return CheckedOperation(item.id, item.time, item.kind, one_line(item.actor), total, rungs, found.ok)
