"""A survey of the declaration: what is defined where, which packages, what is enabled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from devkeel.errors import DevkeelError
from devkeel.project.root import DECLARATION_FILES
from devkeel.source import nix

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["DefinitionView", "Survey", "survey"]


class Survey(Struct, frozen=True):
    """Packages as named, what is enabled, every definition; what does not parse or is no module contributes nothing."""

    packages: tuple[str, ...]
    enabled: tuple[str, ...]
    definitions: tuple[DefinitionView, ...]


def survey(files: Mapping[str, bytes], prefix: str | None) -> Survey:
    """Return what the Nix files of a declaration say; `prefix` keeps definitions at and below an option path."""
    wanted = nix.parse_path(prefix) if prefix else ()
    packages, enabled, found = list[str](), list[str](), list[DefinitionView]()
    for name, data in sorted(files.items()):
        if not name.endswith(".nix"):
            continue
        document = nix.Document(data, name)
        if name not in DECLARATION_FILES and nix.never_module(document) is not None:
            continue
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


def _definition(document: nix.Document, item: nix.Definition, value: nix.Value) -> DefinitionView:
    # None stands for "no data" in a result, so null is shown as source.
    literal = nix.is_literal(value) and value is not None
    return DefinitionView(
        path=nix.format_path(item.path) + (".${…}" if item.computed else ""),
        file=document.name,
        line=document.place(item.node.start_byte).line or 1,
        value=value if literal else None,
        source=None if literal else document.source(item),
        condition=" && ".join(item.conditions) or None,
        comment=document.comment(item),
    )


class DefinitionView(Struct, frozen=True):
    """One definition: option path, file, line; `value` where it is literal data, else `source`.

    `condition` is the Nix text of the `mkIf` conditions that it stands under; `comment` belongs to it.
    """

    path: str
    file: str
    line: int
    value: Any = None
    source: str | None = None
    condition: str | None = None
    comment: str | None = None
