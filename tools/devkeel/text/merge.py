"""Three-way merge by lines: base, theirs, ours; where the spans touch and differ, a view of both for a human."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["merge", "three_way_view"]

_MAX_LINES = 5_000
_MAX_VIEW = 8_000
_AROUND = 2


class _Hunk(Struct, frozen=True):
    """Lines of the base, from `start` up to `end`, and what stands in their place.

    low, high: how far up and down the same change could be said to be, among lines that are alike.
    """

    start: int
    end: int
    lines: tuple[bytes, ...]
    low: int
    high: int


class _Place(Struct, frozen=True):
    """Lines of the base, and what each side has in their place; a side that left them alone has them too.

    one: what both agree on, None where they do not.
    """

    start: int
    end: int
    theirs: list[bytes]
    ours: list[bytes]
    one: list[bytes] | None


def merge(base: bytes | None, theirs: bytes | None, ours: bytes | None) -> bytes | None:
    """Return both changes in one, or None where their spans touch and differ, a file came or went, or is no text."""
    if base is None or theirs is None or ours is None or b"\0" in base + theirs + ours:
        return None
    places = _places(base, theirs, ours)
    if places is None:
        return None
    lines = base.splitlines(keepends=True)
    for place in reversed(places):
        if place.one is None:
            return None
        lines[place.start : place.end] = place.one
    return b"".join(lines)


def three_way_view(base: bytes | None, theirs: bytes | None, ours: bytes | None) -> str | None:
    """Return both versions of each place where the sides differ, or None for what is no text.

    The marks are those of `git merge` with `merge.conflictStyle = diff3`. Around a place stand two lines of theirs, and
    above it the number of its first line there.
    """
    try:
        texts = [(data or b"").decode().encode() for data in (base, theirs, ours)]
    except UnicodeDecodeError:
        return None
    places = _places(*texts)
    if places is None:
        return None
    lines, current = texts[0].splitlines(keepends=True), texts[1].splitlines(keepends=True)
    shown: list[bytes] = []
    moved = 0  # how many lines further down theirs has what the base has here
    for place in places:
        at = place.start + moved
        moved += len(place.theirs) - (place.end - place.start)
        if place.one is not None:
            continue
        shown.append(f"@@ line {at + 1} @@\n".encode())
        shown += current[max(at - _AROUND, 0) : at]
        parts = (b"<<<<<<< theirs\n", place.theirs, b"||||||| base\n", lines[place.start : place.end])
        for part in (*parts, b"=======\n", place.ours, b">>>>>>> ours\n"):
            shown += [part] if isinstance(part, bytes) else map(_ended, part)
        below = at + len(place.theirs)
        shown += map(_ended, current[below : below + _AROUND])
    text = b"".join(shown).decode()
    return text if len(text) <= _MAX_VIEW else text[:_MAX_VIEW] + "\n[cut]\n"


def _places(base: bytes, theirs: bytes, ours: bytes) -> list[_Place] | None:
    """Return the places where a side differs from the base, in order; None for what is too long to compare."""
    lines, *sides = (data.splitlines(keepends=True) for data in (base, theirs, ours))
    above = _alike(lines, *sides)
    middle, *middles = (side[above:] for side in (lines, *sides))
    below = _alike(middle[::-1], *(side[::-1] for side in middles))
    middle, *middles = (side[: len(side) - below] for side in (middle, *middles))
    if len(middle) + max(map(len, middles)) > _MAX_LINES:
        return None
    hunks = [_hunks(middle, side) for side in middles]
    places = []
    for start, end, (of_theirs, of_ours) in _clusters(*hunks):
        versions = _apply(middle, start, end, of_theirs), _apply(middle, start, end, of_ours)
        one = versions[1] if not of_theirs or versions[0] == versions[1] else None if of_ours else versions[0]
        places.append(_Place(start + above, end + above, *versions, one))
    return places


def _alike(*sides: list[bytes]) -> int:
    """Return how many lines at the beginning are the same in all."""
    count = 0
    for group in zip(*sides, strict=False):
        if len(set(group)) > 1:
            break
        count += 1
    return count


def _hunks(lines: list[bytes], other: list[bytes]) -> list[_Hunk]:
    # autojunk takes a line that is there often for noise, in files of 200 lines and more (Python, difflib).
    codes = SequenceMatcher(None, lines, other, autojunk=False).get_opcodes()
    found = [(a, b, tuple(other[c:d])) for tag, a, b, c, d in codes if tag != "equal"]
    ends = [0, *(end for _, end, _ in found)]
    starts = [*(start for start, _, _ in found[1:]), len(lines)]
    return [_Hunk(*hunk, *_reach(lines, *hunk, *room)) for hunk, *room in zip(found, ends, starts, strict=False)]


def _reach(lines: list[bytes], start: int, end: int, new: tuple[bytes, ...], above: int, below: int) -> tuple[int, int]:
    """Return how far a change can be moved and stay the same one: a line more or less among lines that are alike.

    above, below: where the changes next to it end and begin.
    """
    moved = [*(new or lines[start:end])]
    if new and start < end:
        return start, end  # other lines in place of some are where they are
    low = start
    while low > above and lines[low - 1] == moved[-1]:
        low -= 1
        moved = [lines[low], *moved[:-1]]
    moved, high = [*(new or lines[start:end])], end
    while high < below and lines[high] == moved[0]:
        moved = [*moved[1:], lines[high]]
        high += 1
    return low, high


def _clusters(theirs: list[_Hunk], ours: list[_Hunk]) -> Iterator[tuple[int, int, tuple[list[_Hunk], list[_Hunk]]]]:
    """Give runs of hunks that touch each other: their span in the base, and the hunks of each side.

    Neighbouring lines touch: what was written next to a change may have been written because of it.
    """
    every = sorted([(hunk, 0) for hunk in theirs] + [(hunk, 1) for hunk in ours], key=lambda item: item[0].low)
    while every:
        start, end = every[0][0].low, every[0][0].high
        both: tuple[list[_Hunk], list[_Hunk]] = ([], [])
        while every and every[0][0].low <= end:
            hunk, side = every.pop(0)
            both[side].append(hunk)
            end = max(end, hunk.high)
        yield start, end, both


def _apply(lines: list[bytes], start: int, end: int, hunks: list[_Hunk]) -> list[bytes]:
    part = lines[start:end]
    for hunk in reversed(hunks):
        part[hunk.start - start : hunk.end - start] = hunk.lines
    return part


def _ended(line: bytes) -> bytes:
    return line if line.endswith(b"\n") else line + b"\n"
