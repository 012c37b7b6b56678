"""How it went: how long checks took, how large environments became, what gates measured, operation by operation."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Any

from devkeel.errors import DevkeelError
from devkeel.inspection.course import Course
from devkeel_review.plots import Plot, Series, Value, binary_unit, in_seconds, plot
from devkeel_review.views.gates import courses
from devkeel_review.views.view import PageView

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from devkeel.environments.measurements import Measurement
    from devkeel.inspection.course import CheckedOperation
    from devkeel_review.review import Review

__all__ = ["COURSE", "sizes", "times"]

_LIMIT = 100
_RUNGS = ("syntax", "schema", "evaluation", "build")


def times(checks: Sequence[CheckedOperation]) -> Plot | None:
    """Return the seconds of checks by operation; an operation that was published with errors is a bad value."""
    values = tuple(Value(number, item.seconds, item.ok is False) for number, item in enumerate(checks))
    columns = [f"#{item.operation}" for item in checks]
    return plot("Time of checks", [Series("Time of checks", values)], columns, in_seconds, whole=True)


def sizes(made: Sequence[Measurement]) -> Plot | None:
    """Return the sizes of environments, a line for each, by the operations that they were made of."""
    unit, factor = binary_unit(max((item.bytes for item in made if item.bytes is not None), default=0))

    def amount(item: Measurement) -> float | None:
        return None if item.bytes is None else item.bytes / factor

    series = [
        Series(name, tuple(Value(number, amount(item)) for number, item in enumerate(made) if item.environment == name))
        for name in dict.fromkeys(item.environment for item in made)
    ]
    columns = ["before #1" if item.operation is None else f"#{item.operation}" for item in made]
    return plot("Size of the environment", series, columns, lambda value: f"{value:.4g} {unit}")


def _rungs(checks: Sequence[CheckedOperation]) -> dict[str, float]:
    """Return the median seconds of each rung that ran."""
    found = {name: [item.rungs[name] for item in checks if name in item.rungs] for name in _RUNGS}
    return {name: median(seconds) for name, seconds in found.items() if seconds}


def _read(review: Review, query: Mapping[str, str]) -> dict[str, Any]:
    error = None
    try:
        found = review.call(lambda environment: environment.course(limit=_LIMIT))
    except DevkeelError as raised:  # a part of a view says so in its place
        error, found = review.disclosure.error(raised), Course((), ())
    return {
        "part": "in" in query,
        "error": error,
        "course": found,
        "times": times(found.checks),
        "sizes": sizes(found.made),
        "rungs": _rungs(found.checks),
        "stages": courses(None, review.call(lambda environment: environment.gate_history()).results),
    }


COURSE = PageView("course", "Course", ("history", "environments", "gates"), "course.html", _read)
