"""Search over all names: exact, other names, prefix, word, part; by spelling where nothing else is found."""

from __future__ import annotations

import base64
import binascii
import hashlib
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.catalogue.aliases import group_names
from devkeel.catalogue.descriptions import first_line
from devkeel.catalogue.index import NameIndex
from devkeel.catalogue.packages import called, is_function
from devkeel.catalogue.provided.finding import find
from devkeel.catalogue.provided.paths import KINDS as PROVIDED
from devkeel.catalogue.removed import removed
from devkeel.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from devkeel.catalogue.options import Catalogue
    from devkeel.catalogue.packages import Names

__all__ = ["KINDS", "Hit", "Page", "search"]

# What a package provides is one of several kinds, which go by one name together, too.
KINDS = ("all", "package", "option", "service", "language", "file", *PROVIDED)
# Packages that only the index of all packages has come after the well-known ones, and after options.
_FURTHER = "further package"
_ORDER = ("service", "language", "package", "option", _FURTHER)
_GROUP = {"service": "services.", "language": "languages."}
_CLOSENESS = ("exact", "prefix", "part")
_MAX_LIMIT = 100
_MAX_OFFSET = 10_000
_MAX_QUERY = 200


class Page(Struct, frozen=True):
    """Hits, the best first, and the cursor of the next page, or None at the end."""

    hits: tuple[Hit, ...]
    cursor: str | None


def search(
    catalogue: Catalogue, names: Names, query: str, *, kind: str = "all", limit: int = 20, cursor: str | None = None
) -> Page:
    """Return a page of what a query finds.

    limit: 1 to 100. cursor: of the page before. Raises UsageError `bad_query`, `unknown_kind`, `bad_limit`, or
    `bad_cursor` for one that belongs to another search, or to a catalogue that has been renewed since.
    """
    wanted = " ".join(query.lower().split())
    if not wanted or len(wanted) > _MAX_QUERY:
        raise UsageError(
            "bad_query",
            f"A query has between 1 and {_MAX_QUERY} characters.",
            seen=repr(query[:_MAX_QUERY]),
            remedy="Search for a word of the name: a package, a program, a service, an option path.",
        )
    if kind not in KINDS:
        raise UsageError(
            "unknown_kind",
            f"There is no kind {kind!r} to search.",
            seen=kind,
            remedy="Use one of the alternatives, or leave the kind out.",
            alternatives=KINDS,
        )
    if not 1 <= limit <= _MAX_LIMIT:
        raise UsageError(
            "bad_limit",
            f"The limit is between 1 and {_MAX_LIMIT}.",
            seen=str(limit),
            remedy="Ask for fewer, and go on with the cursor.",
        )
    about = hashlib.sha256(repr((wanted, kind, catalogue.source, names.source)).encode()).hexdigest()[:8]
    start = _offset(cursor, about)
    need = start + limit + 1
    if kind == "file" or kind in PROVIDED:
        ranked = _provided(query.strip(), PROVIDED if kind == "file" else (kind,), need)
    else:
        kinds = _ORDER if kind == "all" else (kind, _FURTHER) if kind == "package" else (kind,)
        ranked = _ranked(catalogue, names, wanted, kinds, need, query.strip() if kind == "all" else "")
    found = list(dict.fromkeys(ranked))
    more = len(found) > start + limit and start + limit <= _MAX_OFFSET
    return Page(tuple(found[start : start + limit]), _cursor(about, start + limit) if more else None)


def _cursor(about: str, offset: int) -> str:
    return base64.urlsafe_b64encode(f"{about}{offset}".encode()).decode().rstrip("=")


def _offset(cursor: str | None, about: str) -> int:
    if cursor is None:
        return 0
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
    except (binascii.Error, ValueError):
        text = ""
    if not text.startswith(about) or not text[len(about) :].isdecimal() or len(text) > len(about) + 5:
        raise UsageError(
            "bad_cursor",
            "This cursor does not go on with this search.",
            seen=cursor[:_MAX_QUERY],
            remedy="Search without a cursor; one is good for the same query and kind until the catalogue is renewed.",
        )
    return min(int(text[len(about) :]), _MAX_OFFSET)


