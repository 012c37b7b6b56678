"""Packages as a file spells them: which one a list element stands for, through `with`, `let`, `inherit` and overrides.

A package is compared by its name below nixpkgs' `pkgs`: `jq`, `python3Packages.numpy`. What hangs on a name that the
file binds to something else is `<bound> NAME…`, what nothing binds `<unbound> NAME…`, all else is its source.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from devkeel.source.nix.read.literal import static_names
from devkeel.source.nix.read.scope import binder_of, bindings, enclosing_environments, inherited, is_bound
from devkeel.source.nix.read.syntax import text
from devkeel.source.path import format_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tree_sitter import Node

    from devkeel.source.path import AttrPath

__all__ = ["bound_value", "files_own", "meaning", "meaning_of_name", "other_meanings", "selected", "variant"]

_MAX_NAMES = 8  # one name for another for another: what is behind more of them counts as the file's own
# What the environments of `with` stand for. Each hangs on those around it, so that to ask anew for each name below
# many of them would take the cube of their number. A node keeps its whole tree: few are kept.
_OWNERS: dict[Node, str] = {}
_MOST_OWNERS = 4000
# Modules get these as arguments, and what hangs on them is no package of nixpkgs.
_ARGUMENTS = frozenset({"inputs", "config"})
_SYSTEM = re.compile(r"\$\{\s*(pkgs\.)?(stdenv\.(hostPlatform\.)?)?system\s*\}")
# nixpkgs, lib/customisation.nix (`makeOverridable`), and the sets of packages that make one of several: what they give
# is the package that they hang on, made otherwise.
_MAKERS = "override overrideAttrs overrideDerivation overridePythonAttrs withExtensions withPackages withPlugins"
_VARIANTS = frozenset(_MAKERS.split())
# nixpkgs, lib/meta.nix: the same package with another priority.
_SAME = frozenset({"hiPrio", "lowPrio", "setPrio"})


def meaning(node: Node, data: bytes, at: Node | None = None, file: bytes | None = None, depth: int = 0) -> str:
    """Return the package that an expression stands for, `""` for `pkgs` itself.

    at, file: the place whose names it has, where it was parsed by itself.
    """
    node, place, whole = _bare(node), at or node, data if file is None else file
    if node.type == "identifier":
        return _of_inherited(node, data, depth)
    source = text(node, data)
    if node.type == "variable_expression":
        return meaning_of_name(source, place, whole, depth)
    found = selected(node, data)
    if found is not None:
        root, known = found
        if known[0] == "pkgs" and len(known) > 1 and is_bound(place, root, whole):
            root, known = "pkgs", known[1:]  # args.pkgs.git, where the head is `args:`
        if root not in _ARGUMENTS:
            owner = meaning_of_name(root, place, whole, depth)
            return ".".join(filter(None, (owner, format_path(known))))
    return re.sub(r"\s+", " ", _SYSTEM.sub("${system}", source))


def _bare(node: Node) -> Node:
    while node.type == "parenthesized_expression" and (inner := node.child_by_field_name("expression")) is not None:
        node = inner
    return node


def selected(node: Node, data: bytes) -> tuple[str, AttrPath] | None:
    """Return root and path of `root.a.b`, None for anything else."""
    base, path = node.child_by_field_name("expression"), node.child_by_field_name("attrpath")
    plain = node.type == "select_expression" and node.child_by_field_name("default") is None
    if not plain or base is None or path is None or base.type != "variable_expression":
        return None
    names = static_names(path, data)
    known = tuple(name for name in names if name is not None)
    return (text(base, data), known) if len(known) == len(names) else None


def meaning_of_name(name: str, at: Node, data: bytes, depth: int = 0) -> str:
    """Return the package, or the set of them, that a bare name stands for at a place."""
    if name == "pkgs":
        return ""
    scope = binder_of(at, name, data)
    if scope is None:
        environments = enclosing_environments(at)
        return _brought(environments, name, data)[0] if environments else f"<unbound> {name}"
    found = _aliased(scope, name, data, depth) if depth < _MAX_NAMES else None
    return f"<bound> {name}" if found is None or found.startswith("<") else found


def _brought(environments: Sequence[Node], name: str, data: bytes, first: int = 0) -> list[str]:
    """Return what a name stands for that one of several `with` brings, the innermost first."""
    # From the outermost on, so that none asks for one that is not known yet.
    owners = [_owner(item, data) for item in reversed(environments)]
    return [".".join(filter(None, (owner, name))) for owner in owners[::-1][first:]]


def _owner(environment: Node, data: bytes) -> str:
    found = _OWNERS.get(environment)
    if found is None:
        if len(_OWNERS) > _MOST_OWNERS:
            _OWNERS.clear()
        found = _OWNERS[environment] = meaning(environment, data, depth=1)
    return found


def _in(environment: Node, name: str, data: bytes, depth: int) -> str:
    """Return what a name stands for that comes from a `with`."""
    owner = meaning(environment, data, depth=depth + 1)
    return ".".join(filter(None, (owner, name)))


def _aliased(scope: Node, name: str, data: bytes, depth: int) -> str | None:
    """Return the package whose other name a scope makes a name, None where it makes it something of its own."""
    for binding in bindings(scope):
        if binding.type == "binding":
            path, value = (binding.child_by_field_name(field) for field in ("attrpath", "expression"))
            if path is not None and value is not None and static_names(path, data) == (name,):
                plain = _bare(value).type in {"variable_expression", "select_expression"}
                return meaning(value, data, depth=depth + 1) if plain else None
        else:
            node = next((attribute for attribute, found in inherited(binding, data) if found == name), None)
            if node is not None:
                return _of_inherited(node, data, depth + 1)
    return None


def _of_inherited(node: Node, data: bytes, depth: int) -> str:
    """Return what one of the names of an inherit stands for."""
    statement = node.parent.parent if node.parent is not None else None
    name = text(node, data).strip('"')
    source = statement.child_by_field_name("expression") if statement is not None else None
    if source is not None:
        return _in(source, name, data, depth)
    # From outside of the set or the let that it stands in.
    outer = statement
    while outer is not None and outer.type in {"inherit", "binding_set"}:
        outer = outer.parent
    return f"<bound> {name}" if outer is None else meaning_of_name(name, outer, data, depth + 1)


def other_meanings(node: Node, data: bytes) -> list[str]:
    """Return what a bare name under several `with` may stand for besides: an inner one that lacks it asks the outer."""
    node = _bare(node)
    found = selected(node, data)
    if node.type != "variable_expression" and found is None:
        return []
    root, rest = (text(node, data), "") if found is None else (found[0], "." + format_path(found[1]))
    if root == "pkgs" or is_bound(node, root, data):
        return []
    return [found + rest for found in _brought(enclosing_environments(node), root, data, first=1)]


def variant(node: Node, data: bytes) -> str | None:
    """Return the package of which an expression is another make, as `pkgs.git.override { … }` of `git`."""
    node = _bare(node)
    arguments = 0
    last: Node | None = None
    while node.type == "apply_expression" and (function := node.child_by_field_name("function")) is not None:
        last, node, arguments = last or node.child_by_field_name("argument"), function, arguments + 1
    if not arguments or last is None:
        return None
    if text(node, data).rpartition(".")[2] in _SAME:
        return variant(last, data) or meaning(last, data)
    if node.type != "select_expression":
        return None
    base, path = node.child_by_field_name("expression"), node.child_by_field_name("attrpath")
    names = static_names(path, data) if path is not None else ()
    if base is None or not names or names[-1] not in _VARIANTS:
        return None
    if len(names) == 1:
        return variant(base, data) or meaning(base, data)
    return None if selected(node, data) is None else meaning(node, data).rpartition(".")[0]


def bound_value(name: str, at: Node, data: bytes) -> Node | None:
    """Return the value that a `let` binds a name to at a place."""
    scope = binder_of(at, name, data)
    if scope is None or scope.type != "let_expression":
        return None
    for binding in bindings(scope):
        path = binding.child_by_field_name("attrpath")
        if binding.type == "binding" and path is not None and static_names(path, data) == (name,):
            return binding.child_by_field_name("expression")
    return None


_NO_PACKAGES = frozenset(
    {
        "string_expression",
        "indented_string_expression",
        "integer_expression",
        "float_expression",
        "list_expression",
        "function_expression",
        "attrset_expression",
        "rec_attrset_expression",
        "path_expression",
    }
)


def files_own(names: AttrPath, at: Node, data: bytes) -> bool:
    """Return whether a package's name begins with one that the file itself has, so that it is not below `pkgs`."""
    root = names[0]
    if len(names) > 1:
        return root in _ARGUMENTS or (root != "pkgs" and is_bound(at, root, data))
    value = bound_value(root, at, data)
    return value is not None and _bare(value).type not in _NO_PACKAGES
