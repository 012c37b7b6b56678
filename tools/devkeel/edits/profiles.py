"""Profiles of a module: each holds a module of its own, which counts where the profile is chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.errors import DevkeelError, Refused
from devkeel.project.root import DECLARATION_FILES
from devkeel.source import nix
from devkeel.source.path import format_path
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tree_sitter import Node

    from devkeel.errors import Place
    from devkeel.source.path import AttrPath

__all__ = ["InProfile", "chosen_profiles", "extended", "in_profiles", "unread_profiles"]

# devenv, src/modules/profiles.nix: `module` is the module of a profile, a `deferredModule`.
_MODULE = "module"
# What is written of a profile beside its module; `hostname` and `user` hold profiles themselves.
_BESIDE = frozenset({"extends"})


class InProfile(Struct, frozen=True):
    """A definition in the module of a profile: the profile's name and where it is.

    source: of its value. path: within the module. full: from the root of the file, None where the module is a function.
    """

    profile: str
    path: AttrPath
    full: AttrPath | None
    place: Place
    value: nix.Value
    source: str

    @property
    def told(self) -> str:
        """Its path, with file and line."""
        return f"{format_path(self.full or self.path)} ({self.place.file}:{self.place.line})"

    def alone(self, path: AttrPath) -> nix.Document:
        """Return the definition as a module of its own that has it at an option path."""
        text = f"{{ pkgs, lib, ... }}: {{ {format_path(path)} = {self.source}; }}"
        return nix.Document(text.encode(), self.place.file)

    def standing_over(self, path: AttrPath, way: str = "") -> Refused:
        """Return the refusal of an edit of an option path that the chosen profile defines.

        way: what to do with the definition there, where its whole path is one that an edit can name.
        """
        return Refused(
            "defined_elsewhere",
            f"{format_path(path)} is set in the profile {self.profile}, which devenv's settings choose: {self.told}.",
            place=self.place,
            seen=format_path(self.path),
            remedy=way if way and self.full else f"Write it there with {do('patch')}.",
        )


def in_profiles(document: nix.Document, path: AttrPath) -> list[InProfile]:
    """Return the definitions that the profiles of a module have of an option path or below it."""
    found = list[InProfile]()
    for item in _items(document):
        if _MODULE not in item.path[1:]:
            continue
        at = item.path.index(_MODULE, 1)
        profile, inner = item.path[at - 1], _plain(item.path[at + 1 :])
        if inner[: len(path)] == path:
            place = document.place(item.node.start_byte)
            found.append(InProfile(profile, inner, item.path, place, document.value(item), document.source(item)))
        elif not inner and (inside := _function(document, item)) is not None:
            for each in inside.focus(()).definitions:
                if each.path[: len(path)] == path:
                    place = inside.place(each.node.start_byte)
                    source = inside.source(each)
                    found.append(InProfile(profile, each.path, None, place, inside.value(each), source))
    return found


def unread_profiles(document: nix.Document) -> list[tuple[nix.Definition, str]]:
    """Return what profiles hold that is not looked into, each with a phrase that has its place."""
    found = list[tuple[nix.Definition, str]]()
    for item in _items(document):
        whole = _MODULE not in item.path[1:-1]  # it is the module of a profile, or stands in place of one
        if item.entered or item.path[-1] in _BESIDE or not whole or _is_set(item):
            continue
        if _function(document, item) is None:
            line = document.place(item.node.start_byte).line
            found.append((item, f"what {document.name}:{line} gives {format_path(item.path)}"))
    return found


def chosen_profiles(files: Mapping[str, bytes]) -> dict[str, str]:
    """Return the profiles that files of devenv's settings choose, each with the file that does."""
    found = dict[str, str]()
    for name, data in files.items():
        if name in DECLARATION_FILES and name.endswith(".yaml") and b"profile" in data:
            found |= dict.fromkeys(_chosen(data), name)
    return found


def extended(document: nix.Document, profile: str) -> list[str]:
    """Return the profiles that one of a module extends, as far as it names them."""
    found = [document.value(item) for item in _items(document) if item.path[-2:] == (profile, "extends")]
    return [name for names in found if isinstance(names, list) for name in names if isinstance(name, str)]


def _chosen(data: bytes) -> list[str]:
    from ruamel.yaml import YAML  # noqa: PLC0415  (27 ms that most projects do not need)
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415  (with the 27 ms)

    try:
        loaded = YAML(typ="safe", pure=True).load(data.decode())
    except (YAMLError, ValueError, RecursionError):  # a date that is none, an integer of 4,300 digits, deep nesting
        return []
    name = loaded.get("profile") if isinstance(loaded, dict) else None
    return [name] if isinstance(name, str) else []


def _items(document: nix.Document) -> Iterator[nix.Definition]:
    if b"profiles" not in document.data:
        return
    raw = document.raw_path(("profiles",))
    yield from (item for item in document.focus(raw).bindings if item.path[:1] == ("profiles",))


def _plain(path: AttrPath) -> AttrPath:
    return path[1:] if path[:1] == ("config",) and len(path) > 1 else path


def _is_set(item: nix.Definition) -> bool:
    return item.layers is not None and "attrset" in item.layers.core.type


def _function(document: nix.Document, item: nix.Definition) -> nix.Document | None:
    """Return the function that is the module of a profile as a file of its own, its lines where they are."""
    node: Node | None = item.value
    while node is not None and node.type == "parenthesized_expression":
        node = node.child_by_field_name("expression")
    if node is None or node.type != "function_expression" or item.path[-1] != _MODULE:
        return None
    above = b"\n" * document.data.count(b"\n", 0, node.start_byte)
    inside = nix.Document(above + document.data[node.start_byte : node.end_byte], document.name)
    try:
        _ = inside.body
    except DevkeelError:  # its value is no literal set
        return None
    return inside
