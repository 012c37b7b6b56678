"""A survey of the declaration: what is defined where, which packages, what is enabled."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from devkeel.errors import DevkeelError
from devkeel.results import Definition
from devkeel.source import nix

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["Survey", "nothing_at", "survey"]


@dataclass(frozen=True, slots=True)
class Survey:
    """Packages as named, what is enabled, every definition; a file that does not parse contributes nothing."""

    packages: tuple[str, ...]
    enabled: tuple[str, ...]
    definitions: tuple[Definition, ...]


def survey(files: Mapping[str, bytes], prefix: str | None) -> Survey:
    """Return what the Nix files of a declaration say; `prefix` keeps definitions at and below an option path."""
    wanted = nix.parse_path(prefix) if prefix else ()
    packages, enabled, found = list[str](), list[str](), list[Definition]()
    for name, data in sorted(files.items()):
        if not name.endswith(".nix"):
            continue
        document = nix.Document(data, name)
        try:
            items = document.definitions
            packages += nix.package_names(document)
        except DevkeelError:
            continue
        for item in items:
            value = document.value(item)
            if item.path[-1:] == ("enable",) and value is True and not item.conditions:
                enabled.append(nix.format_path(item.path[:-1]))
            if item.path[: len(wanted)] == wanted:
                found.append(_definition(document, item, value))
    return Survey(tuple(dict.fromkeys(packages)), tuple(dict.fromkeys(enabled)), tuple(found))


def _definition(document: nix.Document, item: nix.Definition, value: nix.Value) -> Definition:
    # None stands for "no data" in a result, so null is shown as source.
    literal = nix.is_literal(value) and value is not None
    return Definition(
        path=nix.format_path(item.path) + (".${…}" if item.computed else ""),
        file=document.name,
        line=document.place(item.node.start_byte).line or 1,
        value=value if literal else None,
        source=None if literal else document.source(item),
        condition=" && ".join(item.conditions) or None,
        comment=document.comment(item),
    )


def nothing_at(prefix: str, files: Mapping[str, bytes]) -> tuple[str, ...]:
    """Return what to know where nothing is declared at or below a prefix: what is declared, and the real options."""
    from devkeel.catalogue import option_paths  # noqa: PLC0415  (read where a prefix finds nothing)

    declared = [item.path for item in survey(files, None).definitions]
    told = [f"Nothing is declared at or below {prefix}."]
    close = difflib.get_close_matches(prefix, _prefixes(declared), 3, 0.7)
    if close:
        told.append(f"Declared under a similar name: {', '.join(close)}.")
    known = _prefixes(option_paths())
    if prefix not in known:
        close = difflib.get_close_matches(prefix, known, 3, 0.8)
        told += [f"devkeel knows no such option; similar: {', '.join(close)}."] if close else []
    return tuple(told)


def _prefixes(paths: Iterable[str]) -> set[str]:
    split = [path.split(".") for path in paths]
    return {".".join(names[:size]) for names in split for size in range(1, len(names) + 1)}
