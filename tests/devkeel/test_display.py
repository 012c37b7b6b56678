"""Text of others, made safe to show."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devkeel.display import clean, one_line

HIDDEN = ["\u00ad", "\u061c", "\u180e", "\u200b", "\u200d", "\u2028", "\u2029", "\u202e", "\u2060", "\u2066", "\ufeff"]
anything = st.text(st.characters(codec=None, exclude_categories=()))


@pytest.mark.parametrize("sign", [*HIDDEN, "\U000e0041", "\x00", "\x07", "\x7f", "\x85"])
def test_what_hides_or_drives_is_taken_out(sign: str) -> None:
    assert clean(f"a{sign}b") == "ab"


@given(anything)
def test_no_control_and_no_format_character_is_left(text: str) -> None:
    shown = clean(text)
    kinds = {unicodedata.category(sign) for sign in shown if sign not in "\n\t"}
    assert not kinds & {"Cc", "Cs", "Zl", "Zp"}
    assert not set(HIDDEN) & set(shown)


@given(anything)
def test_one_line_is_one_line(text: str) -> None:
    assert len(one_line(text).splitlines()) <= 1


def test_letters_of_every_script_stay() -> None:
    assert clean("ç ż 漢字 العربية हिन्दी 👩") == "ç ż 漢字 العربية हिन्दी 👩"
