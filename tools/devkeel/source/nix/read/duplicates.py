"""Attributes that a set defines twice, looked for round one path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.source.nix.read.index import related
from devkeel.source.nix.read.scope import SETS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

    from devkeel.source.nix.read.document import Document
    from devkeel.source.nix.read.index import Attribute
    from devkeel.source.nix.read.syntax import Problem
    from devkeel.source.path import AttrPath
from devkeel.source.nix.read.rejections import DEEP, Table, bare_set, register, twice

__all__ = ["duplicates_at"]


def duplicates_at(document: Document, path: AttrPath) -> Iterator[Problem]:
    """Yield clashes among the attributes that are related to one raw path."""
    for container in document.focus(path).containers:
        table: Table = {}
        stack = [(entry, table, container.path) for entry in _at(document, container.node, container.path, path)]
        while stack:
            entry, table, prefix = stack.pop()
            names = prefix + entry.names
            value = entry.node.child_by_field_name("expression") if entry.node.type == "binding" else None
            bare = bare_set(value) if value is not None else None
            is_set = bare is not None and bare.type in SETS
            inner, clash = register(table, entry.names, is_set=is_set)
            if clash:
                yield twice(prefix + entry.names[:clash], entry.node)
            if bare is not None and is_set and len(names) < DEEP:
                stack += [(item, inner, names) for item in _at(document, bare, names, path)]


def _at(document: Document, node: Node, prefix: AttrPath, path: AttrPath) -> Iterator[Attribute]:
    """Yield the entries of a set that are related to a path, the last one first."""
    rest = path[len(prefix) :]
    return (item for item in reversed(document.entries(node)) if not item.computed and related(item.names, rest))
