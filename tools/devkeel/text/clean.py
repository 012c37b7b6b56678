"""Foreign text, made safe to show: a terminal obeys nothing in it, and nothing in it is hidden."""

from __future__ import annotations

import re

__all__ = ["clean", "exact", "one_line", "without_sequences"]

# The control sequences and strings of ECMA-48: CSI, also with its eight-bit sign; OSC, DCS, SOS, PM and APC whole, with
# the text that a terminal takes for itself (a title, the target of a link). One without an end is not taken for one, so
# that no text after it is lost.
_ANSI = re.compile(
    "(?:\x1b\\[|\x9b)[0-?]*[ -/]*[@-~]"
    "|(?:\x1b[\\]PX^_]|[\x90\x98\x9d-\x9f])[^\x00-\x08\x0a-\x1f\x7f-\x9f]{0,4096}(?:\x07|\x1b\\\\|\x9c)"
)
_SIGNS = "\x1b\x90\x98\x9b\x9d\x9e\x9f"  # one of which each of them begins with
# The marks of `devkeel.text.actions` (U+FDD0, U+FDD1), so that foreign text holds no marker of ours.
# C0 except newline and tab, DEL, C1; the soft hyphen, joiners and fillers; zero-width and bidirectional signs, line
# and paragraph separators; variation selectors of all three blocks, which carry bytes unseen; interlinear marks;
# format controls of shorthand, music and hieroglyphs; tags, and what else Unicode calls ignorable by default. Format
# characters that have a sign of their own, as the Arabic number signs, stay. Bidirectional signs make text read
# otherwise than it is ("Trojan Source", CVE-2021-42574).
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufdd0\ufdd1\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U00013430-\U00013440"
    "\U0001bca0-\U0001bca3\U0001d159\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
# What else a reader takes for a plain space or for nothing, and a program does not.
_BLANK = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u2800\u3000]")
# A lone surrogate has no UTF-8 form and would break a wire or a terminal.
_SURROGATE = re.compile("[\ud800-\udfff]")


def clean(text: str) -> str:
    """Return text without terminal sequences, control, bidirectional and invisible characters."""
    return _SURROGATE.sub("\ufffd", _UNSAFE.sub("", without_sequences(text)))


def exact(text: str) -> str:
    """Return text in which all that cannot be seen is named in its place, as `⟨U+202E⟩`: what a person agrees to.

    The sequences of terminals are text in it. A carriage return in front of a line end is left out.
    """
    if text.isascii() and text.isprintable():
        return text
    text = text.replace("\r\n", "\n")
    for pattern in (_UNSAFE, _BLANK, _SURROGATE):
        text = pattern.sub(_named, text)
    return text


def _named(found: re.Match[str]) -> str:
    return f"⟨U+{ord(found[0]):04X}⟩"


def without_sequences(text: str) -> str:
    """Return text without the sequences of terminals, such as colours; all else stays, for what reads it further."""
    # To look for each sign alone takes a hundredth of what the pattern takes on a text without any.
    return _ANSI.sub("", text) if any(sign in text for sign in _SIGNS) else text


def one_line(text: str) -> str:
    """Return clean text on one line: white space and line ends of every kind become one space."""
    return clean(" ".join(text.split()))
