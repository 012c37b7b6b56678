"""What a Nix module says about one option: everything in it that could define, hide or bring in that option.

Two versions of a file that say the same here may differ in anything else. What cannot be looked into counts as it
is written, so that a change of it counts as a change of the option.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from devkeel.errors import DevkeelError
from devkeel.source import nix
from devkeel.source.nix.index import entries_of, related
from devkeel.source.nix.layers import call
from devkeel.source.nix.scope import SETS, bindings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tree_sitter import Node

    from devkeel.source.nix.index import Entry
    from devkeel.source.nix.path import AttrPath

__all__ = ["says_about"]

# Functions that add nothing where they wrap nothing; the others, mkForce before all, change what stays outside.
_HARMLESS = frozenset({"mkIf", "mkMerge", "mkDefault", "mkBefore", "mkAfter", "mkOrder", "optionalAttrs"})
_WRAPPERS = _HARMLESS | {"mkForce", "mkOverride", "mkVMOverride", "mkOptionDefault"}
_NAMING = frozenset({"with_expression", "assert_expression"})
_SCOPES = _NAMING | {"function_expression", "let_expression", "parenthesized_expression"}
# Names at the top of a module that decide which definitions there are.
_BRINGING = frozenset({"disabledModules", "_module"})
_PATH = re.compile(r"\.{1,2}/[\w./+-]+")
_WORD = re.compile(r"[A-Za-z_][\w'-]*")
_MAX_DEPTH = 20


def says_about(path: AttrPath, name: str, data: bytes, read: Callable[[str], bytes | None], depth: int = 0) -> object:
    """Return what a module says about an option path, to be compared; () for nothing.

    read: gives the bytes of a file that is imported, None where there is none.
    """
    document = nix.Document(data, name)
    if document.syntax_problems:
        return data
    return _Reader(path, document, read, depth).read()


class _Reader:
    """Reads one module; the result is a list of tokens, without comments and layout."""

    def __init__(self, path: AttrPath, document: nix.Document, read: Callable[[str], bytes | None], depth: int) -> None:
        self.path, self.document, self.read_file, self.depth = path, document, read, depth
        self.data = document.data

    def read(self) -> tuple[str, ...]:
        root = self.document.root.child_by_field_name("expression")
        told = [*self._value(root, ())] if root is not None else []
        # A name that is bound by a let says what its binding says.
        lets = [
            item
            for node in _descendants(self.document.root)
            if node.type == "let_expression"
            for item in bindings(node)
        ]
        waiting, seen = {*_WORD.findall(" ".join(told))}, set[int]()
        while waiting:
            new = [item for item in lets if item.id not in seen and waiting & self._bound(item)]
            seen |= {item.id for item in new}
            added = [token for item in new for token in self._tokens(item)]
            told += added
            waiting = {*_WORD.findall(" ".join(added))}
        return tuple(told)

    def _bound(self, binding: Node) -> set[str]:
        names = binding.child_by_field_name("attrpath") or binding
        return {*_WORD.findall(" ".join(self._tokens(names)))}

    def _tokens(self, node: Node) -> Iterator[str]:
        for item in _descendants(node):
            if item.child_count == 0 and item.type != "comment":
                yield self.data[item.start_byte : item.end_byte].decode("utf-8", "replace")

    def _value(self, node: Node, at: AttrPath) -> list[str]:
        """Return what a value at a path on the way to the option says about it."""
        if node.type in SETS:
            return self._set(node, at)
        inner = node.child_by_field_name("expression" if node.type == "parenthesized_expression" else "body")
        if node.type in _SCOPES and inner is not None:
            inside = self._value(inner, at)
            # What a `with` or an `assert` names may change what an expression in it means.
            named = [child for child in node.named_children if child.type != "comment"][:1]
            scope = [token for item in named if node.type in _NAMING for token in self._tokens(item)]
            return [*scope, *inside] if inside else []
        parts = self._parts(node)
        if parts:
            return [token for item in parts for token in self._value(item, at)]
        function, arguments = call(node, self.data)
        if function in _WRAPPERS and arguments:
            return self._call(function, arguments, at)
        return [*self._tokens(node)]

    @staticmethod
    def _parts(node: Node) -> list[Node]:
        """Return the elements of a list, or the operands of `//`."""
        if node.type == "list_expression":
            return node.children_by_field_name("element")
        operator = node.child_by_field_name("operator")
        sides = [node.child_by_field_name(name) for name in ("left", "right")]
        return [side for side in sides if side is not None] if operator is not None and operator.type == "//" else []

    def _call(self, function: str, arguments: list[Node], at: AttrPath) -> list[str]:
        inside = self._value(arguments[-1], at)
        if not inside and function in _HARMLESS:
            return []
        return [function, *(token for item in arguments[:-1] for token in self._tokens(item)), *inside]

    def _set(self, node: Node, at: AttrPath) -> list[str]:
        return [token for entry in entries_of(node, self.data) for token in self._entry(entry, at)]

    def _entry(self, entry: Entry, at: AttrPath) -> list[str]:
        names, value = entry.names, entry.node.child_by_field_name("expression")
        whole = [*self._tokens(_statement(entry.node))]
        if not at and names[:1] == ("imports",) and value is not None:
            return self._imports(value)
        if not at and names[:1] == ("config",):
            names = names[1:]
            if not names and value is None:
                return whole
        elif not at and names[:1] and names[0] in _BRINGING:
            return whole
        here = (*at, *names)
        if not related(here, self.path):
            return []
        if entry.computed or value is None or len(here) >= len(self.path):
            return whole
        inside = self._value(value, here)
        return [nix.format_path(here) if here else "config", *inside] if inside else []

    def _imports(self, value: Node) -> list[str]:
        if value.type != "list_expression":
            return [*self._tokens(value)]
        items = [" ".join(self._tokens(item)) for item in value.children_by_field_name("element")]
        return [item for item in items if not self._is_silent(item)]

    def _is_silent(self, item: str) -> bool:
        """Tell whether an import is a file of the project that says nothing about the option."""
        if self.depth > _MAX_DEPTH or not _PATH.fullmatch(item):
            return False
        base = posixpath.join(posixpath.dirname(self.document.name), item)
        for target in (posixpath.normpath(base), posixpath.normpath(posixpath.join(base, "default.nix"))):
            try:
                data = self.read_file(target)
            except DevkeelError:
                continue
            if data is not None:
                return not says_about(self.path, target, data, self.read_file, self.depth + 1)
        return False


def _statement(node: Node) -> Node:
    """Return the binding, or the whole inherit with what it takes from."""
    while node.type not in {"binding", "inherit", "inherit_from"} and node.parent is not None:
        node = node.parent
    return node


def _descendants(node: Node) -> Iterator[Node]:
    waiting = [node]
    while waiting:
        item = waiting.pop()
        yield item
        waiting += reversed(item.children)
