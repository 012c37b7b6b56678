"""Captures: the attributes of a `rec` set are names to its other values, so that a new or a lost one changes them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from devkeel.source.nix.read.globals import GLOBALS
from devkeel.source.nix.read.literal import static_names
from devkeel.source.nix.read.scope import binder_of, bindings, bound_names, enclosing_withs, inherited
from devkeel.source.nix.read.syntax import text
from devkeel.source.path import format_path
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tree_sitter import Node

    from devkeel.source.nix.read.document import Document
    from devkeel.source.nix.read.index import Container
    from devkeel.source.path import AttrPath

__all__ = ["refuse_capture", "refuse_loss", "uses"]

_SCOPES = frozenset({"let_expression", "rec_attrset_expression", "function_expression"})


def uses(scope: Node, name: str, data: bytes) -> Iterator[Node]:
    """Yield where a name is used in a scope and not bound further inside, also under `with`, which never shadows."""
    own = {item.id for item in bindings(scope)}
    stack = [scope]
    while stack:
        node = stack.pop()
        if name.encode() not in data[node.start_byte : node.end_byte]:
            continue
        if node.type == "variable_expression":
            if text(node, data) == name:
                yield node
        elif node.type == "inherit":
            # `inherit x;` takes x from outside of the set that it stands in.
            if node.id not in own:
                yield from (attribute for attribute, found in inherited(node, data) if found == name)
        elif node != scope and node.type in _SCOPES and name in bound_names(node, data):
            stack += [item for item in bindings(node) if item.type == "inherit"]
        else:
            stack += node.named_children


def refuse_capture(document: Document, container: Container, name: str, inside: Iterable[Node] = ()) -> None:
    """Refuse a new attribute of a rec set that something in it, or in a new value, would mean then."""
    if not container.recursive or any(entry.names[:1] == (name,) for entry in document.entries(container.node)):
        return
    use = next(uses(container.node, name, document.data), None)
    if use is not None or next(iter(inside), None) is not None:
        raise document.refuse(
            "captured_name",
            f"In this rec set a new attribute {name!r} would change what values refer to.",
            use or container.node,
        )


def refuse_loss(document: Document, path: AttrPath, gone: Iterable[Node], *, kept: bool = False) -> None:
    """Refuse to take an attribute from a rec set that other values use: they would mean something else then.

    path: the raw path that goes. gone: its definitions; what they use counts only if it is `kept`. Where nothing else
    has the name, the undefined variable is found by the proof.
    """
    gone = list(gone)
    for container in document.focus(path).containers:
        rest = path[len(container.path) :]
        if not container.recursive or not rest or path[: len(container.path)] != container.path:
            continue
        entries = [entry.node for entry in document.entries(container.node) if entry.names[:1] == rest[:1]]
        lost = all(entry in gone for entry in entries)
        for use in uses(container.node, rest[0], document.data):
            if not kept and any(node.start_byte <= use.start_byte < node.end_byte for node in gone):
                continue
            silent = partial(_resolves_elsewhere, container.node) if lost else _selects
            if silent(use, rest, document.data):
                raise document.refuse(
                    "captured_name",
                    f"Another value of this rec set uses {format_path(rest)} and would mean something else without it.",
                    use,
                    f"Change the values that use it first, or write this change with {do('patch')}.",
                )


def _resolves_elsewhere(scope: Node, use: Node, rest: AttrPath, data: bytes) -> bool:
    """Return whether a use would silently have another meaning without the scope's attribute."""
    name = rest[0]
    return name in GLOBALS or binder_of(scope, name, data) is not None or bool(enclosing_withs(use, data))


def _selects(use: Node, rest: AttrPath, data: bytes) -> bool:
    """Return whether a use goes on to the attribute that is lost: `env.A` where `env` stays."""
    parent = use.parent
    path = parent.child_by_field_name("attrpath") if parent is not None and parent.type == "select_expression" else None
    return path is not None and static_names(path, data)[: len(rest) - 1] == rest[1:]
