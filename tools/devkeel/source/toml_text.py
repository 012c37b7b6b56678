"""What tomlkit changed in a text, as splices that go where an author would put them."""

from __future__ import annotations

import difflib
import os
import re

__all__ = ["splices_between"]

_Change = tuple[int, int, str]
_HEADER = re.compile(r"[ \t]*\[")
_COMMENT = re.compile(r"[ \t]*#")


def splices_between(before: str, after: str, key: str, *, removed: bool) -> list[_Change]:
    """Return the ranges of a text that differ from another, and what is there now.

    key: what the edit was about, and whether it is removed: then the comment above goes with it.
    """
    newline = "\r\n" if before.partition("\n")[0].endswith("\r") else "\n"
    found: list[_Change] = []
    for start, end, text in _changes(before, after):
        if start == end and text:
            found.append(_settle(before, start, text, newline))
        elif removed and not text:
            found.append(_with_comment(before, start, end, key))
        else:
            found.append((start, end, text))
    return [(start, end, re.sub(r"\r?\n", newline, text)) for start, end, text in _without_end(before, found)]


def _changes(before: str, after: str) -> list[_Change]:
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    head = len(os.path.commonprefix([old, new]))
    tail = len(os.path.commonprefix([old[head:][::-1], new[head:][::-1]]))
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


def _narrow(before: str, start: int, end: int, text: str) -> _Change:
    """Return a change without what both sides begin and end with."""
    old = before[start:end]
    head = len(os.path.commonprefix([old, text]))
    tail = len(os.path.commonprefix([old[head:][::-1], text[head:][::-1]]))
    return start + head, end - tail, text[head : len(text) - tail]


def _line_start(text: str, offset: int) -> int:
    return text.rfind("\n", 0, offset) + 1


def _settle(before: str, at: int, text: str, newline: str) -> _Change:
    """Put new text where it belongs: tomlkit leaves keys below the comment of the next table, and no air."""
    if at and before[at - 1] != "\n":
        return at, at, re.sub(r"^,(?=\S)", ", ", text)
    if _HEADER.match(text):
        above = "" if not before[:at].strip() or before[:at].endswith(("\n\n", "\n\r\n")) else newline
        below = newline if before[at:].strip() and not before[at:].startswith(("\n", "\r")) else ""
        return at, at, above + text.rstrip() + newline + below
    top = at
    while top and _is_remark(before, _line_start(before, top - 1)):
        top = _line_start(before, top - 1)
    if top and not (_HEADER.match(before, _line_start(before, top - 1)) and _settles_nothing(before, at)):
        return top, top, text
    return at, at, text


def _settles_nothing(before: str, at: int) -> bool:
    return not _HEADER.match(before, at)


def _is_remark(text: str, start: int) -> bool:
    line = text[start:].partition("\n")[0]
    return not line.strip() or _COMMENT.match(line) is not None


def _with_comment(before: str, start: int, end: int, key: str) -> _Change:
    """Return a removal of whole lines with the comment above, unless that is about what follows or the file."""
    whole = start == _line_start(before, start) and before[end - 1 : end] == "\n"
    top = start
    while whole and top and _COMMENT.match(before, _line_start(before, top - 1)):
        top = _line_start(before, top - 1)
    comment = before[top:start]
    if not comment:
        return start, end, ""
    named = re.search(rf"(?<![\w-]){re.escape(key)}(?![\w-])", comment, re.IGNORECASE)
    follows = before[end:].partition("\n")[0].strip()
    shared = top == 0 or (follows and not follows.startswith(("#", "[")))
    return (start if shared and not named else top), end, ""


def _without_end(before: str, changes: list[_Change]) -> list[_Change]:
    """Keep the end of a file that has no line break there."""
    if not before or before.endswith("\n") or not changes:
        return changes
    start, end, text = changes[-1]
    if end == len(before):
        changes = [*changes[:-1], (start, end, text.rstrip("\r\n"))]
    return changes
