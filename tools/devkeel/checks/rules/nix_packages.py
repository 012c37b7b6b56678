"""Packages that a Nix file names: below `pkgs`, by a `with`, an `inherit`, another name, or in what holds packages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.catalogue.packages import is_function
from devkeel.checks.rules.named import Named
from devkeel.checks.rules.nix_sets import applied, canonical, formals_of, set_of
from devkeel.source.nix.read.literal import read_value, static_names
from devkeel.source.nix.read.packages import meaning, meaning_of_name, other_meanings, selected
from devkeel.source.nix.read.scope import binder_of, inherited
from devkeel.source.nix.read.syntax import text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tree_sitter import Node

    from devkeel.source import nix

__all__ = ["packages_in"]

# What stands in nixpkgs beside packages, and names that are none in any file.
_OTHER = frozenset(
    {
        *("lib", "stdenv", "stdenvNoCC", "config", "overlays", "system", "path", "targetPlatform"),
        *("hostPlatform", "buildPlatform", "true", "false", "null", "builtins"),
    }
)
# Arguments of modules and flakes on which no package of nixpkgs hangs.
_ELSEWHERE = frozenset({"config", "options", "lib", "builtins", "self", "super", "final", "prev", "inputs"})
# Builtins and functions of nixpkgs' lib that take an attribute by its name or path, and several by their names.
_GETTERS = frozenset({"getAttr", "attrByPath", "getAttrFromPath"})
_SEVERAL = frozenset({"attrVals", "getAttrs"})
# Functions of nixpkgs that call another with packages by the names of its arguments.
_CALLERS = ("callPackage", "callPackages", "callPackageWith")
# No set of nixpkgs is deeper; what many a `with` may make of a name is.
_DEEPEST = 16

_WITH_BODIES = frozenset({"let_expression", "with_expression", "assert_expression"})


def packages_in(document: nix.Document) -> Iterator[Named]:
    """Yield the packages that a file names, wherever; what its text does not show is left out.

    One that may be something else is not sure: a name that hangs on a set of the file's own, or that a `with` brings.
    """
    data, waiting = document.data, [document.root]
    while waiting:
        node = waiting.pop()
        inner: Iterable[Node] = reversed(node.named_children)
        match node.type:
            case "has_attr_expression":
                continue
            case "select_expression":
                yield from _selected(document, node)
                inner = [child for child in inner if child.type not in ("attrpath", "variable_expression")]
            case "variable_expression":
                found = [meaning_of_name(text(node, data), node, data), *other_meanings(node, data)]
                yield from _meant(document, node, found, sure=_is_element(node) and len(found) == 1)
                if found[0].startswith("<"):
                    yield from _led(document, node)
            case "inherit" | "inherit_from":
                yield from _inherited(document, node)
            case "apply_expression":
                yield from _called(document, node)
        waiting += inner


def _meant(document: nix.Document, node: Node, meanings: Iterable[str], *, sure: bool) -> Iterator[Named]:
    for found in meanings:
        if found and not _is_own(found):
            yield from _named(document, node, tuple(found.split(".")), sure=sure)


def _is_own(meaning: str) -> bool:
    """Return whether a name stands for something else than what is below `pkgs`."""
    return meaning.startswith("<") or "$" in meaning or meaning.partition(".")[0] in _ELSEWHERE


def _led(document: nix.Document, node: Node) -> Iterator[Named]:
    """Yield what a name stands for that leads into nixpkgs by the file's own way: an overlay's, an argument's."""
    data, name = document.data, text(node, document.data)
    found = set_of(node, data)
    if found:
        yield from _named(document, node, found, sure=False)
        return
    scope = binder_of(node, name, data) if _is_element(node) else None
    # A file that is called with packages: `{ stdenv, curl }: … [ curl ]`.
    if scope is not None and any(text(item, data).split("?")[0].strip() == name for item in formals_of(scope)):
        yield from _named(document, node, (name,), sure=False)


