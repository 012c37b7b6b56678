"""The lines of a requirements file as pip joins and cuts them, each with its places in the text.

pip's reader is src/pip/_internal/req/req_file.py, and its functions are named where this follows them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["JoinedLine", "joined_lines"]

# As COMMENT_RE: at the start or after a blank.
_REMARK = re.compile(r"(?:^|\s+)#.*$")
# break_args_options: what begins with a hyphen, and all behind it, is options.
_OPTIONS = re.compile(r"(?:^| )-")


class JoinedLine(Struct, frozen=True):
    """One line, or several that backslashes join.

    start, end: where it stands, its line break included. number: of its first line, from 1. text: without remark and
    backslashes. argument: what of it stands before its options. first, last: where that stands. until: where the
    remark begins, or else the end.
    """

    start: int
    end: int
    number: int
    text: str
    argument: str
    first: int
    last: int
    until: int


def joined_lines(text: str) -> Iterator[JoinedLine]:
    """Yield the lines that are not empty."""
    position, begun, number, first = 0, 0, 0, 1
    parts = list[tuple[int, str]]()
    for raw in text.splitlines(keepends=True):
        number += 1
        start, bare = position, raw.splitlines()[0]
        position += len(raw)
        comment = _REMARK.match(bare) is not None
        if bare.endswith("\\") and not comment:
            # join_lines strips backslashes from both ends.
            lead = len(bare) - len(bare.lstrip("\\"))
            if not parts:
                begun, first = start, number
            parts.append((start + lead, bare.strip("\\")))
            continue
        if not parts:
            begun, first = start, number
        if comment and parts:
            # A comment ends the line before it, and stays when that goes.
            yield from _cut(parts, begun, start, first)
        elif not comment:
            yield from _cut([*parts, (start, bare)], begun, position, first)
        parts = []
    if parts:
        yield from _cut(parts, begun, position, first)


def _cut(parts: list[tuple[int, str]], start: int, end: int, number: int) -> Iterator[JoinedLine]:
    joined = "".join(part for _, part in parts)
    remark = _REMARK.search(joined)
    whole = joined[: remark.start()] if remark else joined
    lead = len(whole) - len(whole.lstrip())
    stripped = whole.strip()
    if not stripped:
        return
    options = _OPTIONS.search(stripped)
    argument = stripped[: options.start()].rstrip() if options else stripped
    first = _place(parts, lead)
    last = _place(parts, lead + len(argument) - 1) + 1 if argument else first
    until = _place(parts, remark.start()) if remark else end
    yield JoinedLine(start, end, number, stripped, argument, first, last, until)


def _place(parts: list[tuple[int, str]], index: int) -> int:
    """Return where in the text an index of the joined line stands."""
    for start, part in parts:
        if index < len(part):
            return start + index
        index -= len(part)
    start, part = parts[-1]
    return start + len(part)
