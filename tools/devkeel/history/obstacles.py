"""Which later operations stand in the way of taking one back: those without which it could be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.text.merge import merge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from devkeel.transaction import FileChange, Operation, Transactions

__all__ = ["in_the_way"]

_MOST = 20


def in_the_way(store: Transactions, operation: Operation, image: FileChange, current: bytes | None) -> list[int]:
    """Return later operations that have to be taken back before a change of a file can be, newest first.

    None of them can be left out. There are none where the newest 20 would not do: then it is a change by hand, or an
    older one. current: the file as it is.
    """
    found = store.later_on(operation, image.path)[:_MOST]
    made = {number: _of(store, number, image.path) for number in found}
    later = [number for number in found if made[number] is not None]

    def is_free(numbers: Sequence[int]) -> bool:
        text = current
        for number in numbers:
            text = _without(made[number], text)
        return text in (image.before, image.after) or merge(image.after, text, image.before) is not None

    if not is_free(later):
        return []
    for number in tuple(later):
        others = [item for item in later if item != number]
        if is_free(others):
            later = others
    return later


def _of(store: Transactions, number: int, path: str) -> FileChange | None:
    return next((item for item in store.images(store.operation(number)) if item.path == path), None)


def _without(change: FileChange | None, text: bytes | None) -> bytes | None:
    """Return a content without a change; as it is where that cannot be taken out of it."""
    if change is None:
        return text
    if text == change.after:
        return change.before
    merged = merge(change.after, text, change.before)
    return text if merged is None else merged
