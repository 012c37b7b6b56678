"""Functions and values that a flake.nix takes as arguments of its outputs, where Nix looks for flakes of these names.

Each argument of `outputs` is an input, also one that `inputs` does not declare and one with a default: it is looked for
in the registry (nix, src/libflake/flake.cc, `getFlake`: all formals but `self`). A function has its place under `lib`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.source.nix.read.flake import Outputs, flake_inputs, outputs_of
from devkeel.source.nix.read.literal import static_names
from devkeel.source.nix.read.scope import binder_of, inherited
from devkeel.source.nix.read.syntax import children_of_type, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

    from devkeel.source.nix.read.document import Document

__all__ = [
    "PassedArgument",
    "default_of",
    "inner_function",
    "passed_arguments",
    "undeclared_arguments",
    "unwrapped",
    "used_whole",
]

_SELF = "self"


# What no flake is. A set may be meant as one, and where null stands, one may be wanted.
_VALUES = frozenset(
    {"function_expression", "integer_expression", "float_expression", "string_expression", "indented_string_expression"}
    | {"list_expression"}
)


class PassedArgument(Struct, frozen=True):
    """What outputs take as an argument and no flake is. default: the text of what stands for it, if something does.

    line: of the argument. function: whether it certainly is one.
    """

    name: str
    line: int
    default: str | None
    function: bool


def undeclared_arguments(document: Document) -> dict[str, Node]:
    """Return the arguments of outputs that no input declares, in their order."""
    outputs = outputs_of(document)
    if outputs is None:
        return {}
    declared = flake_inputs(document)
    return {name: node for name, node in outputs.arguments.items() if name != _SELF and name not in declared}


def passed_arguments(document: Document) -> list[PassedArgument]:
    """Return the arguments of outputs that no input declares and that are certainly no flakes.

    One is called, or has a function, a number, a text or a list for its default. A flake can be called where it has
    `__functor`; the registry that Nix comes with has none that does.
    """
    outputs, found = outputs_of(document), list[PassedArgument]()
    for name, formal in undeclared_arguments(document).items() if outputs is not None else ():
        kind, value = default_of(formal, document.data)
        function = kind == "function_expression" or (outputs is not None and _is_called(outputs, name))
        if function or kind in _VALUES:
            found.append(PassedArgument(name, document.place(formal.start_byte).line or 1, value, function))
    return found


def default_of(formal: Node, data: bytes) -> tuple[str, str] | tuple[None, None]:
    """Return the kind of an argument's default and its text, with the remarks before it."""
    default = formal.child_by_field_name("default")
    if default is None:
        return None, None
    remarks = [item for item in children_of_type(formal, "comment") if item.end_byte <= default.start_byte]
    mark = next(children_of_type(formal, "?"), None)
    begin = mark.end_byte if remarks and mark is not None else default.start_byte
    return unwrapped(default).type, data[begin : default.end_byte].decode("utf-8", "replace").rstrip()


def inner_function(outputs: Outputs) -> Node | None:
    """Return the second function of outputs that take arguments in two steps: Nix takes it for no set of outputs."""
    body = outputs.node.child_by_field_name("body")
    return body if body is not None and unwrapped(body).type == "function_expression" else None


def unwrapped(node: Node) -> Node:
    """Return what is in parentheses."""
    while node.type == "parenthesized_expression" and (inner := node.child_by_field_name("expression")) is not None:
        node = inner
    return node


def _is_called(outputs: Outputs, name: str) -> bool:
    """Return whether an argument of outputs is called somewhere, itself and no attribute of it."""
    for node in _descendants(outputs.node):
        function = node.child_by_field_name("function") if node.type == "apply_expression" else None
        if function is None or (called := unwrapped(function)).type != "variable_expression":
            continue
        if text(called, outputs.data) == name and binder_of(called, name, outputs.data) == outputs.node:
            return True
    return False


def used_whole(outputs: Outputs, names: set[str]) -> Node | None:
    """Return where the set of all arguments is used other than by an attribute that is none of these names."""
    if outputs.universal is None:
        return None
    for node in _descendants(outputs.node):
        if node.type != "variable_expression" or text(node, outputs.data) != outputs.universal:
            continue
        if binder_of(node, outputs.universal, outputs.data) != outputs.node:
            continue
        taken = _taken(node, outputs.data)
        if taken is None or taken & names:
            return node
    return None


def _taken(node: Node, data: bytes) -> set[str] | None:
    """Return the attributes that are taken of a set where it stands, None where that is not written out."""
    place = node.parent
    if place is None:
        return None
    if place.type == "inherit_from":
        return {name for _, name in inherited(place, data)}
    path = place.child_by_field_name("attrpath") if place.type == "select_expression" else None
    first = static_names(path, data)[0] if path is not None else None
    return None if first is None else {first}


def _descendants(node: Node) -> Iterator[Node]:
    """Yield a node and what is in it, in the order of the text."""
    stack = [node]
    while stack:
        item = stack.pop()
        yield item
        stack += reversed(item.named_children)
