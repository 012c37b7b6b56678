"""Definitions of options that do not exist: as one mistake, with the names that each of them could have instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.deferred import Deferred
from devkeel.source.path import format_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.catalogue import near_misses
    from devkeel.checks.definition import JudgedDefinition
    from devkeel.errors import Diagnostic
    from devkeel.source import nix
else:
    near_misses = Deferred("devkeel.catalogue.near_misses")

__all__ = ["unknown_options"]


# What comes from an input with modules of its own may be newer or older than the catalogue.
_FOREIGN = frozenset({"git-hooks", "treefmt"})


def unknown_options(prefix: nix.AttrPath, definitions: list[JudgedDefinition]) -> Iterator[Diagnostic]:
    """Report the definitions below a name that is not declared: as one mistake, where one other name does for all."""
    first = definitions[0]
    sure = first.known.sure and prefix[0] not in _FOREIGN
    near = {id(item): _near(item, sure=sure) for item in definitions}
    own = len(first.item.path) == len(first.path)
    shared = _shared(prefix, definitions, near) if own else []
    if shared:
        rests = [(item.written[len(prefix) :], item) for item in definitions]
        able = [
            other
            for other in shared
            if other != prefix[: len(other)] and first.stays(prefix, other)
            if all(item.could_be((*prefix, *rest), (*other, *rest)) for rest, item in rests)
        ]
        yield _no_option(first, prefix, shared, able, sure=sure)
        return
    for item in definitions:
        if item.unknown is None:
            yield from item.check()
        elif sure or near[id(item)]:
            path = item.item.path
            able = [other for other in near[id(item)] if item.stays(path, other) and item.could_be(path, other)]
            yield _no_option(item, path, near[id(item)], able, sure=sure)


def _near(item: JudgedDefinition, *, sure: bool) -> list[nix.AttrPath]:
    if item.renamed is not None:
        return [item.renamed]
    value = item.document.value(item.item)
    return (
        near_misses.nearest(item.known.tree, item.path, value)
        if sure
        else near_misses.nearest(item.known.tree, item.path, value, within=near_misses.CLOSE)
    )


def _shared(
    prefix: nix.AttrPath, definitions: list[JudgedDefinition], near: dict[int, list[nix.AttrPath]]
) -> list[nix.AttrPath]:
    """Return the other paths that every definition below a prefix could have instead of it, the likeliest first."""
    found: dict[nix.AttrPath, None] = {}
    for item in definitions:
        rest = item.written[len(prefix) :]
        found |= {
            path[: len(path) - len(rest)]: None for path in near[id(item)] if path[len(path) - len(rest) :] == rest
        }
    return [other for other in found if other and all(_fits(item, prefix, other) for item in definitions)]


def _fits(item: JudgedDefinition, prefix: nix.AttrPath, other: nix.AttrPath) -> bool:
    found = item.known.tree.find((*other, *item.written[len(prefix) :]))
    return found.kind in ("option", "inside") and found.type.accepts(item.document.value(item.item)) is not False


def _no_option(
    item: JudgedDefinition, path: nix.AttrPath, near: list[nix.AttrPath], able: list[nix.AttrPath], *, sure: bool
) -> Diagnostic:
    nearest = f"; nearest: {', '.join(format_path(other) for other in near)}" if near else ""
    return item.diagnostic(
        "unknown_option",
        "error" if sure else "warning",
        f"there is no option {format_path(path)} ({item.known.source}){nearest}",
        tuple({"kind": "rename", "path": format_path(path), "to": format_path(other)} for other in able),
        path,
    )
