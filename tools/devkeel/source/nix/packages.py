"""Packages: names in the `packages` list, whichever way the file spells them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from devkeel.errors import UsageError
from devkeel.source.nix.lists import add, elements, every_list, remove
from devkeel.source.nix.literal import Expression, static_names
from devkeel.source.nix.path import format_path, parse_path
from devkeel.source.nix.scope import enclosing_withs, is_bound
from devkeel.source.nix.syntax import text

if TYPE_CHECKING:
    from tree_sitter import Node

    from devkeel.source.nix.document import Document
    from devkeel.source.nix.literal import Value
    from devkeel.source.splice import Edited

__all__ = ["add_packages", "package_names", "remove_packages"]

_PATH = ("packages",)
# inputs.NAME.packages.${system}.default and its spellings: the only interpolations that a package name may have.
_NAME = re.compile(r"[A-Za-z0-9_'+.@-]+")
_INPUT = re.compile(r"inputs(\.([A-Za-z_][A-Za-z0-9_'-]*|\$\{(pkgs\.)?(stdenv\.(hostPlatform\.)?)?system\}))+")


def package_name(name: str) -> str:
    """Return a package's name as devkeel compares it: `jq`, `python3Packages.numpy`, `inputs.x.packages.…`.

    Raises UsageError `bad_package_name` for anything that is no attribute path.
    """
    if _INPUT.fullmatch(name):
        return name
    try:
        names = parse_path(name)
    except UsageError as error:
        raise _bad(name, error.alternatives) from error
    names = names[1:] if names[0] == "pkgs" and len(names) > 1 else names
    if not all(_NAME.fullmatch(item) for item in names):
        raise _bad(name)
    return format_path(names)


def _bad(name: str, alternatives: tuple[str, ...] = ()) -> UsageError:
    return UsageError(
        "bad_package_name",
        "This is not the name of a package: an attribute path below pkgs.",
        seen=repr(name[:200]),
        remedy="Name it as in nixpkgs: git, python3Packages.numpy, inputs.NAME.packages.${pkgs.system}.default.",
        alternatives=alternatives,
    )


def read_package(node: Node, data: bytes) -> Value:
    """Return the name of the package that a list element stands for, as an expression."""
    while node.type == "parenthesized_expression" and (inner := node.child_by_field_name("expression")) is not None:
        node = inner
    source = text(node, data)
    if node.type == "variable_expression":
        if not is_bound(node, source, data):
            return Expression(_under(enclosing_withs(node, data), source))
        return Expression(f"<bound> {source}")
    if node.type == "select_expression":
        base, path = node.child_by_field_name("expression"), node.child_by_field_name("attrpath")
        if base is not None and path is not None and base.type == "variable_expression":
            names = static_names(path, data)
            root = text(base, data)
            if None not in names and node.child_by_field_name("default") is None:
                known = tuple(name for name in names if name is not None)
                if known[0] == "pkgs" and len(known) > 1 and is_bound(base, root, data):
                    root, known = "pkgs", known[1:]  # args.pkgs.git, where the head is `args:`
                joined = format_path(known)
                if root == "pkgs":
                    return Expression(joined)
                if root != "inputs" and not is_bound(base, root, data):
                    return Expression(_under(enclosing_withs(node, data), f"{root}.{joined}"))
    return Expression(re.sub(r"\s+", " ", source))


def _under(withs: list[str], name: str) -> str:
    """Return the name that a bare name has under `with`: the innermost one decides."""
    if not withs:
        return f"<unbound> {name}"
    innermost = withs[0]
    if innermost == "pkgs":
        return name
    return f"{innermost.removeprefix('pkgs.')}.{name}"


def _write_package(at: Node, value: Value, data: bytes) -> Value:
    """Return the spelling of a package at a place: bare inside `with pkgs`, else with its prefix."""
    if not isinstance(value, Expression) or value.source.startswith("inputs."):
        return value
    withs = enclosing_withs(at, data)
    if at.type == "with_expression":
        withs = []
    first = parse_path(value.source)[0]
    bare = withs[:1] == ["pkgs"] and not is_bound(at, first, data) and not value.source.startswith('"')
    return value if bare else Expression(f"pkgs.{value.source}")


def add_packages(document: Document, names: list[str]) -> Edited:
    """Add packages to the `packages` list; `pkgs` or `inputs` is added to the module's arguments when needed."""
    values: list[Value] = [Expression(package_name(name)) for name in names]
    return add(
        document,
        _PATH,
        values,
        read=read_package,
        write=lambda at, value: _write_package(at, value, document.data),
        keep_sorted=True,
    )


def remove_packages(document: Document, names: list[str]) -> Edited:
    """Remove packages from every list in the value of `packages`."""
    return remove(document, _PATH, [Expression(package_name(name)) for name in names], read=read_package)


def package_names(document: Document) -> list[str]:
    """Return the packages that the file lists, in file order; what is no plain name is given as its source."""
    found = [
        read_package(node, document.data)
        for item in document.focus(document.raw_path(_PATH)).bindings
        if item.path == _PATH and item.value is not None
        for group in every_list(item.value, document.data)
        for node in elements(group)
    ]
    names = (item.source for item in found if isinstance(item, Expression))
    return list(dict.fromkeys(name.removeprefix("<bound> ").removeprefix("<unbound> ") for name in names))
