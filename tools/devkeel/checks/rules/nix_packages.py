"""Packages that a Nix file names: below `pkgs`, by a `with`, an `inherit`, another name, or in what holds packages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.catalogue.packages import is_function
from devkeel.checks.rules.named import Named
from devkeel.source.nix.read.literal import read_value, static_names
from devkeel.source.nix.read.packages import meaning, meaning_of_name, other_meanings, selected
from devkeel.source.nix.read.scope import inherited
from devkeel.source.nix.read.syntax import text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tree_sitter import Node

    from devkeel.source import nix

__all__ = ["packages_in"]

# What stands in nixpkgs beside packages, and names that are none in any file.
_OTHER = frozenset(
    {
        *("lib", "stdenv", "stdenvNoCC", "config", "overlays", "system", "pkgs", "path", "targetPlatform"),
        *("hostPlatform", "buildPlatform", "true", "false", "null", "builtins"),
    }
)
# Arguments of modules and flakes on which no package of nixpkgs hangs.
_ELSEWHERE = frozenset({"config", "options", "lib", "builtins", "self", "super", "final", "prev", "inputs"})
# Builtins and functions of nixpkgs' lib that take an attribute by its name.
_GETTERS = frozenset({"getAttr", "attrByPath", "getAttrFromPath"})


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
            case "inherit" | "inherit_from":
                yield from _inherited(document, node)
            case "apply_expression":
                yield from _got(document, node)
        waiting += inner


def _meant(document: nix.Document, node: Node, meanings: Iterable[str], *, sure: bool) -> Iterator[Named]:
    for found in meanings:
        if found and not _is_own(found):
            yield from _named(document, node, tuple(found.split(".")), sure=sure)


def _is_own(meaning: str) -> bool:
    """Return whether a name stands for something else than what is below `pkgs`."""
    return meaning.startswith("<") or "$" in meaning or meaning.partition(".")[0] in _ELSEWHERE


def _selected(document: nix.Document, node: Node) -> Iterator[Named]:
    data = document.data
    base, path = node.child_by_field_name("expression"), node.child_by_field_name("attrpath")
    if base is None or path is None:
        return
    names = static_names(path, data)
    known = tuple(name for name in (names[: names.index(None)] if None in names else names) if name is not None)
    behind = tuple(name for name in names[len(names) - names[::-1].index(None) :] if name) if None in names else known
    if base.type != "variable_expression":
        # Of a set that the text does not show: `(import nixpkgs { }).git`.
        if _is_element(node) and behind:
            yield from _named(document, node, behind, sure=False)
        return
    root = text(base, data)
    if root == "inputs" and _is_element(node) and behind:
        yield from _named(document, node, behind[-1:], sure=False)
    if root in _ELSEWHERE:
        return
    owner = meaning_of_name(root, base, data)
    if _is_own(owner):
        if _is_element(node) and behind:
            yield from _named(document, node, behind, sure=False)
    elif known:
        whole = (*owner.split("."), *known) if owner else known
        yield from _named(document, node, whole, sure=len(known) == len(names))
    if selected(node, data) is not None:
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
    found = selected(source, data)
    root, path = (text(source, data), ()) if found is None else found
    if source.type not in ("variable_expression", "select_expression") or root in _ELSEWHERE:
        return
    owner = meaning_of_name(root, source, data)
    if _is_own(owner):
        return
    above = (*owner.split("."), *path) if owner else path
    for attribute, name in inherited(node, data):
        if name is not None:
            yield from _named(document, attribute, (*above, name))


def _got(document: nix.Document, node: Node) -> Iterator[Named]:
    """Yield what a function takes out of `pkgs` by a name that is written out."""
    data, whole = document.data, node
    arguments: list[Node] = []
    while node.type == "apply_expression":
        argument, function = node.child_by_field_name("argument"), node.child_by_field_name("function")
        if argument is None or function is None:
            return
        arguments.append(argument)
        node = function
    if text(node, data).rpartition(".")[2] not in _GETTERS or text(arguments[0], data) != "pkgs":
        return
    way = read_value(arguments[-1], data)
    names = [way] if isinstance(way, str) else way if isinstance(way, list) else []
    known = tuple(item for item in names if isinstance(item, str))
    if known and len(known) == len(names):
        yield from _named(document, whole, known, sure=False)


def _named(document: nix.Document, node: Node, names: tuple[str, ...], *, sure: bool = True) -> Iterator[Named]:
    if names[0] in _OTHER or is_function(names[0]):
        return
    starts = tuple(".".join(names[:count]) for count in range(1, len(names)))
    last = (names[-1],) if len(names) > 1 and names[-2].endswith(("Packages", "pkgs")) else ()
    whole = ".".join(names)
    yield Named(
        "packages",
        (whole, *last),
        f"the package {whole}",
        document.name,
        document.place(node.start_byte).line,
        sure,
        starts,
    )


def _is_element(node: Node) -> bool:
    """Return whether a node stands in a list, or is the value of an option that takes a package."""
    above = node.parent
    while above is not None and above.type == "parenthesized_expression":
        above = above.parent
    if above is None:
        return False
    if above.type == "binding":
        path = above.child_by_field_name("attrpath")
        return path is not None and path.text is not None and path.text.endswith((b"package", b"packages"))
    return above.type == "list_expression"
