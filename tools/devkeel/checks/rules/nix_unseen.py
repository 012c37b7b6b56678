"""What of a Nix file's packages its text does not show: names that are computed, and nixpkgs handed to a stranger.

Rules of content read text. This is what they would have to evaluate, for a project that denies what they do not see.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.checks.rules.nix_sets import applied, set_of
from devkeel.source.nix.read.literal import read_value, static_names
from devkeel.source.nix.read.scope import binding_of, inherited
from devkeel.source.nix.read.syntax import text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

    from devkeel.source import nix

__all__ = ["Unseen", "unseen_packages"]

_BY_NAME = frozenset({"getAttr", "attrByPath", "getAttrFromPath", "attrVals", "getAttrs"})
# Functions that ask a set only whether it has something, or leave its packages where they are.
_HARMLESS = frozenset({"hasAttr", "hasAttrByPath", "seq", "deepSeq", "trace", "callPackageWith", "callPackagesWith"})
_SHOWN = 80
# The names of sets that hold packages.
_HOLDS = ("Packages", "pkgs")
# Arguments of modules that are no sets of packages.
_OTHERS = frozenset({"lib", "config", "inputs", "self", "builtins"})
_AROUND = ("parenthesized_expression", "binding_set", "binding", "attrset_expression", "rec_attrset_expression")
_SYSTEMS = frozenset({"legacyPackages", "packages", "devShells", "apps", "overlays", "checks"})


class Unseen(Struct, frozen=True):
    """Something that the text does not show. text: what is written there, by which two are the same; what: in words."""

    text: str
    what: str
    file: str
    line: int | None = None


def unseen_packages(document: nix.Document) -> Iterator[Unseen]:
    """Yield where packages are named in a way that only an evaluation shows."""
    data, waiting = document.data, [document.root]
    while waiting:
        node = waiting.pop()
        waiting += reversed(node.named_children)
        what = None
        if node.type == "select_expression":
            what = _computed(node, data)
        elif node.type == "apply_expression":
            what = _called(node, data)
        elif node.type in ("variable_expression", "inherit"):
            what = _handed(node, data)
        if what is not None:
            source = " ".join(text(node, data).split())
            line = document.place(node.start_byte).line
            yield Unseen(source, f"{what}: {source[:_SHOWN]}", document.name, line)


def _computed(node: Node, data: bytes) -> str | None:
    """Return what is computed about `pkgs.${name}`; a system below a flake's outputs is no package."""
    base, path = node.child_by_field_name("expression"), node.child_by_field_name("attrpath")
    if base is None or path is None or None not in (names := static_names(path, data)):
        return None
    if any(name in _SYSTEMS for name in names[: names.index(None)]) and names.count(None) == 1:
        return None
    return "a package by a computed name" if set_of(base, data) is not None or _is_input(base, data) else None


def _called(node: Node, data: bytes) -> str | None:
    if node.parent is not None and node.parent.type == "apply_expression" and _is_function(node):
        return None
    function, arguments = applied(node)
    name = text(function, data).rpartition(".")[2]
    if name in _BY_NAME and len(arguments) > 1:
        way = read_value(arguments[0], data)
        names = [way] if isinstance(way, str) else way if isinstance(way, list) else [None]
        literal = all(isinstance(item, str) for item in names)
        return None if literal or set_of(arguments[-1], data) is None else "a package by a computed name"
    # What Nix is told to read by a path that is written out is a file that is read here as well.
    if name in ("import", "scopedImport") and len(arguments) == 1 and _bare(arguments[-1]).type != "path_expression":
        return None if _bare(arguments[-1]).type == "spath_expression" else "a file that is not named"
    return None


def _handed(node: Node, data: bytes) -> str | None:
    """Return what becomes of a set of packages that is no step to one of them: it goes where the text does not lead."""
    if node.type == "inherit":
        if not any(name == "pkgs" for _, name in inherited(node, data)):
            return None
    elif not _is_whole_set(node, data):
        return None
    inner, above = node, node.parent
    while above is not None and above.type == "parenthesized_expression":
        inner, above = above, above.parent
    if above is not None and above.type == "list_expression":
        return "a whole set of packages"
    call = _call_around(inner)
    return None if call is None or _is_shown(call, data) else "nixpkgs, handed to what is not shown"


def _is_whole_set(node: Node, data: bytes) -> bool:
    found = None if text(node, data) in _OTHERS else set_of(node, data)
    return found is not None and (not found or found[-1].endswith(_HOLDS))


def _is_shown(call: Node, data: bytes) -> bool:
    """Return whether a call is one of a file that is named, which is read as well, of nixpkgs, or of what is here."""
    function, arguments = applied(call)
    name = text(function, data).rpartition(".")[2]
    if name == "import":
        named = bool(arguments) and _bare(arguments[0]).type == "path_expression"
        return named or (len(arguments) > 1 and set_of(call, data) is not None)
    if name.startswith("callPackage"):
        return any(_bare(item).type in ("path_expression", "function_expression") for item in arguments)
    return name in _BY_NAME or name in _HARMLESS or _is_here(function, data) or set_of(function, data) is not None


def _is_here(function: Node, data: bytes) -> bool:
    """Return whether a function is written out in the file."""
    if _bare(function).type == "function_expression":
        return True
    binding = binding_of(function, data) if function.type == "variable_expression" else None
    value = binding.child_by_field_name("expression") if binding is not None else None
    return value is not None and _bare(value).type == "function_expression"


def _call_around(node: Node) -> Node | None:
    """Return the call that a value is an argument of, itself or in sets: the outermost, with all arguments."""
    above = node.parent
    while above is not None and above.type in _AROUND:
        node, above = above, above.parent
    if above is None or above.type != "apply_expression" or above.child_by_field_name("argument") != node:
        return None
    while above.parent is not None and above.parent.type == "apply_expression" and _is_function(above):
        above = above.parent
    return above


def _is_function(node: Node) -> bool:
    return node.parent is not None and node.parent.child_by_field_name("function") == node


def _is_input(node: Node, data: bytes) -> bool:
    return text(node, data) == "inputs"


def _bare(node: Node) -> Node:
    while node.type == "parenthesized_expression" and (inner := node.child_by_field_name("expression")) is not None:
        node = inner
    return node
