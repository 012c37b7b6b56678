"""Looking names up: what the catalogue finds, and all about the option at a path, its current value too."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from devkeel.catalogue.live import open_catalogue
from devkeel.catalogue.packages import open_names
from devkeel.catalogue.search import search
from devkeel.errors import UsageError
from devkeel.project.survey import survey
from devkeel.results import OptionDetail, SearchResult
from devkeel.source import nix

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from devkeel.catalogue import Catalogue

__all__ = ["look_up"]


def look_up(
    query: str,
    *,
    kind: str,
    limit: int,
    cursor: str | None,
    lock: bytes | None,
    files: Callable[[], Mapping[str, bytes]],
) -> SearchResult:
    """Return a page of packages, options, services and languages. lock: pins what is there. files: the declaration."""
    catalogue, names = open_catalogue(lock), open_names(lock)
    page = search(catalogue, names, query, kind=kind, limit=limit, cursor=cursor)
    option = _option(catalogue, query.strip(), files) if cursor is None and kind in ("all", "option") else None
    return SearchResult(
        query=query,
        kind=kind,
        hits=tuple(hit for hit in page.hits if option is None or (hit.kind, hit.name) != ("option", option.path)),
        option=option,
        options_from=catalogue.source,
        packages_from=names.source if names.complete else f"{names.source}, not complete",
        next_cursor=page.cursor,
    )


def _option(catalogue: Catalogue, query: str, files: Callable[[], Mapping[str, bytes]]) -> OptionDetail | None:
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
        definitions=survey(files(), query).definitions,
    )
