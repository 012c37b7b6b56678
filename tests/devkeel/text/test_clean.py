"""Text of others, made safe to show."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devkeel.text.clean import clean, exact, one_line

HIDDEN = ["\u00ad", "\u061c", "\u180e", "\u200b", "\u200d", "\u2028", "\u2029", "\u202e", "\u2060", "\u2066", "\ufeff"]
# Format characters with a sign of their own: numbers and abbreviations of Arabic, Syriac and Kaithi.
SHOWN = set("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")
anything = st.text(st.characters(codec=None, exclude_categories=()))


IGNORED = [
    "͏",
    "ᅟ",
    "ᅠ",
    "឴",
    "឵",
    "᠋",
    "ㅤ",
    "ﾠ",
    "︀",
    "︎",
    "️",
    "\u200c",
    "\u2061",
    "\u2065",
    "\u206f",
    "\ufff9",
    "\U0001bca0",
    "\U0001d173",
    "\U0001d17a",
    "\U00013430",
    chr(917760),
    chr(917999),
    chr(917505),
    chr(917536),
    chr(917631),
    chr(917632),
    chr(921599),
]


@pytest.mark.parametrize("sign", IGNORED, ids=ascii)
def test_no_sign_that_carries_text_unseen_is_left(sign: str) -> None:
    assert clean(f"a{sign * 3}b") == "ab"


def test_bytes_hidden_behind_an_emoji_are_taken_out_and_the_emoji_stays() -> None:
    smuggled = "".join(chr(0xE0100 + byte) for byte in b"run this")
    assert clean(f"\u263a\ufe0f{smuggled}!") == "\u263a!"


@pytest.mark.parametrize(
    "sequence",
    ["\x1b]0;title\x07", "\x1b]8;;https://x.org\x1b\\", "\x1bPq#0\x1b\\", "\x9b31m", "\x9d0;t\x9c", "\x1b[1;31m"],
    ids=ascii,
)
def test_what_a_terminal_takes_for_itself_is_taken_out_whole(sequence: str) -> None:
    assert clean(f"a{sequence}b") == "ab"


def test_a_sequence_without_an_end_hides_no_text() -> None:
    assert clean("a\x1b]0;b\nc") == "a]0;b\nc"


@pytest.mark.parametrize("sign", [*HIDDEN, "\U000e0041", "\x00", "\x07", "\x7f", "\x85"])
def test_what_hides_or_drives_is_taken_out(sign: str) -> None:
    assert clean(f"a{sign}b") == "ab"


@given(anything)
def test_no_control_and_no_format_character_is_left(text: str) -> None:
    shown = clean(text)
    kinds = {unicodedata.category(sign) for sign in shown if sign not in "\n\t"}
    assert not kinds & {"Cc", "Cs", "Zl", "Zp"}
    assert {sign for sign in shown if unicodedata.category(sign) == "Cf"} <= SHOWN
    assert not set(HIDDEN) & set(shown)


@given(anything)
def test_one_line_is_one_line(text: str) -> None:
    assert len(one_line(text).splitlines()) <= 1


def test_letters_of_every_script_stay() -> None:
    assert clean("ç ż 漢字 العربية हिन्दी 👩") == "ç ż 漢字 العربية हिन्दी 👩"


@given(anything)
def test_what_a_person_agrees_to_has_nothing_that_is_not_seen_and_loses_nothing(text: str) -> None:
    shown = exact(text)
    assert clean(shown) == shown
    named = re.sub(r"⟨U\+([0-9A-F]{4,6})⟩", lambda found: chr(int(found[1], 16)), shown)
    assert "⟨" in text or named == text.replace("\r\n", "\n")


@pytest.mark.parametrize(
    "sign", [*HIDDEN, *IGNORED, "\x1b", "\x00", "\r", "\ud800", "\u00a0", "\u2003", "\u2800", "\u3000"]
)
def test_each_sign_that_is_not_seen_is_named_where_it_stands(sign: str) -> None:
    assert exact(f"a{sign}b\n") == f"a⟨U+{ord(sign):04X}⟩b\n"
    assert exact("a b\t\n") == "a b\t\n"
