"""Figures as pictures: where each axis, tick, line and point of a plot lies. A template draws it as SVG, text and all.

Everything is in units of a box `WIDTH` by `HEIGHT`; a caller gives values, and what each is called.
"""

from __future__ import annotations

from math import ceil, floor, log10
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = [
    "HEIGHT",
    "WIDTH",
    "Line",
    "Mark",
    "Plot",
    "Series",
    "Tick",
    "Value",
    "binary_unit",
    "in_percent",
    "in_seconds",
    "plot",
]

WIDTH, HEIGHT = 340, 170
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 334, 10, 142
_TICKS = 4  # about as many as are read without counting
_LABELS = 6
# An axis that begins at nothing hides what moves where all values are about the same.
_ALIKE = 0.6


class Value(Struct, frozen=True):
    """One value: which column it is in, how much, what it is called, and whether it is a bad one.

    amount: None where there is none, which leaves a gap.
    """

    column: int
    amount: float | None
    bad: bool = False


class Series(Struct, frozen=True):
    """Values of one thing, from column to column. steps: each holds until the next, as a threshold does."""

    name: str
    values: tuple[Value, ...]
    steps: bool = False


class Tick(Struct, frozen=True):
    """A place on an axis, and what stands there."""

    at: float
    text: str


class Mark(Struct, frozen=True):
    """A point of a line: its place, and the sentence that it is."""

    x: float
    y: float
    text: str
    bad: bool


class Line(Struct, frozen=True):
    """A series as it is drawn. paths: `points` of a polyline each, one for each run without a gap."""

    name: str
    number: int
    paths: tuple[str, ...]
    marks: tuple[Mark, ...]
    steps: bool


class Plot(Struct, frozen=True):
    """A plot. summary: what a reader hears in place of the picture. cut: its axis does not begin at nothing."""

    title: str
    summary: str
    lines: tuple[Line, ...]
    rows: tuple[Tick, ...]
    columns: tuple[Tick, ...]
    cut: bool
    width: int = WIDTH
    height: int = HEIGHT
    left: float = _LEFT
    right: float = _RIGHT
    top: float = _TOP
    bottom: float = _BOTTOM


def plot(
    title: str,
    series: Sequence[Series],
    columns: Sequence[str],
    say: Callable[[float], str],
    *,
    top: float | None = None,
    whole: bool = False,
) -> Plot | None:
    """Return the plot of series over columns, None where no value is there.

    columns: what each is called. say: an amount with its unit. top: the greatest amount that there can be. whole: the
    axis begins at nothing, whatever the values are.
    """
    shown = [item for item in series if any(value.amount is not None for value in item.values)]
    amounts = [value.amount for item in shown for value in item.values if value.amount is not None]
    if not amounts:
        return None
    rows = _rows(0.0 if whole else min(amounts), max(amounts), top, say)
    low, high = rows[0], rows[-1]

    def place(value: float) -> float:
        return round(_BOTTOM - (value - low) / (high - low) * (_BOTTOM - _TOP), 1)

    def column(number: int) -> float:
        return round(_LEFT + (number + 0.5) * (_RIGHT - _LEFT) / len(columns), 1)

    lines = tuple(_line(item, number, columns, say, place, column) for number, item in enumerate(shown))
    return Plot(
        title,
        " ".join(_summary(item, columns, say) for item in shown),
        lines,
        tuple(Tick(place(amount), say(amount)) for amount in rows),
        tuple(Tick(column(number), columns[number]) for number in _labelled(len(columns))),
        low > 0,
    )


def in_seconds(value: float) -> str:
    """Return seconds as a person says them."""
    if value >= 60:  # noqa: PLR2004  (seconds in a minute)
        minutes, seconds = divmod(round(value), 60)
        return f"{minutes} min {seconds} s" if seconds else f"{minutes} min"
    if value == 0 or value >= 1:
        return f"{value:.3g} s"
    return f"{value * 1000:.3g} ms"


