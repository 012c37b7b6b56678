"""What in a project's Nix text depends on the machine or the moment: builtins that read it, fetches without a hash.

It is read as text, with scopes: a name that the file itself binds is the file's own. What an input's code does is not
looked at.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from devkeel.errors import Diagnostic, Place
from devkeel.nix_cli.declared_inputs import entries, is_inputs, root_of, text_of
from devkeel.nix_cli.flake_evaluation import is_of_devenv
from devkeel.source import nix
from devkeel.source.nix.read.literal import static_names
from devkeel.source.nix.read.scope import bindings, enclosing_withs, inherited, is_bound
from devkeel.source.nix.read.syntax import text
from devkeel.source.plain_data import position

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tree_sitter import Node

__all__ = ["impurities"]

# Those that pure evaluation lacks, or answers otherwise (Nix manual, "Built-in Functions").
_MACHINE = {
    "currentTime": "the moment of the evaluation",
    "currentSystem": "the system of the machine",
    "getEnv": "the variables of who evaluates",
    "nixPath": "NIX_PATH of who evaluates",
    "storePath": "what the store of the machine has",
    "exec": "what a program of the machine prints",
}
# What a fetch is held by: names of its arguments.
_HELD = {
    "fetchTarball": {"sha256", "hash"},
    "fetchurl": {"sha256", "hash"},
    "fetchGit": {"rev", "narHash"},
    "fetchMercurial": {"rev", "narHash"},
    "fetchTree": {"rev", "narHash"},
    "getFlake": {"rev", "narHash"},
}
# Those that take a flake reference, in which a revision may stand as a part of the path (Nix manual, builtins.fetchTree
# and "nix flake").
_REFERENCES = ("fetchTree", "getFlake")
_REVISION = re.compile(r"/[0-9a-f]{40}(?:[0-9a-f]{24})?(?![0-9a-f])")
# In scope without `builtins.` (nix, src/libexpr/primops.cc: those that are registered without two underscores).
_GLOBAL = ("fetchTarball", "fetchGit", "fetchMercurial", "fetchTree")
_BUILTINS = "builtins"


def impurities(files: Mapping[str, bytes]) -> tuple[Diagnostic, ...]:
    """Return what of Nix and devenv.yaml files depends on the machine or the moment, each with its line."""
    found = list[Diagnostic]()
    for name, data in sorted(files.items()):
        if name.endswith(".nix"):
            document = nix.Document(data, name, module=False)
            found += sorted(_of_document(document), key=lambda item: (item.place and item.place.line) or 0)
        elif is_inputs(name):
            found += _of_yaml(name, data)
    if "flake.nix" in files and is_of_devenv(files):
        message = "devenv's shell in a flake is evaluated with --impure: it asks for the project's root by PWD"
        found.append(_finding(message, Place("flake.nix"), "PWD"))
    return tuple(found)


def _of_yaml(name: str, data: bytes) -> Iterator[Diagnostic]:
    for entry in entries(root_of(data, name)):
        if entry.key.value == "impure" and text_of(entry.value) in ("true", "True", "TRUE"):
            place = Place(name, *position(data.decode("utf-8", "replace"), entry.key.start))
            yield _finding("impure: true lets the evaluation see the variables of who evaluates", place, "impure")


def _of_document(document: nix.Document) -> Iterator[Diagnostic]:
    waiting = [document.root]
    while waiting:
        node = waiting.pop()
        waiting += node.named_children
        if node.type == "spath_expression":
            shown = text(node, document.data)
            message = f"{shown} is what NIX_PATH of who evaluates names so"
            yield _finding(message, document.place(node.start_byte), shown)
        elif node.type in ("path_expression", "hpath_expression") and _is_of_machine(text(node, document.data)):
            shown = text(node, document.data)
            yield _finding(f"{shown} is what the machine has there", document.place(node.start_byte), shown)
        elif (name := _builtin(node, document.data)) is not None:
            yield from _judged(name, node, document)
        elif node.type == "inherit_from" and _is_builtins(node.child_by_field_name("expression"), document.data):
            for attribute, inner in inherited(node, document.data):
                if inner in _MACHINE:
                    yield _of_machine(inner, document.place(attribute.start_byte))


def _is_of_machine(path: str) -> bool:
    """Return whether a path leads out of the project: from the root, with which alone others are made, or from home."""
    return path.startswith(("/", "~")) and path not in ("/.", "/dev/null")


def _judged(name: str, node: Node, document: nix.Document) -> Iterator[Diagnostic]:
    place = document.place(node.start_byte)
    if name in _MACHINE:
        yield _of_machine(name, place)
    elif name in _HELD and _is_unheld(node, name, document.data):
        held = " or ".join(sorted(_HELD[name] - {"narHash"}))
        message = f"{name} fetches what no hash holds: it has no {held}"
        yield Diagnostic("fetch_without_hash", "error", message, "impurities", place, name)


def _builtin(node: Node, data: bytes) -> str | None:
    """Return the name of the builtin that a node means, without `builtins.` or underscores; None for anything else."""
    if node.type == "select_expression":
        path = node.child_by_field_name("attrpath")
        names = static_names(path, data) if path is not None else ()
        base = node.child_by_field_name("expression")
        return names[0] if names and _is_builtins(base, data) else None
    if node.type != "variable_expression":
        return None
    name = text(node, data)
    bare = name.removeprefix("__")
    if bare not in _MACHINE and bare not in _HELD:
        return None
    if is_bound(node, name, data):
        return None
    if name != bare or name in _GLOBAL:
        return bare
    return name if enclosing_withs(node, data)[:1] == [_BUILTINS] else None


def _is_builtins(node: Node | None, data: bytes) -> bool:
    return node is not None and text(node, data) == _BUILTINS and not is_bound(node, _BUILTINS, data)


def _is_unheld(node: Node, name: str, data: bytes) -> bool:
    """Return whether a fetch is certainly called without what holds it: a mere URL, or a set that lacks it."""
    held, call = _HELD[name], node.parent
    if call is None or call.type != "apply_expression" or call.child_by_field_name("function") != node:
        return False
    given = call.child_by_field_name("argument")
    while given is not None and given.type == "parenthesized_expression":
        given = given.child_by_field_name("expression")
    if given is None or given.type not in ("string_expression", "uri_expression", "attrset_expression"):
        return False
    if given.type != "attrset_expression":
        # A flake reference as a text may name its revision.
        shown, refers = text(given, data), name in _REFERENCES
        if refers and any(child.type == "interpolation" for child in given.named_children):
            return False
        return not any(f"{word}=" in shown for word in held) and not (refers and _REVISION.search(shown))
    names = set[str | None]()
    for binding in bindings(given):
        path = binding.child_by_field_name("attrpath")
        names |= {*static_names(path, data)} if path is not None else {name for _, name in inherited(binding, data)}
    return None not in names and names.isdisjoint(held)


def _of_machine(name: str, place: Place) -> Diagnostic:
    return _finding(f"builtins.{name} is {_MACHINE[name]}", place, name)


def _finding(message: str, place: Place, subject: str) -> Diagnostic:
    return Diagnostic("impure_text", "error", message, "impurities", place, subject)
