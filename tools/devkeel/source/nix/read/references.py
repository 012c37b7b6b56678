"""Which packages of nixpkgs a module names: `pkgs.NAME`, and bare names where `with pkgs` alone gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.source.nix.read.literal import static_names
from devkeel.source.nix.read.scope import bound_names, enclosing_withs, is_bound
from devkeel.source.nix.read.syntax import text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

    from devkeel.source.nix.read.document import Document

__all__ = ["Reference", "package_references"]

_PKGS = "pkgs"


class Reference(Struct, frozen=True):
    """A package that is named: its attribute path below `pkgs`, and the byte range of that path."""

    names: tuple[str, ...]
    start: int
    end: int


def package_references(document: Document) -> list[Reference]:
    """Return the packages that a module takes from its `pkgs` argument, in the order of the file.

    None where `pkgs` is something of the file's own. A path with a computed name counts as far as it is known; one
    that has a default (`or`) or is only asked for (`?`) does not count.
    """
    if document.function is None or _PKGS not in bound_names(document.function, document.data):
        return []
    return sorted(_references(document), key=lambda item: item.start)


def _references(document: Document) -> Iterator[Reference]:
    stack = [document.root]
    while stack:
        node = stack.pop()
        if node.type in {"let_expression", "function_expression"} and _rebinds(node, document):
            continue
        if node.type == "has_attr_expression":
            continue
        if node.type == "select_expression":
            found = _selected(node, document)
            if found is not None:
                yield found
        elif node.type == "variable_expression" and _element(node) and _from_with(node, document.data):
            yield Reference((text(node, document.data),), node.start_byte, node.end_byte)
        stack.extend(node.named_children)


def _rebinds(node: Node, document: Document) -> bool:
    """Return whether a let or an inner function gives `pkgs` another meaning."""
    return node != document.function and _PKGS in bound_names(node, document.data)


def _selected(node: Node, document: Document) -> Reference | None:
    base, path = node.child_by_field_name("expression"), node.child_by_field_name("attrpath")
    if base is None or path is None or node.child_by_field_name("default") is not None:
        return None
    if base.type != "variable_expression":
        return None
    names = _static(path, document.data)
    if not names:
        return None
    name = text(base, document.data)
    if name == _PKGS:
        return Reference(names, path.start_byte, path.end_byte)
    if _element(node) and _from_with(base, document.data):
        return Reference((name, *names), node.start_byte, node.end_byte)
    return None


def _element(node: Node) -> bool:
    return node.parent is not None and node.parent.type == "list_expression"


def _static(path: Node, data: bytes) -> tuple[str, ...]:
    names = static_names(path, data)
    known = names[: names.index(None)] if None in names else names
    return tuple(name for name in known if name is not None)


def _from_with(node: Node, data: bytes) -> bool:
    """Return whether a name is in scope only by `with pkgs`."""
    # nix, src/libexpr/nixexpr.cc, `ExprVar::bindVars`: a name that is bound goes before any `with`.
    return enclosing_withs(node, data) == [_PKGS] and not is_bound(node, text(node, data), data)
