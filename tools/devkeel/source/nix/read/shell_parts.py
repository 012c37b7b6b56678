"""What holds shells in the outputs of a flake: the parts of an expression, and the arguments that a call hands on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.source.nix.read.scope import SETS, bindings
from devkeel.source.nix.read.shell_makers import ShellCall, call_of
from devkeel.source.nix.read.syntax import text
from devkeel.source.nix.read.values import bare, result_of, value_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

__all__ = ["condition_of", "hands_on", "is_empty", "made_of", "short"]

# nixpkgs, lib/attrsets.nix, and flake-utils: calls that give the sets they are given, or the same names.
_HANDED_ON = frozenset(
    {"filterAttrs", "flattenTree", "foldl'", "mapAttrs", "mapAttrs'", "mkDefault", "mkForce", "mkMerge"}
    | {"recurseIntoAttrs", "recursiveUpdate", "recursiveUpdateUntil", "removeAttrs"}
)
# What they are given is there under a condition, which decides whether there is a shell at all.
_OPTIONAL = frozenset({"optionalAttrs", "mkIf"})
_NAMES = frozenset({"string_expression", "select_expression", "variable_expression"})
_ENDS = frozenset({"throw", "abort"})
_SHOWN = 60


def made_of(node: Node, data: bytes) -> Iterator[tuple[Node, str | None, str | None]]:
    """Yield what an expression is one of or is put together from, each with the condition that it stands under.

    The condition is the last one where there is nothing else in its place.
    """
    if node.type == "if_expression":
        condition = node.child_by_field_name("condition")
        told = text(condition, data) if condition is not None else "if"
        found = [node.child_by_field_name(field) for field in ("consequence", "alternative")]
        branches = [branch for branch in found if branch is not None and not _is_nothing(branch, data)]
        yield from ((branch, told, None) if len(branches) > 1 else (branch, None, told) for branch in branches)
    elif node.type == "list_expression":
        yield from ((element, None, None) for element in node.children_by_field_name("element"))
    elif node.type == "variable_expression":
        value = value_of(node, text(node, data), data)
        yield from ((item, None, None) for item in (value,) if item is not None)


def hands_on(call: ShellCall | None, argument: Node) -> bool:
    """Return whether what a call gives has the shells that an argument of it has, or that an argument gives."""
    if call is None or argument.type in _NAMES:
        return False
    last = argument == bare(call.arguments[-1])
    return argument.type == "function_expression" or call.name in _HANDED_ON or (call.name in _OPTIONAL and last)


def condition_of(call: ShellCall | None, data: bytes) -> str | None:
    """Return the condition under which a call gives its last argument, None where it has none."""
    known = call is not None and call.name in _OPTIONAL and len(call.arguments) > 1
    return short(call.arguments[0], data) if call is not None and known else None


def is_empty(node: Node) -> bool:
    node = result_of(node)
    return node.type in SETS and not any(True for _ in bindings(node))


def _is_nothing(node: Node, data: bytes) -> bool:
    """Return whether a branch gives no shell: an empty set, null, or a call of throw or abort."""
    call = call_of(bare(node), data)
    return is_empty(node) or text(bare(node), data) == "null" or (call is not None and call.name in _ENDS)


def short(node: Node, data: bytes) -> str:
    source = " ".join(text(node, data).split())
    return f"{source[:_SHOWN]} …" if len(source) > _SHOWN else source
