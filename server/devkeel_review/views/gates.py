"""The gates: what each stage asks for, what was measured, and how that went from run to run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from devkeel.errors import DevkeelError
from devkeel_review.plots import Plot, Series, Value, in_percent, plot
from devkeel_review.views.view import PageView

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from devkeel.gates.records import GateRecord
    from devkeel.project.gates import Gates
    from devkeel_review.review import Review

__all__ = ["GATES", "StageCourse", "courses"]

_SHOWN = 50
_NAMES = {"coverage": "Coverage", "passed": "Tests that pass"}


class Figure(Struct, frozen=True):
    """A figure of a stage: what is asked for and what was measured last, in percent; None for neither."""

    name: str
    amount: float | None
    asked: float | None
    plot: Plot | None


class StageCourse(Struct, frozen=True):
    """A stage and its runs, the newest first. chosen: it is the one that is meant where a call names none."""

    name: str
    chosen: bool
    figures: tuple[Figure, ...]
    runs: tuple[GateRecord, ...]


def courses(settings: Gates | None, results: Sequence[GateRecord]) -> tuple[StageCourse, ...]:
    """Return the stages that were run, and the one that the settings choose, that first.

    results: newest first.
    """
    asked = {stage.name: {"coverage": stage.coverage, "passed": stage.passed} for stage in _stages(settings)}
    chosen = settings.stage if settings else None
    names = dict.fromkeys(([chosen] if chosen else []) + [item.stage for item in results])
    found = list[StageCourse]()
    for name in names:
        runs = [item for item in results if item.stage == name][:_SHOWN]
        wanted: Mapping[str, float | None] = asked.get(name) or (runs[0].thresholds if runs else {})
        figures = tuple(_figure(key, wanted.get(key), runs) for key in _NAMES)
        shown = tuple(item for item in figures if item.asked is not None or item.amount is not None)
        found.append(StageCourse(name, name == chosen, shown, tuple(runs)))
    return tuple(found)


def _stages(settings: Gates | None) -> Sequence[Any]:
    return settings.stages if settings else ()


def _figure(key: str, asked: float | None, runs: Sequence[GateRecord]) -> Figure:
    oldest = [*reversed(runs)]
    measured = [
        Value(number, item.percent.get(key), _below(item.percent.get(key), item.thresholds.get(key)))
        for number, item in enumerate(oldest)
    ]
    wanted = [Value(number, item.thresholds.get(key)) for number, item in enumerate(oldest)]
    columns = ["before #1" if item.operation is None else f"#{item.operation}" for item in oldest]
    series = [Series(_NAMES[key], tuple(measured)), Series("asked for", tuple(wanted), steps=True)]
    drawn = plot(_NAMES[key], series, columns, in_percent, top=100.0) if len(runs) > 1 else None
    return Figure(_NAMES[key], runs[0].percent.get(key) if runs else None, asked, drawn)


def _below(amount: float | None, asked: float | None) -> bool:
    return amount is not None and asked is not None and amount < asked


def _read(review: Review, query: Mapping[str, str]) -> dict[str, Any]:
    results = review.call(lambda environment: environment.gate_history()).results
    error = settings = None
    try:
        settings = review.call(lambda environment: environment.gate_settings())
    except DevkeelError as found:  # settings that cannot be read; what was run stands all the same
        error = review.disclosure.error(found)
    return {"part": "in" in query, "settings": settings, "stages": courses(settings, results), "error": error}


GATES = PageView("gates", "Gates", ("gates", "declaration"), "gates.html", _read)
