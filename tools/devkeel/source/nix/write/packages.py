"""Packages: names in the `packages` list, whichever way the file spells them."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from devkeel.errors import UsageError
from devkeel.source.nix.read.list_parts import elements, find_list, lists_inside, parts
from devkeel.source.nix.read.literal import Expression
from devkeel.source.nix.read.packages import files_own, meaning, other_meanings, selected, variant
from devkeel.source.nix.read.scope import enclosing_withs, is_bound
from devkeel.source.nix.read.syntax import parse, text
from devkeel.source.nix.write.bindings import expressions_in, require_editable
from devkeel.source.nix.write.head import require_own
from devkeel.source.nix.write.lists import Spelling, add, remove
from devkeel.source.path import KEYWORDS, format_path, parse_path
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

    from devkeel.source.nix.read.document import Document
    from devkeel.source.nix.read.literal import Value
    from devkeel.source.splice import Edited

__all__ = [
    "PACKAGES",
    "add_packages",
    "add_values",
    "names_package",
    "package_names",
    "parsed",
    "remove_packages",
    "remove_values",
    "requested",
    "spelled",
]

PACKAGES = ("packages",)
# inputs.NAME.packages.${system}.default and its spellings: the only interpolations that a package name may have.
_NAME = re.compile(r"[A-Za-z0-9_'+.@/-]+")
_DOTTED = re.compile(r"""(<\w+> )?[\w'-]+(\.[\w'"+-]+|\.\$\{system\})+""")
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


def requested(name: str) -> Value:
    """Return a package as it was asked for: `pkgs.` in front says that nixpkgs' own is meant."""
    found = package_name(name)
    explicit = name.startswith("pkgs.") and found != name
    return Expression(f"pkgs.{found}" if explicit else found)


def read_package(node: Node, data: bytes) -> Value:
    """Return the name of the package that a list element stands for, as an expression."""
    return Expression(meaning(node, data))


def _others(node: Node, data: bytes) -> list[Value]:
    return [Expression(name) for name in other_meanings(node, data)]


def _variant(node: Node, data: bytes) -> Value:
    found = variant(node, data)
    return None if found is None else Expression(found)


def _place_of(document: Document) -> Node:
    """Return where the names of packages are looked up: the list of `packages`, else the module's set."""
    data, raw = document.data, document.raw_path(PACKAGES)
    found = [item.value for item in document.focus(raw).bindings if item.raw == raw and item.value is not None]
    lists = (find_list(value, data, last=True) for value in found)
    return next((item for item in lists if item is not None), document.body.core)


def spelled(at: Node, value: Value, data: bytes, root: str) -> Value:
    """Return the spelling of a package at a place: bare inside `with ROOT`, else with its prefix."""
    if not isinstance(value, Expression) or value.source.startswith("inputs."):
        return value
    withs = [] if at.type == "with_expression" else enclosing_withs(at, data)
    first = parse_path(value.source)[0]
    bare = withs[:1] == [root] and not is_bound(at, first, data) and not value.source.startswith('"')
    return value if bare else Expression(f"{root}.{value.source}")


def _own(document: Document, at: Node, value: Value) -> Value:
    """Return the spelling of one of nixpkgs' packages; Refused where `pkgs` is something else."""
    if isinstance(value, Expression) and not value.source.startswith("inputs."):
        require_own(document, at, ["pkgs"])
    return spelled(at, value, document.data, "pkgs")


def _of_names(document: Document) -> Spelling:
    """Return the spelling of packages that are given by name: those of the file's own names, else those of nixpkgs."""
    data, at = document.data, _place_of(document)

    def key(value: Value) -> Value:
        if not isinstance(value, Expression):
            return value
        if value.source.startswith(("inputs.", "pkgs.")) or _files_own(value, at, data):
            return Expression(meaning(parsed(value), value.source.encode(), at, data))
        return value

    def write(place: Node, value: Value) -> Value:
        if not isinstance(value, Expression):
            return value
        if not _files_own(value, place, data):
            return _own(document, place, Expression(value.source.removeprefix("pkgs.")))
        root, _, rest = value.source.partition(".")
        return spelled(place, Expression(rest), data, root) if rest else value

    return Spelling(read_package, write, key=key, others=_others, variant=_variant)


def _files_own(value: Expression, at: Node, data: bytes) -> bool:
    return not value.source.startswith("inputs.") and files_own(parse_path(value.source), at, data)


