"""Searching the names of what packages provide: the name itself first, then its beginnings, then its parts."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.catalogue.provided.lookup import devenv_way, open_kind, providers, read_row

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    begun = _beginning(kind, query)
    for match, names in (("prefix", begun), ("part", _within(kind, query))):
        for name in names:
            if name not in seen:
                seen.add(name)
                row = read_row(kind, name)
                if row:
                    yield NamedFile(kind, name, match, _by(kind, name, row))


def _by(kind: str, name: str, attributes: list[str]) -> tuple[str, ...]:
    way = devenv_way(kind, name)
    return (*([way] if way else []), *attributes[:_SHOWN])


def _beginning(kind: str, query: str) -> list[str]:
    """Return the names that begin with a query, the shortest first: of a header, its last part, or its folder."""
    table = open_kind(kind)
    if kind == "header":
        folders, _, last = query.rpartition("/")
        rows = table.rows(last, _MANY)
        names = ["/".join(reversed(key.split("/"))) for key, _ in rows]
        names = [name for name in names if name.rpartition("/")[0].endswith(folders)]
    else:
        names = [key for key, _ in table.rows(query, _MANY)]
        if kind == "library" and not query.startswith("lib"):
            names += [key for key, _ in table.rows(f"lib{query}", _MANY)]
    return sorted(names, key=len)


def _within(kind: str, query: str) -> Iterator[str]:
    """Yield the names that have a query in them, whatever its case; headers, which are most of all names, are not."""
    if kind == "header":
        return
    text, lowered = _text(kind)
    wanted = query.lower()
    place, count = lowered.find(wanted), 0
    while place >= 0 and count < _MANY:
        end = text.find("\n", place)
        yield text[text.rfind("\n", 0, place) + 1 : end]
        place, count = lowered.find(wanted, end), count + 1


@cache
def _text(kind: str) -> tuple[str, str]:
    """Return the names of a kind, the shortest first, a line each; and the same in small letters."""
    names = sorted((key for key, _ in open_kind(kind).every()), key=len)
    # Small letters of some signs are two signs: then places in one text are not those in the other.
    text = "\n" + "\n".join(name for name in names if len(name.lower()) == len(name)) + "\n"
    return text, text.lower()