def _provided(query: str, kinds: Iterable[str], need: int) -> Iterator[Hit]:
    """Yield what packages provide by a name: what is the query, then what begins with it, then what has it."""
    found = (item for kind in kinds for item in islice(find(kind, query), need))
    hits = [Hit(item.kind, item.name, item.match, by=item.by) for item in found]
    yield from sorted(hits, key=lambda hit: _CLOSENESS.index(hit.match))


def _ranked(
    catalogue: Catalogue, names: Names, query: str, kinds: Iterable[str], need: int, file: str
) -> Iterator[Hit]:
    """Yield at least `need` hits where there are so many, in order; one may come twice.

    file: the query as it may be the name of what a package provides; empty where that is not asked for.
    """
    seen, named = set[tuple[str, str]](), False
    indexes = {kind: _index(kind, catalogue, names) for kind in kinds}
    for match in ("exact", "alias", "prefix", "word", "part", "spelling"):
        if match == "spelling" and seen:
            return
        for kind, index in indexes.items():
            for name in _matches(match, kind, index, _bare(kind, query), need):
                if (kind, name) not in seen:
                    seen.add((kind, name))
                    named = named or match == "exact"
                    yield _hit(catalogue, kind, name, match)
        # What is called so itself is meant; what has a file of that name is told where nothing is.
        if match == "alias" and file and not named:
            for kind in PROVIDED:
                for item in find(kind, file, exact=True):
                    seen.add((kind, item.name))
                    yield Hit(kind, item.name, item.match, by=item.by)
        if len(seen) >= need:
            return


def _bare(kind: str, query: str) -> str:
    """Return a query without what the names of a kind do not begin with."""
    prefix = {"package": "pkgs.", _FURTHER: "pkgs.", **_GROUP}.get(kind, "")
    return query.removeprefix(prefix) or query


def _matches(match: str, kind: str, index: NameIndex, query: str, need: int) -> Iterable[str]:
    if match == "exact":
        return index.exact(query)
    if match == "alias":
        others = _meant(query) if kind in ("package", _FURTHER) else group_names(query) if kind in _GROUP else ()
        return [name for other in others for name in index.exact(other.lower())]
    if match == "prefix":
        return index.prefix(query, need)
    if match == "spelling":
        return index.fuzzy(query, need)
    words, parts = index.inside(query)
    return words if match == "word" else parts


def _meant(query: str) -> tuple[str, ...]:
    """Return the packages that go by another name: a program's, another system's, one that is used no longer."""
    gone = removed(query)
    return called(query) if gone is None else (*called(query), *gone.instead)


def _hit(catalogue: Catalogue, kind: str, name: str, match: str) -> Hit:
    if kind in _GROUP:
        return Hit(kind, f"{_GROUP[kind]}{name}", match)
    if kind == "option":
        option = catalogue.options[_option_names(catalogue)[name]]
        return Hit(kind, name, match, option.type, option.default or None, first_line(option.description) or None)
    return Hit("package", name, match)


@lru_cache(maxsize=4)
def _option_names(catalogue: Catalogue) -> dict[str, tuple[str, ...]]:
    return {option.path: names for names, option in catalogue.options.items()}


def _index(kind: str, catalogue: Catalogue, names: Names) -> NameIndex:
    return _packages(names, kind) if kind in ("package", _FURTHER) else _options(kind, catalogue)


@lru_cache(maxsize=4)
def _packages(names: Names, kind: str) -> NameIndex:
    listed = names.every() if kind == "package" else names.further()
    return NameIndex(name for name in listed if not is_function(name))


@lru_cache(maxsize=8)
def _options(kind: str, catalogue: Catalogue) -> NameIndex:
    if kind == "option":
        return NameIndex(_option_names(catalogue))
    return NameIndex(catalogue.enabled(_GROUP[kind].rstrip(".")))


class Hit(Struct, frozen=True):
    """Something that a search found.

    kind: package, option, service, language, or what a package provides; name: as it is written in devenv.nix; match:
    exact, alias (it goes by the other name too), prefix, word, part or spelling (nothing is called so, but almost);
    type and default: of an option. by: the options and packages that bring what is provided, the likeliest first.
    description: one line, where the project's lock gives one.
    """

    kind: str
    name: str
    match: str
    type: str | None = None
    default: str | None = None
    description: str | None = None
    by: tuple[str, ...] | None = None