def names_package(document: Document, name: str) -> bool:
    """Return whether a package's name begins with one that the file has itself, as `pkgs-unstable.uv` may."""
    value = requested(name)
    return isinstance(value, Expression) and _files_own(value, _place_of(document), document.data)


def add_packages(document: Document, names: list[str]) -> Edited:
    """Add packages to the `packages` list; `pkgs` or `inputs` is added to the module's arguments when it is needed."""
    values = [requested(name) for name in names]
    require_editable(document, PACKAGES)
    spelling = _of_names(document)
    edited = add(document, PACKAGES, values, spelling=spelling, keep_sorted=True, listed=True)
    return replace(edited, notes=(*edited.notes, *_namesakes(document, values, spelling)))


def remove_packages(document: Document, names: list[str]) -> Edited:
    """Remove packages from every list in the value of `packages`."""
    values = [requested(name) for name in names]
    require_editable(document, PACKAGES)
    spelling = _of_names(document)
    edited = remove(document, PACKAGES, values, spelling=spelling)
    return replace(edited, notes=(*edited.notes, *_namesakes(document, values, spelling)))


def _namesakes(document: Document, values: list[Value], spelling: Spelling) -> Iterator[str]:
    """Yield what `packages` has of the same name from another set, where it has not what was asked for."""
    there = {
        item.value.source: text(item.node, document.data)
        for item in spelling.elements(document, PACKAGES)
        if isinstance(item.value, Expression)
    }
    for value in values:
        wanted = spelling.key(value)
        if not isinstance(wanted, Expression) or wanted.source in there:
            continue
        name = wanted.source.rpartition(".")[2]
        for other, written in there.items():
            if other.rpartition(".")[2] == name != "default" and _DOTTED.fullmatch(other):
                shown = written if "." in written else re.sub(r"<\w+> ", "", other)
                yield f"packages has {shown}, which is another one."


def add_values(document: Document, values: list[Value], *, first: bool = False) -> Edited:
    """Add expressions to `packages`, last or first: `pkgs.NAME` in the file's own spelling, others as they are."""
    spelling = _of_expressions(document, values)
    return add(document, PACKAGES, values, spelling=spelling, first=first, listed=True)


def remove_values(document: Document, values: list[Value]) -> Edited:
    """Remove expressions from `packages`, however the file spells them."""
    require_editable(document, PACKAGES)
    return remove(document, PACKAGES, values, spelling=_of_expressions(document, values))


def _of_expressions(document: Document, values: list[Value]) -> Spelling:
    """Return the spelling of packages that are given as Nix expressions."""
    wrong = next((value for value in values if not isinstance(value, Expression)), None)
    if wrong is not None or not all(isinstance(value, Expression) for value in values):
        name = wrong if isinstance(wrong, str) else "NAME"
        raise UsageError(
            "bad_value",
            "The elements of packages are packages, not data.",
            seen=repr(wrong)[:200],
            remedy=f"Use {do('add', names=[name])} or {do('remove', names=[name])}, or the expression pkgs.{name}.",
        )
    expressions_in(values)
    data, at = document.data, _place_of(document)

    def key(value: Value) -> Value:
        node = parsed(value)
        return Expression(meaning(node, value.source.encode(), at, data)) if isinstance(value, Expression) else value

    def write(place: Node, value: Value) -> Value:
        source = value.source.encode() if isinstance(value, Expression) else b""
        found = selected(parsed(value), source)
        return value if found is None or found[0] != "pkgs" else _own(document, place, key(value))

    return Spelling(read_package, write, partial(find_list, last=True), key=key, others=_others, variant=_variant)


def parsed(value: Value) -> Node:
    """Return the node of an expression, parsed by itself."""
    root = parse(value.source.encode() if isinstance(value, Expression) else b"").root_node
    return root.child_by_field_name("expression") or root


def package_names(document: Document) -> list[str]:
    """Return the packages that the file lists, in file order; what is no plain name is given as its source."""
    found = [
        read_package(node, document.data)
        for item in document.focus(document.raw_path(PACKAGES)).bindings
        if item.path == PACKAGES and item.value is not None
        for part in parts(item.value, document.data)
        for node in part.items or [child for found in lists_inside(part.node) for child in elements(found)]
    ]
    names = (item.source for item in found if isinstance(item, Expression))
    return list(dict.fromkeys(name.removeprefix("<bound> ").removeprefix("<unbound> ") for name in names))
