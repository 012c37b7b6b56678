"""Looking names up: what the catalogue finds, and all about the option at a path, its current value too."""

from __future__ import annotations

import difflib
import json
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from devkeel.catalogue.descriptions import package_descriptions
from devkeel.catalogue.locked_options import open_catalogue
from devkeel.catalogue.packages import open_names
from devkeel.catalogue.search import Hit, search
from devkeel.deferred import Deferred
from devkeel.errors import DevkeelError, UsageError
from devkeel.project.declaration import read_declaration
from devkeel.project.root import LOCK_FILES
from devkeel.project.survey import DefinitionView, survey
from devkeel.source import nix

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from devkeel import catalogue as option_table
    from devkeel.catalogue import Catalogue
    from devkeel.project.root import Project
else:
    option_table = Deferred("devkeel.catalogue")

__all__ = ["OptionDetail", "SearchResult", "look_up", "nothing_at"]


def look_up(project: Project, query: str, *, kind: str, limit: int, cursor: str | None) -> SearchResult:
    """Return a page of packages, options, services and languages, those that the project's lock pins."""
    try:
        lock = project.read(LOCK_FILES[0])
    except DevkeelError:
        lock = None
    catalogue, names = open_catalogue(lock), open_names(lock)
    page = search(catalogue, names, query, kind=kind, limit=limit, cursor=cursor)
    option = _option(catalogue, query.strip(), project) if cursor is None and kind in ("all", "option") else None
    return SearchResult(
        query=query,
        kind=kind,
        hits=tuple(_described(page.hits, option, lock)),
        option=option,
        options_from=catalogue.source,
        packages_from=names.source if names.complete else f"{names.source}, not complete",
        next_cursor=page.cursor,
    )


def _described(hits: Iterable[Hit], shown: OptionDetail | None, lock: bytes | None) -> Iterator[Hit]:
    """Yield hits with what their packages are, but for an option that is shown whole."""
    left = [hit for hit in hits if shown is None or (hit.kind, hit.name) != ("option", shown.path)]
    packages = package_descriptions(lock, [hit.name for hit in left if hit.kind == "package"])
    for hit in left:
        said = packages.get(hit.name) if hit.kind == "package" else None
        yield replace(hit, description=said) if said else hit


def _option(catalogue: Catalogue, query: str, project: Project) -> OptionDetail | None:
    """Return all about the option at a path, or the one whose value the path leads into, such as env.NAME."""
    try:
        path = nix.parse_path(query)
    except UsageError:
        return None
    around = (path[:length] for length in range(len(path), 0, -1))
    found = next(((item, option) for item in around if (option := catalogue.find(item))), None)
    if found is None or (found[0] != path and "attribute set" not in found[1].type):
        return None
    names, option = found
    return OptionDetail(
        path=nix.format_path(names),
        type=option.type,
        default=option.default or None,
        allowed=tuple(json.loads(option.allowed)) if option.allowed else (),
        read_only=option.read_only,
        description=option.description or None,
        definitions=survey(read_declaration(project), query).definitions,
    )


class OptionDetail(Struct, frozen=True):
    """Everything about one option; `definitions` are those at and below its path in the environment files."""

    path: str
    type: str
    default: str | None
    allowed: tuple[Any, ...]
    read_only: bool
    description: str | None
    definitions: tuple[DefinitionView, ...]


class SearchResult(Struct, frozen=True):
    """A page of what a search found; `option` where the query is the path of one.

    options_from and packages_from say which catalogue answered. next_cursor continues, or is None at the end.
    """

    query: str
    kind: str
    hits: tuple[Hit, ...]
    option: OptionDetail | None
    options_from: str
    packages_from: str
    next_cursor: str | None


def nothing_at(prefix: str, files: Mapping[str, bytes]) -> tuple[str, ...]:
    """Return what to know where nothing is declared at or below a prefix: what is declared, and the real options."""
    declared = [item.path for item in survey(files, None).definitions]
    told = [f"Nothing is declared at or below {prefix}."]
    close = difflib.get_close_matches(prefix, _prefixes(declared), 3, 0.7)
    if close:
        told.append(f"Declared under a similar name: {', '.join(close)}.")
    known = _prefixes(option_table.option_paths())
    if prefix not in known:
        close = difflib.get_close_matches(prefix, known, 3, 0.8)
        told += [f"devkeel knows no such option; similar: {', '.join(close)}."] if close else []
    return tuple(told)


def _prefixes(paths: Iterable[str]) -> set[str]:
    split = [path.split(".") for path in paths]
    return {".".join(names[:size]) for names in split for size in range(1, len(names) + 1)}
