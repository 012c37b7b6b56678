"""Nodes of a Nix file, as the survey of an option reads them."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from devkeel.source.nix.read.scope import binder_of, bindings, inherited
from devkeel.source.nix.read.syntax import text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

__all__ = [
    "callee",
    "defining",
    "descendants",
    "has_interpolation",
    "path_of",
    "statement",
    "tokens",
    "union",
]

_PATH = re.compile(r"\.{1,2}/[^\s\"'<>${}]*|\.{1,2}")
_LETS = ("let_expression", "let_attrset_expression", "rec_attrset_expression")
_SETTERS = frozenset({"recursiveUpdate", "mergeAttrs", "recursiveUpdateUntil"})


def descendants(node: Node) -> Iterator[Node]:
    """Yield a node and everything inside it, in the order of the text."""
    waiting = [node]
    while waiting:
        item = waiting.pop()
        yield item
        waiting += reversed(item.children)


def tokens(node: Node, data: bytes) -> str:
    """Return the text of a node without comments and layout."""
    found = (item for item in descendants(node) if item.child_count == 0 and item.type != "comment")
    return " ".join(data[item.start_byte : item.end_byte].decode("utf-8", "replace") for item in found)


def statement(node: Node) -> Node:
    """Return the binding, or the whole inherit with what it takes from."""
    while node.type not in {"binding", "inherit", "inherit_from"} and node.parent is not None:
        node = node.parent
    return node


def callee(node: Node, data: bytes) -> tuple[str, list[Node]]:
    """Return the last name of the function that is called, and its arguments."""
    arguments: list[Node] = []
    while node.type == "apply_expression":
        argument, function = (node.child_by_field_name(name) for name in ("argument", "function"))
        if argument is None or function is None:
            break
        arguments.append(argument)
        node = function
    named = node.type in {"variable_expression", "select_expression"}
    return text(node, data).rpartition(".")[2].strip() if named and arguments else "", arguments[::-1]


def union(node: Node, data: bytes) -> list[Node]:
    """Return the operands of `//`, or of a function that does the like; nothing for anything else."""
    operator = node.child_by_field_name("operator") if node.type == "binary_expression" else None
    if operator is not None and text(operator, data) == "//":
        sides = [node.child_by_field_name(name) for name in ("left", "right")]
        return [side for side in sides if side is not None]
    name, arguments = callee(node, data)
    return arguments[-2:] if name in _SETTERS and len(arguments) > 1 else []


def defining(node: Node, name: str, data: bytes) -> tuple[Node | None, list[Node]]:
    """Return the scope that binds a name at a node, and what in it binds the name."""
    scope = binder_of(node, name, data)
    if scope is None or scope.type not in _LETS:
        return scope, []
    found = []
    for item in bindings(scope):
        if item.type == "binding":
            head = item.child_by_field_name("attrpath")
            first = head.named_children[0] if head is not None and head.named_children else None
            # A computed name may be this one.
            own = first is None or text(first, data).strip('"') == name or first.type == "interpolation"
        else:
            own = any(other == name for _, other in inherited(item, data))
        found += [item] if own else []
    return scope, found


def has_interpolation(node: Node) -> bool:
    """Return whether a path is put together while it is evaluated."""
    return any(child.type == "interpolation" for child in node.named_children)


def path_of(node: Node, data: bytes, file: str) -> str | None:
    """Return where a relative path leads, from the root of the project; of a computed one, the folder it begins in."""
    source = text(node, data)
    computed = has_interpolation(node)
    source = source.partition("${")[0].rpartition("/")[0] + "/" if computed else source
    if not _PATH.fullmatch(source):
        return None
    return posixpath.normpath(posixpath.join(posixpath.dirname(file), source))
