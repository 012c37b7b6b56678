"""Lines stand beside what they became, and of those the words that differ are known."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from devkeel_review.alignment import aligned, differing

LINES = st.lists(st.sampled_from(["a = 1;", "a = 2;", "b c d", "b c e", "", "}", "x"]), max_size=8)


def test_a_line_stands_beside_the_one_that_it_became() -> None:
    gone, come = ["x = 1;", "port = 6379;"], ["y = [ ];", "port = 6380;", "z"]
    assert list(aligned(gone, come)) == [(0, 0), (1, 1), (None, 2)]
    assert list(aligned(["port = 1;"], ["new = true;", "port = 2;"])) == [(None, 0), (0, 1)]


@settings(max_examples=100, deadline=None)
@given(LINES, LINES)
def test_each_line_is_there_once_and_in_order(gone: list[str], come: list[str]) -> None:
    found = list(aligned(gone, come))
    assert [a for a, _ in found if a is not None] == list(range(len(gone)))
    assert [b for _, b in found if b is not None] == list(range(len(come)))


def test_long_blocks_stand_beside_each_other_as_they_are() -> None:
    found = list(aligned(["a"] * 300, ["b"] * 200))
    assert found[199:201] == [(199, 199), (200, None)]


@settings(max_examples=100, deadline=None)
@given(st.text("ab =;", max_size=20), st.text("ab =;", max_size=20))
def test_what_is_not_marked_is_the_same_on_both_sides(old: str, new: str) -> None:
    left, right = differing(old, new)
    if left or right:
        kept = [
            "".join(sign for n, sign in enumerate(text) if not any(a <= n < b for a, b in marks))
            for text, marks in ((old, left), (new, right))
        ]
        assert kept[0] == kept[1]


def test_lines_that_have_hardly_anything_in_common_are_not_marked() -> None:
    assert differing("services.redis.enable = true;", "# nothing of it") == ([], [])
