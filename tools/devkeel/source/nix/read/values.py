"""What expressions stand for in one file: through parentheses and scopes, names of a let or a rec set, attributes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.source.nix.read.index import operator
from devkeel.source.nix.read.literal import bound_path, static_names
from devkeel.source.nix.read.scope import SETS, binder_of, bindings, count_uses, inherited
from devkeel.source.nix.read.syntax import text

if TYPE_CHECKING:
    from tree_sitter import Node

__all__ = ["attribute_of", "bare", "only_value", "result_of", "value_of"]

_INNER = {"parenthesized_expression": "expression"} | dict.fromkeys(
    ("let_expression", "with_expression", "assert_expression"), "body"
)
_MAX_NAMES = 20  # one name for another for another: what is behind more of them is not looked for


def bare(node: Node) -> Node:
    """Return what parentheses, a let, a with or an assert are about."""
    while node.type in _INNER and (inner := node.child_by_field_name(_INNER[node.type])) is not None:
        node = inner
    return node


def result_of(node: Node) -> Node:
    """Return what a function of one or more arguments gives, bare."""
    node = bare(node)
    while node.type == "function_expression" and (body := node.child_by_field_name("body")) is not None:
        node = bare(body)
    return node


def value_of(place: Node, name: str, data: bytes, depth: int = 0) -> Node | None:
    """Return the expression that a name stands for at a place, by a let or a rec set; None where it is none of them."""
    scope = binder_of(place, name, data)
    if scope is None or scope.type == "function_expression" or depth > _MAX_NAMES:
        return None
    for item in bindings(scope):
        if item.type == "binding":
            path = item.child_by_field_name("attrpath")
            if path is not None and static_names(path, data) == (name,):
                return item.child_by_field_name("expression")
        elif item.type == "inherit" and any(found == name for _, found in inherited(item, data)):
            return value_of(scope, name, data, depth + 1)
    return None


def attribute_of(node: Node, names: tuple[str, ...], data: bytes, depth: int = 0) -> list[Node]:
    """Return the values of an attribute of a set, as far as the text shows it."""
    node = result_of(node)
    if not names:
        return [node]
    if depth > _MAX_NAMES:
        return []
    if node.type == "variable_expression":
        value = value_of(node, text(node, data), data)
        return attribute_of(value, names, data, depth + 1) if value is not None else []
    if operator(node, data) == "//":
        sides = [node.child_by_field_name(side) for side in ("right", "left")]
        found = (attribute_of(side, names, data, depth + 1) for side in sides if side is not None)
        return next((values for values in found if values), [])
    items = bindings(node) if node.type in SETS else ()
    return [value for item in items for value in _bound(node, item, names, data, depth)]


def _bound(node: Node, item: Node, names: tuple[str, ...], data: bytes, depth: int) -> list[Node]:
    """Return the values that a binding or an inherit of a set has for an attribute."""
    if item.type == "binding":
        path, value = bound_path(item, data), item.child_by_field_name("expression")
        if value is None or path != names[: len(path)]:
            return []
        return attribute_of(value, names[len(path) :], data, depth + 1) if len(path) < len(names) else [value]
    if not any(name == names[0] for _, name in inherited(item, data)):
        return []
    source = item.child_by_field_name("expression")
    if source is not None:
        return attribute_of(source, names, data, depth + 1)
    value = value_of(node, names[0], data)
    if value is None:
        return []
    return attribute_of(value, names[1:], data, depth + 1) if len(names) > 1 else [value]


def only_value(node: Node, data: bytes) -> Node:
    """Return the expression that a shell's arguments are written in: what a name of a let stands for."""
    for _ in range(_MAX_NAMES):
        inner = bare(node)
        value = value_of(inner, text(inner, data), data) if inner.type == "variable_expression" else None
        if value is None or count_uses(value.parent or value, text(inner, data), data) != 1:
            return node
        node = value
    return node
