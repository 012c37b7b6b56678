"""What tomlkit changed in a text, as splices that go where an author would put them."""

from __future__ import annotations

import difflib
import itertools
import re
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["TomlStyle", "carried", "splices_between"]

_Change = tuple[int, int, str]
_HEADER = re.compile(r"[ \t]*\[")
_COMMENT = re.compile(r"[ \t]*#")
_BLANK = re.compile(r"[ \t]*\r?\n")
_REMARK = re.compile(rf"{_BLANK.pattern}|{_COMMENT.pattern}")
# What tools read at the top of a file (`#:schema …`) stays there.
_UPPER = re.compile(r"[ \t]*[\[#]")
_LEFT_OUT = re.compile(r"^[ \t]*#[ \t]*(?P<key>[\w.-]+|\"[^\"\n]+\"|'[^'\n]+')[ \t]*=.*\n", re.MULTILINE)
_DIRECTIVES = re.compile(r"(?:#[:!].*\n)+")


class TomlStyle(Struct, frozen=True):
    """What a text looks like: its outline, in which no line of a string can be taken for a comment, and line ends."""

    outline: str
    newline: str


def splices_between(before: str, after: str, key: str, style: TomlStyle, *, removed: bool) -> list[_Change]:
    """Return the ranges of a text that differ from another, and what is there now.

    key: what the edit was about, and whether it is removed: then the comment above goes with it.
    """
    changes, newline = _changes(before, after), style.newline
    settled = sorted(_settled(style.outline, change, key, newline, removed=removed) for change in changes)
    apart = all(first[1] <= second[0] for first, second in itertools.pairwise(settled))
    return [(start, end, re.sub(r"\r?\n", newline, text)) for start, end, text in (settled if apart else changes)]


def carried(text: str, kept: str, made: str) -> str | None:
    """Return a text with the changes between two others, None where their places in it are not certain.

    kept: the text as tomlkit writes it, which draws together the parts of a table that is continued behind others.
    """
    result = text
    for start, end, new in reversed(_changes(kept, made)):
        # With the line before it, a place is found again.
        begin = _line_start(kept, max(_line_start(kept, start) - 1, 0))
        if result.count(kept[begin:end]) != 1:
            return None
        at = result.index(kept[begin:end])
        result = result[: at + start - begin] + new + result[at + end - begin :]
    return result


def _settled(before: str, change: _Change, key: str, newline: str, *, removed: bool) -> _Change:
    start, end, text = change
    if start == end and text:
        return _settle(before, start, text, newline)
    if text.startswith(",") and not before[start:end].strip(" ") and before[end : end + 1] == "}":
        # tomlkit puts a new key in the place of the space before the brace.
        return start, start, text
    if removed and not text and start == _line_start(before, start):
        return _with_comment(before, start, end, key)
    if removed and not text.strip(" "):
        return _without_gap(before, start, end)
    return change


def _changes(before: str, after: str) -> list[_Change]:
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    head = _common(old, new)
    tail = _common(old[head:][::-1], new[head:][::-1])
    left, right = old[head : len(old) - tail], new[head : len(new) - tail]
    offset = sum(map(len, old[:head]))
    offsets = [offset]
    for line in left:
        offsets.append(offsets[-1] + len(line))
    found: list[_Change] = []
    for tag, i, j, k, m in difflib.SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if tag != "equal":
            found.append(_narrow(before, offsets[i], offsets[j], "".join(right[k:m])))
    return found


def _common(left: Sequence[str], right: Sequence[str]) -> int:
    """Return how many elements two sequences begin with alike."""
    pairs = zip(left, right, strict=False)
    return next((index for index, (one, other) in enumerate(pairs) if one != other), min(len(left), len(right)))


def _narrow(before: str, start: int, end: int, text: str) -> _Change:
    """Return a change without what both sides begin and end with."""
    old = before[start:end]
    head = _common(old, text)
    tail = _common(old[head:][::-1], text[head:][::-1])
    return start + head, end - tail, text[head : len(text) - tail]


def _line_start(text: str, offset: int) -> int:
    return text.rfind("\n", 0, offset) + 1


def _settle(before: str, at: int, text: str, newline: str) -> _Change:
    """Put new text where it belongs: tomlkit leaves keys below the comment of the next table, and no air."""
    if at and before[at - 1] != "\n":
        # Behind something on its line: between braces, or at the end of a file without a line break there.
        lead = newline if text.startswith("\n") and _HEADER.match(text, 1) else ""
        return at, at, lead + re.sub(r"^,(?=\S)", ", ", text)
    if _HEADER.match(text.lstrip()):
        at, text = _above_next_table(before, at), text.lstrip()
        above = "" if not before[:at].strip() or before[:at].endswith(("\n\n", "\n\r\n")) else newline
        below = newline if before[at:].strip() and not before[at:].startswith(("\n", "\r")) else ""
        return at, at, above + text.rstrip() + newline + below
    top = _up(before, at, _REMARK)
    if top == 0 and at:
        # The first key of a file that begins with a comment and a table.
        top = _above_next_table(before, at) or _after_directives(before)
        text = text.rstrip() + newline + (newline if _UPPER.match(before, top) else "")
    return top, top, text


def _up(text: str, start: int, pattern: re.Pattern[str]) -> int:
    """Return the start of the topmost of the lines directly above that all match."""
    while start and pattern.match(text, above := _line_start(text, start - 1)):
        start = above
    return start


def _above_next_table(before: str, at: int) -> int:
    """Return where a table or a key may stand, from a place among comments: above the comment of the next table."""
    following = at
    while following < len(before) and _REMARK.match(before, following):
        following = (before.find("\n", following) + 1) or len(before)
    return _up(before, following, _COMMENT)


def _after_directives(before: str) -> int:
    found = _DIRECTIVES.match(before)
    return found.end() if found else 0


def _with_comment(before: str, start: int, end: int, key: str) -> _Change:
    """Return a removal of whole lines with the comment above, unless that is about what follows or the file."""
    if before[end - 1 : end] != "\n":
        return start, end, ""
    end = _before_next_comment(before, start, end)
    top = _up(before, start, _COMMENT)
    for match in _LEFT_OUT.finditer(before, top, start):
        # A key that is left out is about itself.
        top = match.end() if match["key"].strip("\"'").lower() != key.lower() else top
    named = re.search(rf"(?<![\w-]){re.escape(key)}(?![\w-])", before[top:start], re.IGNORECASE)
    follows = before[end:].partition("\n")[0].strip()
    shared = top == 0 or (follows and not follows.startswith(("#", "[")))
    start = start if shared and not named else top
    if not before[end:].strip():
        # Nothing is left but empty lines, which the file did not end with.
        return _up(before, start, _BLANK), end, ""
    if (start == 0 or _up(before, start, _BLANK) < start) and _BLANK.match(before, end):
        end = before.find("\n", end) + 1
    return start, end, ""


def _without_gap(before: str, start: int, end: int) -> _Change:
    """Return a removal between braces without the spaces that would meet there."""
    while before[end : end + 1] == " " and before[start - 1 : start] in {"{", " "}:
        end += 1
    return start, end, ""


def _before_next_comment(before: str, start: int, end: int) -> int:
    """Return the end of a removal without the comment of the next table, which tomlkit counts to the one above."""
    comment = _up(before, end, _COMMENT)
    return comment if comment > start and before[start:comment].strip() else end
