"""Which operations are asked for: by whom, and about what."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

from devkeel.deferred import Deferred
from devkeel.history.pages import newest_first
from devkeel.transaction import EXTERNAL, Operation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from devkeel.history import differences as differing
    from devkeel.history.differences import Difference
    from devkeel.transaction import FileChange, Transactions
else:
    differing = Deferred("devkeel.history.differences")

__all__ = ["BY_HAND", "Chosen", "Query", "by_hand", "choose", "is_about", "is_by"]

BY_HAND = "not by devkeel"
"""Who did what went past devkeel, in words."""
_BY_HAND = frozenset({BY_HAND, "unknown", EXTERNAL})
_LOOKED = 2_000
"""How many operations are looked through for one page: each is compared as text, a millisecond or two."""
# Where edits name what they are about; an option's path is compared as such.
_NAMES = ("path", "file", "name", "names", "inside")
_SPECIFIER = re.compile(r"[\s<>=!~^;@\[(].*", re.DOTALL)


class Query(Struct, frozen=True):
    """What is asked for: `since` and `until` are times as operations have them; `by` and `about` as a person writes it.

    before: the id to go on below; down_to: the one to end with. external: what went past devkeel alone.
    """

    before: int | None = None
    since: str | None = None
    until: str | None = None
    by: str | None = None
    about: str | None = None
    external: bool = False
    down_to: int = 0


class Chosen(Struct, frozen=True):
    """Operations that fit, newest first; `more`: there may be older ones, below the id `last` that was looked at."""

    operations: tuple[Operation, ...]
    more: bool
    last: int


def choose(store: Transactions, wanted: Query, limit: int, most: int = _LOOKED) -> Chosen:
    """Return the operations that are asked for; no more than some thousands are looked through."""
    found, looked, last = list[Operation](), 0, 0
    kind = EXTERNAL if wanted.external else None
    sifts = any(item is not None for item in (wanted.until, wanted.by, wanted.about))
    page = 200 if sifts else limit + 1
    end = max(wanted.down_to - 1, 0)
    for item in newest_first(store, end, page, before=wanted.before, since=wanted.since, kind=kind):
        if len(found) == limit or (sifts and looked == most):
            return Chosen(tuple(found), True, last)
        looked, last = looked + 1, item.id
        if wanted.until is not None and item.time >= wanted.until:
            continue
        if is_by(item, wanted.by) and is_about(store, item, wanted.about):
            found.append(item)
    return Chosen(tuple(found), False, last)


def by_hand(by: str) -> bool:
    """Return whether what went past devkeel is asked for."""
    return " ".join(by.split()).casefold() in _BY_HAND


def is_by(item: Operation, by: str | None) -> bool:
    """Return whether an operation is of a caller: a part of how it is kept, a role, or `not by devkeel`."""
    if by is None:
        return True
    if by_hand(by) or item.kind == EXTERNAL:
        return by_hand(by) and item.kind == EXTERNAL
    asked = " ".join(by.split()).casefold()
    return asked in item.actor.casefold() or asked == str(item.report.get("role", "")).casefold()


def is_about(store: Transactions, item: Operation, about: str | None) -> bool:
    """Return whether an operation is about a thing: by its edits, or by what it did to its files.

    An option is also what is above it and below it.
    """
    if about is None:
        return True
    asked = about.strip()
    if any(differing.reads(each, asked) for each in _named(item.edits)):
        return True
    changes = store.images(item)
    if not any(_may_be_about(change, asked) for change in changes):
        return False
    return any(differing.reads(each, asked) for each in differing.differences(_as_tuples(changes)))


def _as_tuples(changes: Iterable[FileChange]) -> Iterator[tuple[str, bytes | None, bytes | None]]:
    return ((item.path, item.before, item.after) for item in changes)


def _may_be_about(change: FileChange, about: str) -> bool:
    """Return whether the last word of a name is in a file or in its name: what has it nowhere is not compared."""
    word = about.rpartition(".")[2] or about
    # The spellings of a library differ in these, and an option above is written without the last word.
    first = word.replace("_", "-").split("-")[0].casefold().encode()
    above = about.partition(".")[0].casefold().encode() if "." in about else first
    texts = [data.lower() for data in (change.before, change.after, change.path.encode()) if data is not None]
    return any(first in text or above in text for text in texts)


def _named(edits: Iterable[dict[str, Any]]) -> Iterator[Difference]:
    """Yield what edits name, as differences."""
    for edit in edits:
        file = str(edit.get("file") or "")
        for key in _NAMES:
            value = edit.get(key)
            for each in value if isinstance(value, list) else [value]:
                if isinstance(each, str) and each:
                    of = each if key == "file" else file
                    kind: Literal["option", "library"] = "option" if key == "path" else "library"
                    yield differing.Difference(of, kind, _SPECIFIER.sub("", each))
