"""Splices: the one way in which an editor changes bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Edited", "Span", "Splice", "apply", "compose"]


class Span(Struct, frozen=True, order=True):
    """A half-open range of byte offsets."""

    start: int
    end: int


class Splice(Struct, frozen=True):
    """Replace the bytes from `start` to `end` by `text`."""

    start: int
    end: int
    text: bytes


class Edited(Struct, frozen=True):
    """The outcome of an edit.

    data: the new bytes. spans: where in `data` something is new (an empty span marks a removal). splices: what
    was replaced, by offsets of the input. notes: sentences about what the edit met.
    """

    data: bytes
    spans: tuple[Span, ...] = ()
    splices: tuple[Splice, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether a byte differs from the input."""
        return bool(self.splices)


def apply(data: bytes, splices: Iterable[Splice], notes: Iterable[str] = ()) -> Edited:
    """Apply splices that do not overlap; those at one offset keep their order."""
    ordered = sorted((item for item in splices if data[item.start : item.end] != item.text), key=_place)
    pieces: list[bytes] = []
    spans: list[Span] = []
    position = length = 0
    for item in ordered:
        if item.start < position:
            raise ValueError("overlapping splices")
        pieces += [data[position : item.start], item.text]
        length += item.start - position
        spans.append(Span(length, length + len(item.text)))
        length += len(item.text)
        position = item.end
    pieces.append(data[position:])
    return Edited(b"".join(pieces), tuple(spans), tuple(ordered), tuple(notes))


def compose(before: bytes, steps: Iterable[Edited]) -> Edited:
    """Return several edits, each made on the one before, as one: the span that covers them all."""
    data, notes, count, last = before, list[str](), 0, None
    for step in steps:
        data, last, count = step.data, step, count + 1
        notes += step.notes
    if count == 1 and last is not None:
        return last
    if data == before:
        return Edited(before, notes=tuple(notes))
    head = _shared(before, data)
    tail = _shared(before[head:][::-1], data[head:][::-1])
    item = Splice(head, len(before) - tail, data[head : len(data) - tail])
    return Edited(data, (Span(head, len(data) - tail),), (item,), tuple(notes))


def _shared(first: bytes, second: bytes) -> int:
    """Return how many bytes two strings begin with alike."""
    same, limit = 0, min(len(first), len(second))
    while same < limit:
        middle = (same + limit + 1) // 2
        if first[same:middle] == second[same:middle]:
            same = middle
        else:
            limit = middle - 1
    return same


def _place(item: Splice) -> tuple[int, int]:
    return item.start, item.end
