"""A flake.nix as Nix takes it: inputs that are written out, and outputs as a function of them.

Nix evaluates neither: an input is a literal set, and outputs a function whose named arguments it reads; one that no
input has becomes an input by itself, from the registry (nix, src/libflake/flake.cc, `readFlake`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from devkeel.source.nix.read.literal import Expression, read_value, static_names
from devkeel.source.nix.read.packages import selected
from devkeel.source.nix.read.scope import SETS, binder_of, enclosing_withs, inherited
from devkeel.source.nix.read.syntax import children_of_type, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

    from devkeel.source.nix.read.document import Document
    from devkeel.source.nix.read.index import Definition
    from devkeel.source.path import AttrPath

__all__ = [
    "INPUTS",
    "Outputs",
    "computed_inputs",
    "flake_inputs",
    "outputs_of",
    "require_written_out",
    "value_of_input",
]

INPUTS = "inputs"
_SELF = "self"


class Outputs(Struct, frozen=True):
    """The function of a flake's outputs. universal: the name that stands for all arguments, if there is one."""

    node: Node
    data: bytes
    formals: Node | None
    universal: str | None

    @property
    def arguments(self) -> dict[str, Node]:
        """The named arguments, in their order; a comma at the end is read as one without a name."""
        found = {}
        for formal in children_of_type(self.formals, "formal") if self.formals is not None else ():
            name = formal.child_by_field_name("name")
            if name is not None and not name.is_missing:
                found[text(name, self.data)] = formal
        return found

    @property
    def closed(self) -> bool:
        """Whether it takes no arguments but those that it names."""
        return self.formals is not None and next(children_of_type(self.formals, "ellipses"), None) is None

    def uses(self, name: str) -> list[Node]:
        """Return where an input is used: by its argument, through that of all, or through `self.inputs`."""
        parts = [child for child in self.node.named_children if child.type != "identifier"]
        found = [node for part in parts for node in _descendants(part) if self._is_use(node, name)]
        return sorted(found, key=lambda node: node.start_byte)

    def borrowed(self, name: str) -> Node | None:
        """Return where a name comes from a `with`, which an argument of that name would hide."""
        found = (node for node in _descendants(self.node) if self._is_variable(node, name))
        return next((node for node in found if binder_of(node, name, self.data) is None), None)

    def _is_variable(self, node: Node, name: str) -> bool:
        return node.type == "variable_expression" and text(node, self.data) == name

    def _is_use(self, node: Node, name: str) -> bool:
        if self._is_variable(node, name):
            return self._owns(node, name) if name in self.arguments else self._through_with(node, name)
        if node.type == "select_expression":
            return self._of_all(node, name)
        if node.type == "inherit":
            place = node.parent.parent if node.parent is not None else None
            names = {found for _, found in inherited(node, self.data)}
            return place is not None and name in names and name in self.arguments and self._owns(place, name)
        if node.type == "inherit_from":
            source = node.child_by_field_name("expression")
            return source is not None and self._is_all(source) and name in {it for _, it in inherited(node, self.data)}
        return False

    def _owns(self, node: Node, name: str) -> bool:
        return binder_of(node, name, self.data) == self.node

    def _through_with(self, node: Node, name: str) -> bool:
        sources = {self.universal, f"{_SELF}.{INPUTS}"}
        return binder_of(node, name, self.data) is None and not sources.isdisjoint(enclosing_withs(node, self.data))

    def _is_all(self, node: Node) -> bool:
        """Return whether an expression is the set of all inputs."""
        if node.type == "variable_expression":
            return text(node, self.data) == self.universal and self._owns(node, text(node, self.data))
        found = selected(node, self.data)
        return found == (_SELF, (INPUTS,)) and self._owns(node, _SELF)

    def _of_all(self, node: Node, name: str) -> bool:
        base, path = node.child_by_field_name("expression"), node.child_by_field_name("attrpath")
        if base is None or path is None or base.type != "variable_expression":
            return False
        root, names = text(base, self.data), static_names(path, self.data)
        if root == self.universal:
            return (names[:1] == (name,) or names[:3] == (_SELF, INPUTS, name)) and self._owns(base, root)
        return root == _SELF and names[:2] == (INPUTS, name) and self._owns(base, root)


def outputs_of(document: Document) -> Outputs | None:
    """Return the function of a flake's outputs; None where it has none, or Nix would not take what stands there."""
    found = next((entry for entry in document.entries(document.body.core) if entry.names == ("outputs",)), None)
    value = found.node.child_by_field_name("expression") if found is not None else None
    node = _bare(value) if value is not None else None
    if node is None or node.type != "function_expression":
        return None
    universal = next((text(child, document.data) for child in node.children_by_field_name("universal")), None)
    return Outputs(node, document.data, node.child_by_field_name("formals"), universal)


def flake_inputs(document: Document) -> dict[str, Any]:
    """Return what a flake declares under `inputs`, as a tree; an `Expression` for what is not written out."""
    tree = dict[str, Any]()
    for item in document.focus((INPUTS,)).definitions:
        if item.raw[:1] != (INPUTS,) or len(item.raw) == 1:
            continue
        place = tree
        for name in item.raw[1:-1]:
            inner = place.setdefault(name, {})
            place = inner if isinstance(inner, dict) else {}
        value = value_of_input(item.value, document.data) if item.value is not None and not item.computed else None
        place[item.raw[-1]] = Expression(document.source(item)) if value is None else value
    return tree


def value_of_input(node: Node, data: bytes) -> Any:  # noqa: ANN401  (data of any kind)
    """Return the value of an attribute of an input; an address without quotes is the text that it is."""
    core = _bare(node)
    return text(core, data) if core.type == "uri_expression" else read_value(core, data)


def computed_inputs(document: Document) -> int | None:
    """Return the line where the inputs as a whole are computed, None where they are written out."""
    found = next(_computed_above(document, (INPUTS, "")), None)
    return None if found is None else document.place(found.node.start_byte).line


def require_written_out(document: Document, path: AttrPath) -> None:
    """Refuse what Nix refuses: inputs on the way to a path that are anything but literal sets.

    nix, src/libflake/flake.cc, `parseFlakeInputs` (`expectType`): what is not evaluated yet is no set.
    """
    for item in _computed_above(document, path):
        raise document.refuse(
            "opaque_value",
            f"{'.'.join(item.raw) or 'an attribute'} is computed, and Nix takes the inputs of a flake only where they "
            "are written out.",
            item.node,
        )


def _computed_above(document: Document, path: AttrPath) -> Iterator[Definition]:
    for item in document.focus(path).bindings:
        on_the_way = len(item.raw) < len(path) and item.raw == path[: len(item.raw)]
        if on_the_way and (item.computed or item.value is None or _bare(item.value).type not in SETS):
            yield item


def _bare(node: Node) -> Node:
    while node.type == "parenthesized_expression" and (inner := node.child_by_field_name("expression")) is not None:
        node = inner
    return node


def _descendants(node: Node) -> Iterator[Node]:
    stack = [node]
    while stack:
        item = stack.pop()
        yield item
        stack += item.named_children
