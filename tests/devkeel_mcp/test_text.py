"""Text that is safe to show."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from devkeel.text.clean import clean
from devkeel_mcp.answers.text import cut, fit

UNSAFE = {*map(chr, range(0x20)), "\x7f", *map(chr, range(0x80, 0xA0)), "\u200e", "\u200f", "\u061c"}
UNSAFE |= {*map(chr, range(0x202A, 0x202F)), *map(chr, range(0x2066, 0x206A))}
UNSAFE -= {"\n", "\t"}
anything = st.text(st.characters(codec=None, exclude_categories=()))


@given(anything)
def test_nothing_unsafe_is_left(text: str) -> None:
    safe = clean(text)
    assert not UNSAFE & set(safe)
    safe.encode()


def test_terminal_sequences_go_as_a_whole_and_the_rest_stays() -> None:
    assert clean("a\x1b[1;31mb\x1b[0m\tç\n\u202ed") == "ab\tç\nd"


def test_short_text_is_not_cut() -> None:
    assert cut("a\nb", 10) == "a\nb"


def test_long_text_is_cut_at_a_line_and_says_how_much_is_missing() -> None:
    text = "\n".join("x" * 9 for _ in range(100))
    result = cut(text, 100, advice="Ask for less.")
    assert result.startswith(text[:89])
    assert len(result) < 200
    assert result.endswith("Ask for less.")


def test_data_that_fits_is_left_as_it_is() -> None:
    data = {"a": [1, 2, None], "b": {"c": "d"}}
    assert fit(data) == data


@given(st.integers(1, 400), st.integers(0, 3_000))
def test_data_that_is_too_long_is_shortened_and_says_where(count: int, size: int) -> None:
    data = {"list": [{"n": n} for n in range(count)], "text": "y" * size}
    result = fit(data, 1_000)
    assert len(json.dumps(result)) < 1_300
    assert ("cut" in result) == (len(json.dumps(data)) > 1_000)


def test_a_list_that_was_cut_twice_names_its_whole_length() -> None:
    result = fit({"list": list(range(1_000))}, 500)
    assert result["cut"][0].endswith("of 1000")
