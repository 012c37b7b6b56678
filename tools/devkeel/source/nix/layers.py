"""The layers round a value: what the index sees through on the way to what a definition says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from devkeel.source.nix.scope import binding_of, count_uses
from devkeel.source.nix.syntax import text

if TYPE_CHECKING:
    from tree_sitter import Node

__all__ = ["Layers", "call", "peel"]

_ONE_ARGUMENT = frozenset({"mkDefault", "mkForce", "mkBefore", "mkAfter", "mkVMOverride", "mkOptionDefault"})
_TWO_ARGUMENTS = frozenset({"mkOverride", "mkOrder"})
_MAX_NAMES = 8  # one name for another for another: what is behind more of them is not looked for


@dataclass(frozen=True, slots=True)
class Layers:
    """A value without what is wrapped round it.

    core: the innermost expression. target: what to replace to give the value another content, wrappers kept.
    conditions: the sources of the mkIf conditions, outermost first. priority: the outermost mkDefault-like name.
    merge: the core is the list of an mkMerge. name: the variable through which it was reached. shared: that name
    is used elsewhere too.
    """

    core: Node
    target: Node
    conditions: tuple[str, ...] = ()
    priority: str | None = None
    merge: bool = False
    name: str | None = None
    shared: bool = False


def peel(node: Node, data: bytes) -> Layers:
    """Return the layers of a value; see the module's docstring for what is seen through."""
    conditions: list[str] = []
    priority: str | None = None
    target, name, shared = node, None, False
    names = 0
    for _ in range(1000):
        inner: Node | None = None
        if node.type == "parenthesized_expression":
            inner = node.child_by_field_name("expression")
        elif node.type in {"let_expression", "with_expression", "assert_expression"}:
            inner = node.child_by_field_name("body")
        elif node.type == "apply_expression":
            function, arguments = call(node, data)
            if function == "mkMerge" and len(arguments) == 1:
                items = peel(arguments[0], data)
                merge = items.core.type == "list_expression" and not items.conditions and items.name is None
                core = items.core if merge else node
                return Layers(core, target, tuple(conditions), priority, merge, name, shared)
            if function == "mkIf" and len(arguments) == 2:  # noqa: PLR2004
                conditions.append(text(arguments[0], data))
                inner = target = arguments[1]
            elif len(arguments) == (1 if function in _ONE_ARGUMENT else 2 if function in _TWO_ARGUMENTS else 0):
                priority = priority or function
                inner = target = arguments[-1]
        elif (
            node.type == "variable_expression"
            and names < _MAX_NAMES
            and (binding := binding_of(node, data)) is not None
        ):
            names += 1
            name = text(node, data)
            inner = binding.child_by_field_name("expression")
            once = count_uses(binding, name, data) == 1
            shared = shared or not once
            target = inner if inner is not None and not shared else target
        if inner is None:
            break
        node = inner
    return Layers(node, target, tuple(conditions), priority, False, name, shared)


def call(node: Node, data: bytes) -> tuple[str, list[Node]]:
    """Return the name of a curried call without `lib.`, and its arguments."""
    arguments: list[Node] = []
    while node.type == "apply_expression":
        argument, function = (node.child_by_field_name(name) for name in ("argument", "function"))
        if argument is None or function is None:
            break
        arguments.append(argument)
        node = function
    name = text(node, data)
    return name.removeprefix("pkgs.").removeprefix("lib."), arguments[::-1]
