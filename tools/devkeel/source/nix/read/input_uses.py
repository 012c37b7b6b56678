"""Where a file that a flake is made of uses one of its inputs: through `inputs`, or the `inputs'` of flake-parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.source.nix.read.literal import static_names
from devkeel.source.nix.read.scope import binder_of, enclosing_withs, inherited
from devkeel.source.nix.read.syntax import text

if TYPE_CHECKING:
    from tree_sitter import Node

    from devkeel.source.nix.read.document import Document

__all__ = ["input_uses"]

_SETS = frozenset({"inputs", "inputs'"})


def input_uses(document: Document, name: str) -> list[int]:
    """Return the lines on which a file uses an input of that name, each once."""
    data, found, waiting = document.data, dict[int, None](), [document.root]
    while waiting:
        node = waiting.pop()
        if _is_use(node, name, data):
            found[node.start_point[0] + 1] = None
        waiting += node.named_children
    return sorted(found)


def _is_use(node: Node, name: str, data: bytes) -> bool:
    if node.type == "select_expression":
        base, path = node.child_by_field_name("expression"), node.child_by_field_name("attrpath")
        return base is not None and path is not None and _is_set(base, data) and static_names(path, data)[0] == name
    if node.type == "inherit_from":
        source = node.child_by_field_name("expression")
        return source is not None and _is_set(source, data) and name in {taken for _, taken in inherited(node, data)}
    if node.type != "variable_expression" or text(node, data) != name:
        return False
    return binder_of(node, name, data) is None and not _SETS.isdisjoint(enclosing_withs(node, data))


def _is_set(node: Node, data: bytes) -> bool:
    return node.type == "variable_expression" and text(node, data) in _SETS
