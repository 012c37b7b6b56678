"""Searching the names of what packages provide: the name itself first, then its beginnings, then its parts."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from functools import cache
from itertools import accumulate
from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.catalogue.provided.lookup import attributes_of, devenv_way, open_kind, providers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["NamedFile", "find"]

_SHORTEST = 2  # signs that a part of a name has
_MANY = 400
_SHOWN = 3


class NamedFile(Struct, frozen=True):
    """A name that something has. match: exact, prefix or part. by: options of devenv and packages that bring it."""

    kind: str
    name: str
    match: str
    by: tuple[str, ...]


def find(kind: str, query: str, *, exact: bool = False) -> Iterator[NamedFile]:
    """Yield the names of a kind that a query means, the best first; exact: only what is the query itself."""
    found = providers(kind, query)
    seen = set[str]()
    if found:
        whole = kind != "python_module" or found[0].name == query
        match = "exact" if whole and (found[0].exact or found[0].certain) else "part"
        same = [item.attribute for item in found if item.name == found[0].name]
        seen.add(found[0].name)
        if match == "exact" or not exact:
            yield NamedFile(kind, found[0].name, match, _by(kind, query, same))
    if exact or len(query) < _SHORTEST:
        return
    for match, rows in (("prefix", _beginning(kind, query)), ("part", _within(kind, query))):
        for name, value in rows:
            if name not in seen:
                seen.add(name)
                yield NamedFile(kind, name, match, _by(kind, name, attributes_of(value)))


def _by(kind: str, name: str, attributes: list[str]) -> tuple[str, ...]:
    way = devenv_way(kind, name)
    return (*([way] if way else []), *attributes[:_SHOWN])


def _beginning(kind: str, query: str) -> list[tuple[str, str]]:
    """Return the rows whose names begin with a query, the shortest first: of a header, its last part, or its folder."""
    table = open_kind(kind)
    if kind == "header":
        folders, _, last = query.rpartition("/")
        rows = [("/".join(reversed(key.split("/"))), value) for key, value in table.rows(last, _MANY)]
        rows = [row for row in rows if row[0].rpartition("/")[0].endswith(folders)]
    else:
        rows = table.rows(query, _MANY)
        if kind == "library" and not query.startswith("lib"):
            rows += table.rows(f"lib{query}", _MANY)
    return sorted(rows, key=lambda row: len(row[0]))


def _within(kind: str, query: str) -> Iterator[tuple[str, str]]:
    """Yield the rows whose names have a query in them, whatever its case; headers, most of all names, are left out."""
    if kind == "header":
        return
    rows, lowered, starts = _rows_by_length(kind)
    wanted = query.lower()
    place, count = lowered.find(wanted), 0
    while place >= 0 and count < _MANY:
        yield rows[bisect_right(starts, place) - 1]
        place, count = lowered.find(wanted, lowered.find("\n", place)), count + 1


@cache
def _rows_by_length(kind: str) -> tuple[list[tuple[str, str]], str, Sequence[int]]:
    """Return the rows of a kind, the shortest name first; their names in small letters, and where each begins."""
    rows = sorted(open_kind(kind).every(), key=lambda row: len(row[0]))
    names = [key.lower() for key, _ in rows]
    starts = array("L", accumulate((len(name) + 1 for name in names[:-1]), initial=1))
    return rows, "\n" + "\n".join(names) + "\n", starts
