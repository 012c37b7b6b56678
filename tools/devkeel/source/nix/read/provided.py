"""The names that an expression of a flake's outputs gives: what `//` in front of it hides on its left."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from devkeel.source.nix.read.index import operator
from devkeel.source.nix.read.literal import bound_path, read_value
from devkeel.source.nix.read.scope import SETS, bindings, inherited
from devkeel.source.nix.read.shell_makers import call_of
from devkeel.source.nix.read.syntax import text
from devkeel.source.nix.read.values import attribute_of, bare, result_of, value_of

if TYPE_CHECKING:
    from tree_sitter import Node

    from devkeel.source.nix.read.document import Document
    from devkeel.source.nix.read.flake_files import FlakeFiles

__all__ = ["provided"]

# numtide/flake-utils, and what flakes call their own: the function gives the outputs of one system, and so their names.
_EACH = re.compile(r"each\w*System\w*|forEach\w*System\w*")
_LAST = frozenset({"optionalAttrs", "mkIf", "mapAttrs", "filterAttrs"})
_MAX_DEPTH = 20


def provided(files: FlakeFiles, document: Document, node: Node, depth: int = 0) -> frozenset[str] | None:
    """Return the first names of what an expression gives; None where the text does not show all of them."""
    node, data = result_of(node), document.data
    if depth > _MAX_DEPTH:
        return None
    if node.type in SETS:
        return _of_set(node, data)
    fields = ("left", "right") if operator(node, data) == "//" else ("consequence", "alternative")
    sides = [side for field in fields if (side := node.child_by_field_name(field)) is not None]
    if operator(node, data) == "//" or node.type == "if_expression":
        return _together(files, document, sides, depth)
    if node.type == "variable_expression":
        value = value_of(node, text(node, data), data)
        return provided(files, document, value, depth + 1) if value is not None else None
    if node.type == "select_expression":
        base, path = node.child_by_field_name("expression"), node.child_by_field_name("attrpath")
        names = tuple(text(path, data).split(".")) if path is not None else ()
        return _together(files, document, attribute_of(base, names, data) if base is not None else [], depth)
    return _of_call(files, document, node, depth)


def _of_call(files: FlakeFiles, document: Document, node: Node, depth: int) -> frozenset[str] | None:
    call = call_of(node, document.data)
    if call is None:
        return None
    other = files.named_by(document, call.arguments[0]) if call.name == "import" else None
    if other is not None and other.expression is not None:
        return provided(files, other, other.expression, depth + 1)
    last = call.arguments[-1]
    if call.name == "genAttrs":
        names = read_value(bare(call.arguments[0]), document.data)
        texts = [name for name in names if isinstance(name, str)] if isinstance(names, list) else []
        return frozenset(texts) if texts and isinstance(names, list) and len(texts) == len(names) else None
    if (_EACH.fullmatch(call.name) and bare(last).type == "function_expression") or call.name in _LAST:
        return provided(files, document, last, depth + 1)
    return _together(files, document, [*call.arguments], depth) if call.name == "recursiveUpdate" else None


def _of_set(node: Node, data: bytes) -> frozenset[str] | None:
    found = set[str | None]()
    for item in bindings(node):
        found |= {bound_path(item, data)[0]} if item.type == "binding" else {name for _, name in inherited(item, data)}
    return None if None in found else frozenset(name for name in found if name is not None)


def _together(files: FlakeFiles, document: Document, nodes: list[Node], depth: int) -> frozenset[str] | None:
    found = [provided(files, document, node, depth + 1) for node in nodes]
    known = [names for names in found if names is not None]
    return frozenset[str]().union(*known) if known and len(known) == len(found) else None