def binary_unit(most: float) -> tuple[str, float]:
    """Return the unit in which amounts of bytes up to one are said, and how many bytes it is (IEC 80000-13)."""
    unit, factor = "B", 1.0
    for name in ("KiB", "MiB", "GiB", "TiB"):
        if most < factor * 1024:
            break
        unit, factor = name, factor * 1024
    return unit, factor


def in_percent(value: float) -> str:
    """Return percent, cut behind the second digit as gates have them."""
    return f"{value:.6g}%"


def _line(
    series: Series,
    number: int,
    columns: Sequence[str],
    say: Callable[[float], str],
    place: Callable[[float], float],
    column: Callable[[int], float],
) -> Line:
    marks = [
        Mark(column(item.column), place(item.amount), f"{columns[item.column]}: {say(item.amount)}", item.bad)
        for item in series.values
        if item.amount is not None
    ]
    runs = [[(column(item.column), place(item.amount or 0.0)) for item in run] for run in _runs(series.values)]
    paths = tuple(_points(_stepped(run) if series.steps else run) for run in runs)
    return Line(series.name, number, paths, () if series.steps else tuple(marks), series.steps)


def _runs(values: Sequence[Value]) -> Iterator[list[Value]]:
    """Yield the values between gaps."""
    run = list[Value]()
    for item in values:
        if item.amount is None:
            if run:
                yield run
            run = []
        else:
            run.append(item)
    if run:
        yield run


def _stepped(run: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return a course that holds each amount until the next, and the last one to the edge."""
    found = list[tuple[float, float]]()
    for x, y in run:
        if found:
            found.append((x, found[-1][1]))
        found.append((x, y))
    return [(_LEFT, found[0][1]), *found, (_RIGHT, found[-1][1])] if len(run) == 1 else found


def _points(places: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in places)


def _rows(least: float, most: float, top: float | None, say: Callable[[float], str]) -> list[float]:
    """Return round amounts from below the least to above the most, no two of which are called the same."""
    begin = least if most > least >= _ALIKE * most else 0.0
    reach = (most - begin) or abs(most) / 2 or 1.0
    step = _round_step(reach / _TICKS)
    while True:
        found = _multiples(begin, most, step)
        if top is not None:
            found = [amount for amount in found if amount <= top]
        if len(found) > 1 and len({*map(say, found)}) == len(found):
            return found
        step = _round_step(step * 1.5)


def _multiples(begin: float, most: float, step: float) -> list[float]:
    first, last = floor(begin / step + 1e-9), ceil(most / step - 1e-9)
    # The least one is not on the edge, where it is taken for nothing.
    first -= 1 if first > 0 and first * step >= begin else 0
    return [number * step for number in range(first, max(last, first + 1) + 1)]


def _round_step(wanted: float) -> float:
    """Return the least of 1, 2 or 5 times a power of ten that is not below what is wanted."""
    power = 10.0 ** floor(log10(wanted))
    return next(factor * power for factor in (1.0, 2.0, 5.0, 10.0) if factor * power >= wanted * (1 - 1e-9))


def _labelled(count: int) -> list[int]:
    """Return which columns are called by their names: the first, the last, and some between."""
    if count <= _LABELS:
        return list(range(count))
    return sorted({round(number * (count - 1) / (_LABELS - 1)) for number in range(_LABELS)})


def _summary(series: Series, columns: Sequence[str], say: Callable[[float], str]) -> str:
    known = [(item.amount, item.column) for item in series.values if item.amount is not None]
    newest, where = known[-1]
    if len(known) == 1:
        return f"{series.name}: {say(newest)} at {columns[where]}."
    (least, low), (most, high) = min(known), max(known)
    return (
        f"{series.name}, {len(known)} values: {say(newest)} at {columns[where]}, the newest; "
        f"from {say(least)} at {columns[low]} to {say(most)} at {columns[high]}."
    )
