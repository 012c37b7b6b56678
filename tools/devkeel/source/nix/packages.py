"""Packages: names in the `packages` list, whichever way the file spells them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from devkeel.errors import UsageError
from devkeel.source.nix.bindings import require_editable
from devkeel.source.nix.lists import Spelling, add, elements, every_list, find_list, remove
from devkeel.source.nix.literal import Expression, static_names
from devkeel.source.nix.path import KEYWORDS, format_path, parse_path
from devkeel.source.nix.scope import enclosing_withs, is_bound
from devkeel.source.nix.syntax import text

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    if _INPUT.fullmatch(name) and KEYWORDS.isdisjoint(name.split(".")):
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


def _spelled(at: Node, value: Value, data: bytes, root: str) -> Value:
    """Return the spelling of a package at a place: bare inside `with ROOT`, else with its prefix."""
    if not isinstance(value, Expression) or value.source.startswith("inputs."):
        return value
    withs = [] if at.type == "with_expression" else enclosing_withs(at, data)
    first = parse_path(value.source)[0]
    bare = withs[:1] == [root] and not is_bound(at, first, data) and not value.source.startswith('"')
    return value if bare else Expression(f"{root}.{value.source}")


def _spelling(document: Document, inside: str | None) -> Spelling:
    data = document.data
    if inside is None:
        return Spelling(read_package, lambda at, value: _spelled(at, value, data, "pkgs"))
    owner = package_name(inside)

    def target(value: Node, source: bytes) -> Node | None:
        return next((found for _, found in _inner_lists(value, source, owner)), None)

    def read(node: Node, source: bytes) -> Value:
        name = _parameter(node, source)
        written = re.sub(r"\s+", " ", text(node, source))
        bare = not is_bound(node, written.split(".")[0], source) and enclosing_withs(node, source)[:1] == [name]
        return Expression(written if bare else written.removeprefix(f"{name}."))

    def write(at: Node, value: Value) -> Value:
        return _spelled(at, value, data, _parameter(at, data))

    return Spelling(read, write, target, lambda value, source: [node for _, node in _inner_lists(value, source, owner)])


def _inner_lists(value: Node, data: bytes, owner: str) -> Iterator[tuple[Node, Node]]:
    """Yield the functions and lists of `OWNER.withPackages (ps: [ … ])` in a value."""
    stack = [value]
    while stack:
        node = stack.pop()
        function, argument = (node.child_by_field_name(name) for name in ("function", "argument"))
        if node.type == "apply_expression" and function is not None and argument is not None:
            read = read_package(function, data)
            while argument.type == "parenthesized_expression":
                argument = argument.child_by_field_name("expression") or node
            body = argument.child_by_field_name("body") if argument.type == "function_expression" else None
            found = find_list(body, data) if body is not None else None
            if isinstance(read, Expression) and read.source == f"{owner}.withPackages" and found is not None:
                yield argument, found
        stack += node.named_children


def _parameter(node: Node, data: bytes) -> str:
    """Return the name of the innermost function's argument round a node: `ps` in `ps: [ … ]`."""
    parent = node.parent
    while parent is not None and parent.type != "function_expression":
        parent = parent.parent
    universal = parent.child_by_field_name("universal") if parent is not None else None
    return text(universal, data) if universal is not None else ""


def _require_inside(document: Document, inside: str | None) -> None:
    """Refuse a package set that `packages` does not have."""
    if inside is None:
        return
    owner, raw = package_name(inside), document.raw_path(_PATH)
    values = [item.value for item in document.focus(raw).bindings if item.raw == raw and item.value is not None]
    if not any(True for value in values for _ in _inner_lists(value, document.data, owner)):
        raise document.refuse(
            "not_found",
            f"packages has no {owner}.withPackages (ps: [ … ]).",
            None,
            f"Append the expression pkgs.{owner}.withPackages (ps: [ ps.NAME ]) to packages.",
        )


def add_packages(document: Document, names: list[str], inside: str | None = None) -> Edited:
    """Add packages to the `packages` list, or to the one inside `INSIDE.withPackages (ps: [ … ])` in it.

    `pkgs` or `inputs` is added to the module's arguments when it is needed.
    """
    values: list[Value] = [Expression(package_name(name)) for name in names]
    require_editable(document, _PATH)
    _require_inside(document, inside)
    return add(document, _PATH, values, spelling=_spelling(document, inside), keep_sorted=True)


def remove_packages(document: Document, names: list[str], inside: str | None = None) -> Edited:
    """Remove packages from every list in the value of `packages`, or from the one inside `INSIDE.withPackages`."""
    values: list[Value] = [Expression(package_name(name)) for name in names]
    require_editable(document, _PATH)
    _require_inside(document, inside)
    return remove(document, _PATH, values, spelling=_spelling(document, inside))


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
