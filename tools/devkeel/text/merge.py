"""Three-way merge by lines: base, theirs, ours; where the spans touch, a view for a human instead."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["merge", "three_way_view"]

_MAX_LINES = 5_000
_MAX_VIEW = 8_000


class _Hunk(Struct, frozen=True):
    """Lines of the base, from `start` up to `end`, and what stands in their place."""

    start: int
    end: int
    lines: tuple[bytes, ...]

    def touches(self, other: _Hunk) -> bool:
        # neighbouring lines touch: what was written next to a change may have been written because of it
        return self.start <= other.end and other.start <= self.end


def merge(base: bytes | None, theirs: bytes | None, ours: bytes | None) -> bytes | None:
    """Return both changes in one, or None when their spans touch and differ, or a file came or went."""
    if base is None or theirs is None or ours is None:
        return None
    lines = base.splitlines(keepends=True)
    sides = _hunks(lines, theirs), _hunks(lines, ours)
    # what both did is done once
    if sides[0] is None or sides[1] is None or any(a != b and a.touches(b) for a in sides[0] for b in sides[1]):
        return None
    for hunk in sorted({*sides[0], *sides[1]}, key=lambda hunk: hunk.start, reverse=True):
        lines[hunk.start : hunk.end] = hunk.lines
    return b"".join(lines)


def three_way_view(base: bytes | None, theirs: bytes | None, ours: bytes | None) -> str | None:
    """Return the file with both versions of each place that both changed, or None for what is no text.

    The marks are those of `git merge` with `merge.conflictStyle = diff3`.
    """
    try:
        texts = [(data or b"").decode().encode() for data in (base, theirs, ours)]
    except UnicodeDecodeError:
        return None
    lines = texts[0].splitlines(keepends=True)
    sides = _hunks(lines, texts[1]), _hunks(lines, texts[2])
    if sides[0] is None or sides[1] is None:
        return None
    shown: list[bytes] = []
    at = 0
    for start, end, both in _clusters(sides[0], sides[1]):
        shown += lines[at:start]
        mine = [_apply(lines, start, end, side) for side in both]
        if both[0] and both[1]:
            versions = (b"<<<<<<< theirs", mine[0], b"||||||| base", lines[start:end], b"=======", mine[1])
            for part in versions:
                shown += [_ended(line) for line in part] if isinstance(part, list) else [part + b"\n"]
            shown.append(b">>>>>>> ours\n")
        else:
            shown += mine[0] if both[0] else mine[1]
        at = end
    text = b"".join([*shown, *lines[at:]]).decode()
    return text if len(text) <= _MAX_VIEW else text[:_MAX_VIEW] + "\n[cut]\n"


def _hunks(lines: list[bytes], changed: bytes) -> list[_Hunk] | None:
    other = changed.splitlines(keepends=True)
    if len(lines) + len(other) > _MAX_LINES:
        return None
    # autojunk takes a line that is there often for noise, in files of 200 lines and more (Python, difflib).
    codes = SequenceMatcher(None, lines, other, autojunk=False).get_opcodes()
    return [_Hunk(a, b, tuple(other[c:d])) for tag, a, b, c, d in codes if tag != "equal"]


def _clusters(theirs: list[_Hunk], ours: list[_Hunk]) -> Iterator[tuple[int, int, tuple[list[_Hunk], list[_Hunk]]]]:
    """Give runs of hunks that touch each other: their span in the base, and the hunks of each side."""
    every = sorted([(hunk, 0) for hunk in theirs] + [(hunk, 1) for hunk in ours], key=lambda item: item[0].start)
    while every:
        start, end = every[0][0].start, every[0][0].end
        both: tuple[list[_Hunk], list[_Hunk]] = ([], [])
        while every and every[0][0].start <= end:
            hunk, side = every.pop(0)
            both[side].append(hunk)
            end = max(end, hunk.end)
        yield start, end, both


def _apply(lines: list[bytes], start: int, end: int, hunks: list[_Hunk]) -> list[bytes]:
    part = lines[start:end]
    for hunk in reversed(hunks):
        part[hunk.start - start : hunk.end - start] = hunk.lines
    return part


def _ended(line: bytes) -> bytes:
    return line if line.endswith(b"\n") else line + b"\n"
