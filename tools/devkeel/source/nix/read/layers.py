"""The layers round a value: what the index sees through on the way to what a definition says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.source.nix.read.literal import static_names
from devkeel.source.nix.read.scope import binder_of, binding_of, bindings, count_uses, enclosing_withs, inherited
from devkeel.source.nix.read.syntax import text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tree_sitter import Node

__all__ = ["JOINS", "LISTS", "PRIORITIES", "Layers", "call", "is_wrapper", "peel", "strength"]

# nixpkgs, lib/modules.nix: mkVMOverride is mkOverride 10, mkForce 50, a definition without one 100, mkDefault 1000,
# mkOptionDefault 1500, and only those with the lowest number are merged (filterOverrides). mkOrder sorts what is
# merged: mkBefore 500, without one 1000, mkAfter 1500 (sortProperties).
PRIORITIES = {"mkVMOverride": 10, "mkForce": 50, "mkDefault": 1000, "mkOptionDefault": 1500}
_PLAIN = 100
_ARGUMENTS = dict.fromkeys((*PRIORITIES, "mkBefore", "mkAfter"), 1) | {"mkOverride": 2, "mkOrder": 2}
_MAX_NAMES = 8  # one name for another for another: what is behind more of them is not looked for


class Layers(Struct, frozen=True):
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


def is_wrapper(name: str, arguments: Sequence[object]) -> bool:
    """Return whether a call is its last argument with a priority or an order."""
    return name in _ARGUMENTS and len(arguments) == _ARGUMENTS[name]


def strength(layers: Layers | None) -> int:
    """Return the priority of a definition: the lower, the stronger. That of an mkOverride is taken for mkForce's."""
    name = layers.priority if layers is not None else None
    return PRIORITIES["mkForce"] if name == "mkOverride" else PRIORITIES.get(name or "", _PLAIN)


def peel(node: Node, data: bytes, *, names: bool = True) -> Layers:
    """Return the layers of a value; see the module's docstring for what is seen through.

    Without `names` a variable is what it is, and not what a `let` has under it.
    """
    conditions: list[str] = []
    priority: str | None = None
    target, name, shared = node, None, False
    passed = 0
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
            elif is_wrapper(function, arguments):
                priority = priority or function
                inner = target = arguments[-1]
        elif (
            names
            and node.type == "variable_expression"
            and passed < _MAX_NAMES
            and (binding := binding_of(node, data)) is not None
        ):
            passed += 1
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
    """Return the name of a curried call of a function that this module's readers know, and its arguments.

    The name is empty for any other function, one that the file itself calls `mkIf` included.
    """
    arguments: list[Node] = []
    while node.type == "apply_expression":
        argument, function = (node.child_by_field_name(name) for name in ("argument", "function"))
        if argument is None or function is None:
            break
        arguments.append(argument)
        node = function
    return _known_name(node, data) if arguments else "", arguments[::-1]


_KNOWN = {*_ARGUMENTS, "mkIf", "mkMerge", "optionalAttrs", "optionalString"}
# nixpkgs, lib/lists.nix, lib/attrsets.nix and lib/strings.nix: what makes a list, by its number of arguments.
_LISTS = {
    1: "attrNames attrValues concatLists flatten init naturalSort reverseList singleton tail toList unique",
    2: "attrVals catAttrs concatMap drop filter forEach genList imap0 imap1 intersectLists map mapAttrsToList optional "
    "optionals range remove replicate sort sortOn splitString subtractLists take",
}
LISTS = {name: size for size, names in _LISTS.items() for name in names.split()}
# lib/strings.nix: what joins the elements of a list, its last argument, into one text.
JOINS = {
    "concatLines": 1,
    "concatStrings": 1,
    "concatStringsSep": 2,
    "makeBinPath": 1,
    "makeIncludePath": 1,
    "makeLibraryPath": 1,
    "makeSearchPath": 2,
    "makeSearchPathOutput": 3,
}
_NIX = "attrNames attrValues catAttrs concatLists concatMap concatStringsSep filter genList map sort tail"
_BUILT_IN = frozenset(_NIX.split())
# nixpkgs' lib, as modules reach it.
_LIBRARY = re.compile(r"((inputs\.)?[\w-]*nixpkgs[\w-]*\.|([\w-]+\.)?pkgs\.)?lib(\.(lists|modules|attrsets|strings))?")


def _known_name(function: Node, data: bytes) -> str:
    """Return the name of a function of nixpkgs' lib or of Nix, or an empty string."""
    if function.type not in {"variable_expression", "select_expression"}:
        return ""
    *owner, name = text(function, data).split(".")
    if name not in _KNOWN and name not in LISTS and name not in JOINS:
        return ""
    if owner == ["builtins"]:
        return name if name in _BUILT_IN else ""
    if owner:
        own = owner[0] != "lib" or _is_library(function, data)
        return name if own and _LIBRARY.fullmatch(".".join(owner)) else ""
    scope = binder_of(function, name, data)
    if scope is None:
        withs = enclosing_withs(function, data)
        # builtins.map is in every scope by its own name, and `with lib` has the same one.
        return name if name == "map" or any(map(_LIBRARY.fullmatch, withs)) or "builtins" in withs else ""
    return name if _is_taken_from_library(scope, name, data) else ""


def _is_library(function: Node, data: bytes) -> bool:
    """Return whether `lib` is not something of the file's own."""
    scope = binder_of(function, "lib", data)
    if scope is None or scope.type == "function_expression":
        return True
    source, _ = _origin(scope, "lib", data)
    return re.search(r"(?<![\w'-])(pkgs|[\w-]*nixpkgs[\w-]*|lib)(?![\w'-])", source) is not None


def _is_taken_from_library(scope: Node, name: str, data: bytes) -> bool:
    """Return whether a scope has a name by `inherit (lib) NAME;` or `NAME = lib.NAME;`."""
    source, inherits = _origin(scope, name, data)
    owner, _, last = (source, "", name) if inherits else source.rpartition(".")
    return last == name and _LIBRARY.fullmatch(owner) is not None


def _origin(scope: Node, name: str, data: bytes) -> tuple[str, bool]:
    """Return the source that a scope takes a name from, and whether it inherits it."""
    for binding in bindings(scope):
        if binding.type == "binding":
            path, value = (binding.child_by_field_name(field) for field in ("attrpath", "expression"))
            if path is not None and value is not None and static_names(path, data) == (name,):
                return text(value, data), False
        elif binding.type == "inherit_from" and any(found == name for _, found in inherited(binding, data)):
            source = binding.child_by_field_name("expression")
            return (text(source, data) if source is not None else ""), True
    return "", False
