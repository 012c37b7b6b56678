"""What a call makes a development shell of: nixpkgs' mkShell and its kind, numtide's devshell, devenv's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from msgspec import Struct

from devkeel.source.nix.read.literal import static_names
from devkeel.source.nix.read.scope import binder_of, binding_of, bindings, enclosing_environments, inherited
from devkeel.source.nix.read.syntax import text
from devkeel.source.nix.read.values import bare, value_of

if TYPE_CHECKING:
    from tree_sitter import Node

__all__ = ["Kind", "ShellCall", "call_of", "kind_of"]

Kind: TypeAlias = Literal["shell", "derivation", "module", "devenv"]

# nixpkgs, pkgs/build-support/mkshell: `packages` beside the inputs of a derivation; crane's devShell and make-shell
# take them too.
_SHELLS = frozenset({"mkShell", "mkShellNoCC", "devShell", "make-shell"})
# nixpkgs, pkgs/stdenv/generic/make-derivation.nix, and what hands its arguments on to it.
_DERIVATIONS = frozenset({"mkDerivation", "shellFor", "overrideAttrs", "buildPythonPackage", "buildRustPackage"})
_OVERRIDES = frozenset({"override", "overrideAttrs"})


class ShellCall(Struct, frozen=True):
    """A call: what is called, its last name, the source of what that hangs on, and the arguments in order.

    base: the expression before the name, None for a bare one.
    """

    node: Node
    function: Node
    name: str
    base: Node | None
    arguments: tuple[Node, ...]

    def owner(self, data: bytes) -> str:
        """Return the source of what the function is taken from, through `inherit (X) mkShell;` and `with X;`."""
        if self.base is not None:
            names = text(self.function, data).rpartition(".")[0].removesuffix(".override")
            names = names if self.name not in _OVERRIDES else names.rpartition(".")[0]
            return names.removesuffix(".mkShell").removesuffix(".mkShellNoCC")
        scope = binder_of(self.function, self.name, data)
        if scope is None:
            found = enclosing_environments(self.function)
            return text(found[0], data) if found else ""
        for item in bindings(scope) if scope.type != "function_expression" else ():
            if item.type == "inherit_from" and any(name == self.name for _, name in inherited(item, data)):
                source = item.child_by_field_name("expression")
                return text(source, data) if source is not None else ""
        binding = binding_of(self.function, data)
        value = binding.child_by_field_name("expression") if binding is not None else None
        return text(value, data).rpartition(".")[0] if value is not None and value.type == "select_expression" else ""


def call_of(node: Node, data: bytes) -> ShellCall | None:
    """Return the call that an expression is; `x.override { … } { … }` is one of `x` with its last arguments."""
    first = node
    arguments: list[Node] = []
    while node.type == "apply_expression":
        function, argument = (node.child_by_field_name(name) for name in ("function", "argument"))
        if function is None or argument is None:
            return None
        arguments.append(argument)
        node = bare(function) if function.type == "parenthesized_expression" else function
    if not arguments:
        return None
    arguments.reverse()
    if node.type == "variable_expression":
        return ShellCall(first, node, text(node, data), None, tuple(arguments))
    base, path = node.child_by_field_name("expression"), node.child_by_field_name("attrpath")
    if node.type != "select_expression" or base is None or path is None:
        return None
    names = static_names(path, data)
    if names[-1] in _OVERRIDES and len(arguments) > 1 and len(names) > 1:
        return ShellCall(first, node, names[-2] or "", base, tuple(arguments[1:]))
    return ShellCall(first, node, names[-1] or "", base, tuple(arguments))


def kind_of(call: ShellCall, data: bytes) -> Kind | None:
    """Return what kind of shell a call makes, None where its function is not known to make one."""
    owner = call.owner(data)
    value = value_of(call.function, call.name, data) if call.base is None else None
    if value is not None and bare(value).type == "function_expression":
        return None  # a function of the file's own, which may do anything with what it is given
    if call.name in _SHELLS:
        whole = f"{owner}.{call.name}".lower()
        if call.name == "mkShell" and "devenv" in whole:
            return "devenv"
        return (
            "module"
            if ("devshell" in owner.lower() and call.name == "mkShell") or call.name == "make-shell"
            else "shell"
        )
    return "derivation" if call.name in _DERIVATIONS else None