def _selected(document: nix.Document, node: Node) -> Iterator[Named]:
    data = document.data
    base, path = node.child_by_field_name("expression"), node.child_by_field_name("attrpath")
    if base is None or path is None:
        return
    names = static_names(path, data)
    known = tuple(name for name in (names[: names.index(None)] if None in names else names) if name is not None)
    root = text(base, data) if base.type == "variable_expression" else None
    owner = "<>" if root is None or root in _ELSEWHERE else meaning_of_name(root, base, data)
    if not _is_own(owner):
        if known:
            whole = (*owner.split("."), *known) if owner else known
            yield from _named(document, node, whole, sure=len(known) == len(names))
    elif found := set_of(node, data):
        yield from _named(document, node, found, sure=False)
    elif root not in _ELSEWHERE or root == "inputs":
        # Of a set that the text does not show: `(import ./packages.nix).git`.
        behind = (
            tuple(name for name in names[len(names) - names[::-1].index(None) :] if name) if None in names else known
        )
        if _is_element(node) and behind:
            yield from _named(document, node, behind[-1:] if root == "inputs" else behind, sure=False)
    if root not in _ELSEWHERE and selected(node, data) is not None:
        yield from _meant(document, node, other_meanings(node, data), sure=False)


def _inherited(document: nix.Document, node: Node) -> Iterator[Named]:
    data = document.data
    source = node.child_by_field_name("expression")
    if source is None:
        for attribute, _ in inherited(node, data):
            yield from _meant(document, attribute, [meaning(attribute, data)], sure=False)
        return
    while source.type == "parenthesized_expression" and (bare := source.child_by_field_name("expression")) is not None:
        source = bare
    above, sure = set_of(source, data), False
    found = selected(source, data)
    root, path = (text(source, data), ()) if found is None else found
    if source.type in ("variable_expression", "select_expression") and root not in _ELSEWHERE:
        owner = meaning_of_name(root, source, data)
        if not _is_own(owner):
            above, sure = (*(owner.split(".") if owner else ()), *map(str, path)), True
    if above is None:
        return
    for attribute, name in inherited(node, data):
        yield from _named(document, attribute, (*above, name), sure=sure)


def _called(document: nix.Document, node: Node) -> Iterator[Named]:
    """Yield what a function takes out of nixpkgs by a name that is written out."""
    data = document.data
    function, arguments = applied(node)
    name = text(function, data).rpartition(".")[2]
    if name in _CALLERS:
        for formal in (item for argument in arguments for item in formals_of(argument)):
            label = formal.child_by_field_name("name")
            if label is not None:
                yield from _named(document, formal, (text(label, data),), sure=False)
        return
    if name not in (*_GETTERS, *_SEVERAL) or len(arguments) == 1:
        return
    above = set_of(arguments[-1], data)
    way = read_value(arguments[0], data)
    names = [way] if isinstance(way, str) else way if isinstance(way, list) else []
    known = tuple(item for item in names if isinstance(item, str))
    if above is None or not known:
        return
    if name in _SEVERAL:
        for item in known:
            yield from _named(document, node, (*above, item), sure=False)
    elif len(known) == len(names):
        yield from _named(document, node, (*above, *known), sure=False)


def _named(document: nix.Document, node: Node, names: tuple[str, ...], *, sure: bool = True) -> Iterator[Named]:
    meant = canonical(names)
    if not meant or meant[0][0] in _OTHER or is_function(meant[0][0]):
        return
    starts = (".".join(item[:count]) for item in meant for count in range(1, min(len(item), _DEEPEST)))
    last = [item[-1] for item in meant if len(item) > 1 and item[-2].endswith(("Packages", "pkgs"))]
    whole = tuple(".".join(item) for item in meant)
    yield Named(
        "packages",
        tuple(dict.fromkeys((*whole, *last))),
        f"the package {'.'.join(names)}",
        document.name,
        document.place(node.start_byte).line,
        sure,
        tuple(dict.fromkeys(starts)),
    )


def _is_element(node: Node) -> bool:
    """Return whether a node stands in a list, or is the value of an option that takes a package."""
    above = node.parent
    while above is not None and (
        above.type == "parenthesized_expression"
        or (above.type in _WITH_BODIES and node == above.child_by_field_name("body"))
    ):
        node, above = above, above.parent
    if above is None:
        return False
    if above.type == "binding":
        path = above.child_by_field_name("attrpath")
        return path is not None and path.text is not None and path.text.endswith((b"package", b"packages"))
    return above.type == "list_expression"
