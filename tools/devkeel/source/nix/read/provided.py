"""The names that an expression of a flake's outputs gives: what `//` in front of it hides on its left."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.source.nix.read.index import operator
from devkeel.source.nix.read.literal import bound_path, read_value, static_names
from devkeel.source.nix.read.scope import SETS, bindings, inherited
from devkeel.source.nix.read.shell_makers import call_of
from devkeel.source.nix.read.syntax import text
from devkeel.source.nix.read.values import attribute_of, bare, result_of, value_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tree_sitter import Node

    from devkeel.source.nix.read.document import Document
    from devkeel.source.nix.read.flake_files import FlakeFiles

__all__ = ["Provided", "provided"]

# numtide/flake-utils, and what flakes call their own: the function gives the outputs of one system, and so their names.
_EACH = re.compile(r"each\w*System\w*|forEach\w*System\w*")
# nixpkgs, lib/attrsets.nix: they give the names of their last argument, or some of them, or none.
_ALL, _SOME = frozenset({"mapAttrs"}), frozenset({"filterAttrs", "mkIf", "optionalAttrs"})
_MAX_DEPTH = 20


class Provided(Struct, frozen=True):
    """First names of what an expression gives. sure: those that it has whatever holds; all: those that it may have."""

    sure: frozenset[str]
    all: frozenset[str]


def provided(files: FlakeFiles, document: Document, node: Node, *, top: bool, depth: int = 0) -> Provided | None:
    """Return the first names of what an expression gives; None where the text does not show all of them.

    top: whether it stands where the outputs themselves do, and not below the name of one.
    """
    return _Names(files, top).of(document, node, depth)


class _Names(Struct, frozen=True):
    files: FlakeFiles
    top: bool

    def of(self, document: Document, node: Node, depth: int) -> Provided | None:
        node, data = result_of(node), document.data
        if depth > _MAX_DEPTH or node.type in SETS:
            return _of_set(node, data) if node.type in SETS else None
        if operator(node, data) == "//":
            return self._together(document, _fields(node, "left", "right"), depth)
        if node.type == "if_expression":
            return self._either(document, _fields(node, "consequence", "alternative"), depth)
        if node.type == "variable_expression":
            value = value_of(node, text(node, data), data)
            return self._together(document, [value] if value is not None else [], depth)
        if node.type == "select_expression":
            base, path = node.child_by_field_name("expression"), node.child_by_field_name("attrpath")
            names = static_names(path, data) if path is not None else (None,)
            known = tuple(name for name in names if name is not None)
            whole = base is not None and len(known) == len(names)
            return self._together(document, attribute_of(base, known, data) if base and whole else [], depth)
        return self._of_call(document, node, depth)

    def _of_call(self, document: Document, node: Node, depth: int) -> Provided | None:
        call = call_of(node, document.data)
        if call is None:
            return None
        other = self.files.named_by(document, call.arguments[0]) if call.name == "import" else None
        if other is not None and other.expression is not None:
            return self.of(other, other.expression, depth + 1)
        last = call.arguments[-1]
        if call.name == "genAttrs":
            return _of_list(call.arguments[0], document.data)
        by_system = self.top and _EACH.fullmatch(call.name) and bare(last).type == "function_expression"
        if by_system or call.name in _ALL:
            return self.of(document, last, depth + 1)
        if call.name in _SOME:
            found = self.of(document, last, depth + 1)
            return Provided(frozenset(), found.all) if found is not None else None
        return self._together(document, [*call.arguments], depth) if call.name == "recursiveUpdate" else None

    def _each(self, document: Document, nodes: list[Node], depth: int) -> list[Provided]:
        """Return the names of each; nothing where those of one are not known."""
        found = [self.of(document, node, depth + 1) for node in nodes]
        known = [names for names in found if names is not None]
        return known if len(known) == len(found) else []

    def _together(self, document: Document, nodes: list[Node], depth: int) -> Provided | None:
        known = self._each(document, nodes, depth)
        none = frozenset[str]()
        sure, every = none.union(*(one.sure for one in known)), none.union(*(one.all for one in known))
        return Provided(sure, every) if known else None

    def _either(self, document: Document, nodes: list[Node], depth: int) -> Provided | None:
        known = self._each(document, nodes, depth)
        every = frozenset[str]().union(*(one.all for one in known))
        return Provided(every.intersection(*(one.sure for one in known)), every) if known else None


def _fields(node: Node, *names: str) -> list[Node]:
    return [child for name in names if (child := node.child_by_field_name(name)) is not None]


def _of_set(node: Node, data: bytes) -> Provided | None:
    found = set[str | None]()
    for item in bindings(node):
        found |= {bound_path(item, data)[0]} if item.type == "binding" else {name for _, name in inherited(item, data)}
    return None if None in found else _same({name for name in found if name is not None})


def _of_list(node: Node, data: bytes) -> Provided | None:
    names = read_value(bare(node), data)
    texts = {name for name in names if isinstance(name, str)} if isinstance(names, list) else set[str]()
    return _same(texts) if isinstance(names, list) and texts and all(isinstance(name, str) for name in names) else None


def _same(names: Iterable[str]) -> Provided:
    found = frozenset(names)
    return Provided(found, found)
