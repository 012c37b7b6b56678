"""What a Nix file is by its shape: a flake, an overlay, a package, a shell, plain data, or what may be a module.

The module system calls a file with one set of arguments and takes a set from it (nixpkgs, lib/modules.nix,
`loadModule` and `unifyModuleSyntax`). What has another shape means something else to whoever imports it.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.source.nix.read.index import attributes_of
from devkeel.source.nix.read.literal import static_names
from devkeel.source.nix.read.scope import SETS
from devkeel.source.nix.read.syntax import children_of_type, text

if TYPE_CHECKING:
    from tree_sitter import Node

    from devkeel.source.nix.read.document import Document

__all__ = ["FileShape", "Head", "never_module", "shape_of"]

_FLAKE = frozenset({"description", "inputs", "outputs", "nixConfig"})
_INNER = {"parenthesized_expression": "expression"} | dict.fromkeys(
    ("let_expression", "with_expression", "assert_expression"), "body"
)
_VALUES = {
    "list_expression": "a list",
    "string_expression": "a text",
    "indented_string_expression": "a text",
    "integer_expression": "a number",
    "float_expression": "a number",
    "path_expression": "a path",
}
_SHELLS = frozenset({"mkShell", "mkShellNoCC", "devShell"})
# What callPackage hands to a package, and the module system to no module.
_PACKAGES = """
buildGoModule buildNpmPackage buildPythonApplication buildPythonPackage callPackage cmake fetchFromGitHub fetchgit
fetchurl fetchzip makeWrapper mkDerivation mkShell mkShellNoCC python3Packages rustPlatform runCommand stdenv stdenvNoCC
symlinkJoin writeScriptBin writeShellApplication writeShellScriptBin writeText
"""
_OF_PACKAGES = frozenset(_PACKAGES.split())
_BUILDERS = ("mkDerivation", "build", "callPackage", "writeShell", "stdenv", "runCommand")
_MODULE_ARGUMENTS = frozenset({"pkgs", "lib", "config", "inputs", "options"})
_SETS_OF_PACKAGES = frozenset({"pkgs", "lib", "nixpkgs", "final", "prev", "self", "super"})


class Head(Struct, frozen=True):
    """The arguments of a function: their names, the one name for all, whether `pkgs` has a default."""

    names: frozenset[str] = frozenset()
    universal: str | None = None
    own_packages: bool = False


class FileShape(Struct, frozen=True):
    """What a file is, as a phrase, None where it may be a module; what shows it; the heads of its functions."""

    what: str | None
    node: Node
    heads: tuple[Head, ...] = ()


def shape_of(document: Document) -> FileShape:
    """Return the shape of a file that parses."""
    node, heads = document.root.child_by_field_name("expression"), list[Head]()
    start = node or document.root
    while node is not None:
        inner = node.child_by_field_name(_INNER[node.type]) if node.type in _INNER else None
        if node.type == "function_expression":
            heads.append(_head(node, document.data))
            inner = node.child_by_field_name("body")
        if inner is None:
            break
        node = inner
    core = node or start
    return FileShape(_what(document, core, heads), core, tuple(heads))


def never_module(document: Document) -> str | None:
    """Return what a file is that no declaration can import as a module, whatever arguments its modules have."""
    # nixpkgs, lib/modules.nix, `loadModule`: what the call with the module's arguments gives has to be a set.
    if document.syntax_problems:
        return None
    shape = shape_of(document)
    return (shape.what or "a function of several arguments") if len(shape.heads) > 1 else None


def _head(node: Node, data: bytes) -> Head:
    universal = node.child_by_field_name("universal")
    formals = node.child_by_field_name("formals")
    items = list(children_of_type(formals, "formal")) if formals is not None else []
    named = [(name, item) for item in items if (name := item.child_by_field_name("name")) is not None]
    names = {text(name, data): item.child_by_field_name("default") is not None for name, item in named}
    return Head(
        frozenset(names),
        text(universal, data) if universal is not None and formals is None else None,
        names.get("pkgs", False),
    )


def _what(document: Document, core: Node, heads: list[Head]) -> str | None:
    data = document.data
    if posixpath.basename(document.name) == "flake.nix" or (not heads and _is_flake(core, data)):
        return "a flake"
    if len(heads) > 1 and all(head.universal is not None for head in heads[-2:]):
        return "an overlay, or another function of several arguments"
    if core.type == "apply_expression":
        return _call(core, data)
    return _function(heads) if core.type in SETS and heads else _VALUES.get(core.type)


def _function(heads: list[Head]) -> str | None:
    """Return what a function of a set is that is called with something else than a module's arguments."""
    last = heads[-1]
    if len(heads) > 1 and not last.names & _MODULE_ARGUMENTS:
        return "a function of several arguments"
    if last.names & _OF_PACKAGES:
        return "a function of packages, as callPackage calls it"
    own = last.own_packages or last.universal in _SETS_OF_PACKAGES
    return "a function of a package set" if own else None


def _is_flake(core: Node, data: bytes) -> bool:
    if core.type not in SETS:
        return False
    entries = {entry.names[0]: entry.node for entry in attributes_of(core, data) if entry.names}
    outputs = entries["outputs"].child_by_field_name("expression") if "outputs" in entries else None
    return entries.keys() <= _FLAKE and outputs is not None and outputs.type == "function_expression"


def _call(node: Node, data: bytes) -> str | None:
    """Return what a call makes, where its function says it by its name."""
    while node.type == "apply_expression" and (function := node.child_by_field_name("function")) is not None:
        node = function
    path = node.child_by_field_name("attrpath") if node.type == "select_expression" else None
    names = static_names(path, data) if path is not None else (text(node, data),)
    name = names[-1] or ""
    if name in _SHELLS:
        return f"a shell ({name})"
    if name.startswith(_BUILDERS):
        return f"a package ({name})"
    return None
