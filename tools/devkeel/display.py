"""Text that somebody else wrote, made safe to show: a terminal obeys nothing in it, and nothing in it is hidden."""

from __future__ import annotations

import re

__all__ = ["clean", "one_line"]

_ANSI = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
# C0 except newline and tab, DEL, C1; the soft hyphen; fillers, zero-width and bidirectional signs, line and paragraph
# separators, interlinear marks, tags.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e007f]"
)
# A lone surrogate has no UTF-8 form and would break a wire or a terminal.
_SURROGATE = re.compile("[\ud800-\udfff]")


def clean(text: str) -> str:
    """Return text without terminal sequences, control, bidirectional and invisible characters."""
    return _SURROGATE.sub("\ufffd", _UNSAFE.sub("", _ANSI.sub("", text)))


def one_line(text: str) -> str:
    """Return clean text on one line: white space and line ends of every kind become one space."""
    return clean(" ".join(text.split()))
