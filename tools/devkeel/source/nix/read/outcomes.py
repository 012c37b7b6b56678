"""What a value may come to: the branches of its conditions that are not literally false, each as data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.source.nix.read.index import operator
from devkeel.source.nix.read.layers import call, is_wrapper
from devkeel.source.nix.read.literal import Expression, read_value
from devkeel.source.nix.read.scope import binding_of
from devkeel.source.nix.read.syntax import parse, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

    from devkeel.source.nix.read.literal import Value

__all__ = ["is_never", "never_reached", "outcomes"]

_MAX_DEPTH = 50  # a let name that refers to itself ends here
_BODIES = frozenset({"let_expression", "with_expression", "assert_expression"})
# nixpkgs, lib/attrsets.nix, lists.nix, strings.nix: what these are where their condition does not hold.
_EMPTY: dict[str, Value] = {"optionalAttrs": {}, "optionals": [], "optional": [], "optionalString": ""}
_CONDITIONAL = frozenset({"mkIf", *_EMPTY})


def outcomes(node: Node, data: bytes, depth: int = 0) -> Iterator[Value]:
    """Yield what a value may be, an `Expression` for what is computed; nothing where no condition ever lets it count.

    Of lists that are joined each is an outcome of its own: a part of the value.
    """
    if depth > _MAX_DEPTH:
        return
    inner = _same_as(node, data)
    if inner is not None:
        yield from outcomes(inner, data, depth + 1)
    elif node.type == "if_expression":
        for branch in _branches(node, data):
            yield from outcomes(branch, data, depth + 1)
    elif node.type == "apply_expression":
        yield from _of_call(node, data, depth)
    elif operator(node, data) == "++":
        for side in (node.child_by_field_name("left"), node.child_by_field_name("right")):
            if side is not None:
                yield from (item for item in outcomes(side, data, depth + 1) if isinstance(item, (list, Expression)))
    else:
        yield read_value(node, data)


def never_reached(node: Node, data: bytes) -> bool:
    """Return whether something round a node has a condition that is literally false, so that Nix never looks at it."""
    child, parent = node, node.parent
    while parent is not None:
        if parent.type == "if_expression":
            dead = child != parent.child_by_field_name("condition") and child not in _branches(parent, data)
        else:
            function, arguments = call(parent, data) if parent.type == "apply_expression" else ("", [])
            dead = (
                function in _CONDITIONAL
                and len(arguments) == 2  # noqa: PLR2004
                and child == arguments[1]
                and _truth(arguments[0], data) is False
            )
        if dead:
            return True
        child, parent = parent, parent.parent
    return False


def is_never(condition: str) -> bool:
    """Return whether the source of a condition is literally false."""
    data = condition.encode()
    return b"false" in data and _truth(parse(data).root_node, data) is False


def _same_as(node: Node, data: bytes) -> Node | None:
    """Return the node that has the value of another: inside of parentheses, a `let`, or what a name stands for."""
    if node.type == "parenthesized_expression":
        return node.child_by_field_name("expression")
    if node.type in _BODIES:
        return node.child_by_field_name("body")
    if node.type == "variable_expression":
        binding = binding_of(node, data)
        return binding.child_by_field_name("expression") if binding is not None else None
    return None


def _of_call(node: Node, data: bytes, depth: int) -> Iterator[Value]:
    function, arguments = call(node, data)
    if is_wrapper(function, arguments):  # taken away before the type is looked at
        yield from outcomes(arguments[-1], data, depth + 1)
    elif function in _CONDITIONAL and len(arguments) == 2:  # noqa: PLR2004
        holds = _truth(arguments[0], data)
        if holds is not True and function in _EMPTY:
            yield _EMPTY[function]
        if holds is not False and function == "optional":
            yield [read_value(arguments[1], data)]
        elif holds is not False:
            yield from outcomes(arguments[1], data, depth + 1)
    else:
        yield read_value(node, data)


def _branches(node: Node, data: bytes) -> list[Node]:
    """Return the branches of an `if` that its condition leaves open."""
    condition = node.child_by_field_name("condition")
    holds = _truth(condition, data) if condition is not None else None
    names = [name for name, dead in (("consequence", False), ("alternative", True)) if holds is not dead]
    return [branch for name in names if (branch := node.child_by_field_name(name)) is not None]


def _truth(node: Node, data: bytes, depth: int = 0) -> bool | None:
    """Return what a condition is wherever it is evaluated, None where that is computed."""
    if depth > _MAX_DEPTH:
        return None
    inner = node.named_children[0] if node.type == "source_code" and node.named_children else _same_as(node, data)
    if inner is not None:
        return _truth(inner, data, depth + 1)
    if node.type == "unary_expression" and text(node, data).startswith("!"):
        holds = _truth(node.named_children[-1], data, depth + 1)
        return None if holds is None else not holds
    decisive = {"&&": False, "||": True}.get(operator(node, data))
    if decisive is not None:
        sides = [node.child_by_field_name(field) for field in ("left", "right")]
        found = [_truth(side, data, depth + 1) if side is not None else None for side in sides]
        return decisive if decisive in found else None if None in found else not decisive
    return {"true": True, "false": False}.get(text(node, data)) if node.type == "variable_expression" else None
