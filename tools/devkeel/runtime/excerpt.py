"""A part of a job's log, safe to show: a secret or a character that lies across its ends is treated as a whole."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

from devkeel.runtime.log import Slice
from devkeel.runtime.tail import whole_lines
from devkeel.text.clean import clean
from devkeel.text.secrets import blot

if TYPE_CHECKING:
    from collections.abc import Iterable

    from devkeel.runtime.jobs import Jobs

__all__ = ["excerpt"]

_AROUND = 8 * 1024  # bytes; a private key has about half of that


def excerpt(
    jobs: Jobs, identifier: str, cursor: int, limit: int, hidden: Iterable[str], *, whole: bool = False
) -> tuple[str, Slice]:
    """Return the text of at most `limit` bytes from a cursor on, and the part that it is.

    whole: only what ends a line; from the end of the log on, only from the beginning of one.
    """
    part = jobs.read(identifier, cursor, limit)
    if whole:
        part = _whole(part, limit, begins=cursor < 0 and part.cursor > len(part.data))
    start = part.cursor - len(part.data)
    before = jobs.read(identifier, max(0, start - _AROUND), min(start, _AROUND)) if start else Slice(b"", 0)
    after = jobs.read(identifier, part.cursor, _AROUND)
    ahead = before.data if before.cursor == start and not before.omitted else b""
    follows = b"" if after.omitted else after.data
    shown = blot(ahead + part.data + follows, hidden)[len(ahead) :][: len(part.data)]
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    text = decoder.decode(shown)
    left = len(decoder.getstate()[0])  # the beginning of a character
    if not follows or left == len(shown):
        return clean(text + decoder.decode(b"", final=True)), part
    return clean(text), Slice(part.data[: len(shown) - left], part.cursor - left, part.omitted)


def _whole(part: Slice, limit: int, *, begins: bool) -> Slice:
    """Return what of a part is whole lines. begins: whether it begins within one."""
    data = part.data
    if begins and b"\n" in data:
        data = data[data.index(b"\n") + 1 :]
    kept = whole_lines(data, limit)
    return Slice(kept, part.cursor - len(data) + len(kept), part.omitted)
