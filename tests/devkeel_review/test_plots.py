"""Where lines, points and ticks lie, and what stands at them."""

from __future__ import annotations

from itertools import pairwise

import pytest

from devkeel_review.plots import (
    Plot,
    Series,
    Value,
    binary_unit,
    in_percent,
    in_seconds,
    plot,
)


def drawn(*amounts: float | None, top: float | None = None) -> Plot:
    values = tuple(Value(number, amount) for number, amount in enumerate(amounts))
    found = plot("Checks", [Series("all", values)], [f"#{n + 1}" for n in range(len(amounts))], in_seconds, top=top)
    assert found is not None
    return found


def test_nothing_makes_no_plot() -> None:
    assert plot("Checks", [], [], in_seconds) is None
    assert plot("Checks", [Series("all", (Value(0, None),))], ["#1"], in_seconds) is None


@pytest.mark.parametrize(
    "amounts",
    [
        (1.0,),
        (0.0,),
        (0.0, 0.0),
        (5.0, 5.0, 5.0),
        (0.012, 0.5, 3.0),
        (999.0, 1000.0, 1001.0),
        (1e-9, 2e-9),
        (3.1e9, 3.1e9 + 4, 3.2e9),
        (0.1, 0.2, 0.3),
        (60.0, 100.0),
    ],
)
def test_every_point_is_within_the_axes_and_the_ticks_are_round_and_even(amounts: tuple[float, ...]) -> None:
    found = drawn(*amounts)
    (line,) = found.lines
    assert len(line.marks) == len(amounts)
    for mark in line.marks:
        assert found.left < mark.x < found.right
        assert found.top <= mark.y <= found.bottom
    heights = [tick.at for tick in found.rows]
    assert heights[0] == found.bottom
    assert heights[-1] == found.top
    steps = [below - above for below, above in pairwise(heights)]
    assert max(steps) - min(steps) <= 0.2
    assert 2 <= len(heights) <= 8
    assert len({tick.text for tick in found.rows}) == len(heights), "no two ticks are called the same"


def test_an_axis_begins_at_nothing_unless_that_would_hide_what_moves() -> None:
    assert not drawn(1.0, 9.0).cut
    assert drawn(990.0, 1000.0).cut
    assert not drawn(0.0, 0.0).cut
    assert not drawn(7.0).cut
    values = (Value(0, 990.0), Value(1, 1000.0))
    whole = plot("Checks", [Series("all", values)], ["#1", "#2"], in_seconds, whole=True)
    assert whole is not None
    assert not whole.cut


def test_a_share_of_a_hundred_ends_there() -> None:
    assert drawn(96.0, 100.0, top=100.0).rows[-1].text == in_seconds(100.0)
    assert drawn(0.0, 30.0, top=100.0).rows[0].text == in_seconds(0)


def test_a_higher_amount_is_higher_and_a_gap_parts_the_line() -> None:
    (line,) = drawn(1.0, 2.0, None, 4.0, None).lines
    assert [mark.y for mark in line.marks] == sorted((mark.y for mark in line.marks), reverse=True)
    assert [path.count(",") for path in line.paths] == [2, 1]
    assert [mark.text for mark in line.marks] == ["#1: 1 s", "#2: 2 s", "#4: 4 s"]


def test_a_threshold_holds_until_the_next_one() -> None:
    asked = Series(
        "asked", tuple(Value(number, amount) for number, amount in enumerate((80.0, 80.0, 90.0))), steps=True
    )
    found = plot("Coverage", [asked], ["a", "b", "c"], in_percent)
    assert found is not None
    places = [tuple(map(float, place.split(","))) for place in found.lines[0].paths[0].split()]
    assert all(x == other or y == height for (x, y), (other, height) in pairwise(places)), "no line is slanted"
    one = plot("Coverage", [Series("asked", (Value(0, 80.0),), steps=True)], ["a"], in_percent)
    assert one is not None
    assert one.lines[0].paths[0].startswith(f"{one.left:g},")


def test_names_of_columns_are_few_however_many_there_are() -> None:
    found = drawn(*[float(number) for number in range(500)])
    assert [tick.text for tick in found.columns][:: len(found.columns) - 1] == ["#1", "#500"]
    assert len(found.columns) <= 6


def test_the_summary_has_the_newest_the_least_and_the_greatest() -> None:
    assert drawn(2.0, 1.0, 3.0, 2.5).summary == ("all, 4 values: 2.5 s at #4, the newest; from 1 s at #2 to 3 s at #3.")
    assert drawn(2.0).summary == "all: 2 s at #1."


def test_amounts_are_said_as_a_person_says_them() -> None:
    assert [in_seconds(value) for value in (0, 0.0123, 1.5, 59.9, 60, 61, 3600)] == [
        *("0 s", "12.3 ms", "1.5 s", "59.9 s", "1 min", "1 min 1 s", "60 min"),
    ]
    assert [binary_unit(value) for value in (0, 1023, 1024, 1.5 * 2**20, 2**50)] == [
        *(("B", 1), ("B", 1), ("KiB", 2**10), ("MiB", 2**20), ("TiB", 2**40)),
    ]
    assert in_percent(99.99) == "99.99%"
