"""The modules of a declaration: what its Nix files say at an option, whichever of them says it."""

from __future__ import annotations

import posixpath
import re
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.errors import DevkeelError
from devkeel.source import nix
from devkeel.source.nix.read.layers import peel, strength
from devkeel.source.nix.read.literal import read_value
from devkeel.source.nix.read.syntax import text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tree_sitter import Node

__all__ = ["Modules", "Statement", "argument_of", "path_in"]

_PROFILES = ("profiles", "module")
_LITERAL = re.compile(r"\.{1,2}(?:/[\w.+-]+)*/?")
# devenv, src/modules/top-level.nix: the root of the project, which `directory` defaults to.
_ROOT = re.compile(r'"\$\{(?:config\.)?(?:devenv\.root|env\.DEVENV_ROOT)\}(?P<rest>(?:/[^"$\\]*)?)"')
_JOINED = re.compile(r'(?:config\.)?(?:devenv\.root|env\.DEVENV_ROOT)(?:\s*\+\s*"(?P<rest>/[^"$\\]*)")?')


class Statement(Struct, frozen=True):
    """A definition of an option in one of the files; profile: the one that it belongs to, None without one."""

    document: nix.Document
    item: nix.Definition
    profile: str | None = None

    @property
    def settled(self) -> bool:
        """Whether it counts whatever is chosen."""
        return self.profile is None and not self.item.conditions

    @property
    def value(self) -> nix.Value:
        """What it says."""
        return self.document.value(self.item)

    @property
    def core(self) -> Node | None:
        """The innermost expression of its value, without mkForce and the like."""
        return self.item.layers.core if self.item.layers is not None else self.item.value

    @property
    def where(self) -> str:
        """File and line."""
        return f"{self.document.name}:{self.document.place(self.item.node.start_byte).line}"

    @property
    def under(self) -> str:
        """When it counts, as the end of a sentence; empty where it always does."""
        if self.profile is not None:
            return f" in the profile {self.profile}"
        return f" where {' and '.join(self.item.conditions)}" if self.item.conditions else ""


class Modules(Struct, dict=True):
    """The Nix files of a declaration, by name; what does not parse says nothing."""

    files: Mapping[str, bytes]

    @cached_property
    def documents(self) -> tuple[nix.Document, ...]:
        """The files, parsed."""
        return tuple(nix.Document(data, name) for name, data in self.files.items() if name.endswith(".nix"))

    @cached_property
    def _all(self) -> tuple[tuple[nix.AttrPath, Statement], ...]:
        return tuple(self._read())

    def _read(self) -> Iterator[tuple[nix.AttrPath, Statement]]:
        for document in self.documents:
            try:
                items = document.definitions
            except DevkeelError:
                continue
            for item in items:
                path = item.path
                # devenv, src/modules/profiles.nix: a profile is a module that counts where it is chosen.
                if path[:1] == _PROFILES[:1] and path[2:3] == _PROFILES[1:]:
                    yield path[3:], Statement(document, item, path[1])
                else:
                    yield path, Statement(document, item)

    def at(self, path: str) -> list[Statement]:
        """Return the definitions of an option: what always counts first, and of that the strongest."""
        wanted = nix.parse_path(path)
        found = [said for known, said in self._all if known == wanted]
        return sorted(found, key=lambda said: (not said.settled, strength(said.item.layers)))

    def value(self, path: str) -> nix.Value:
        """Return the value that always counts, None where there is none."""
        found = [said for said in self.at(path) if said.settled]
        return found[0].value if found else None

    def is_on(self, *paths: str) -> bool:
        """Return whether one of several switches is on, whatever is chosen."""
        return any(self.value(path) is True for path in paths)

    def defines(self, *paths: str) -> bool:
        """Return whether one of several options has a definition."""
        return any(self.at(path) for path in paths)

    def imported(self, language: str) -> list[tuple[str, str]]:
        """Return the directories that `config.languages.LANGUAGE.import ./path { }` builds from, each with its line."""
        found, word = list[tuple[str, str]](), f"languages.{language}.import"
        for document in self.documents:
            waiting = [document.root] if word.encode() in document.data else []
            while waiting:
                node = waiting.pop()
                waiting += reversed(node.named_children)
                function, argument = (node.child_by_field_name(name) for name in ("function", "argument"))
                called = text(function, document.data) if function is not None else ""
                if node.type == "apply_expression" and argument is not None and called.endswith(word):
                    source = text(argument, document.data)
                    if _LITERAL.fullmatch(source):
                        path = posixpath.normpath(posixpath.join(posixpath.dirname(document.name), source))
                        found.append((path, f"{document.name}:{document.place(node.start_byte).line}"))
        return found

    def names(self, word: bytes) -> bool:
        """Return whether a word stands in any of the files."""
        return any(word in document.data for document in self.documents)


def path_in(said: Statement, node: Node | None = None) -> str | None:
    """Return the file or directory that a value names, relative to the root; None where that is computed.

    node: the expression, the definition's own value without it. A path of Nix is relative to its file, a text to the
    root of the project, as devenv's `directory` is.
    """
    data, base = said.document.data, posixpath.dirname(said.document.name)
    node = said.core if node is None else node
    if node is None:
        return None
    node = peel(node, data).core
    source = text(node, data)
    if node.type == "path_expression":
        return posixpath.normpath(posixpath.join(base, source)) if re.fullmatch(r"\.{1,2}/[^$]*", source) else None
    argument = argument_of(node, data, "toString")
    if argument is not None:
        return path_in(said, argument)
    found = _ROOT.fullmatch(source) or _JOINED.fullmatch(source)
    if found is not None:
        return posixpath.normpath((found["rest"] or "").lstrip("/") or ".")
    value = read_value(node, data)
    return posixpath.normpath(value) if isinstance(value, str) and value else None


def argument_of(node: Node, data: bytes, *names: str) -> Node | None:
    """Return the argument of a call of one of several functions of `builtins` or `lib`, None for anything else."""
    function, argument = (node.child_by_field_name(name) for name in ("function", "argument"))
    if node.type != "apply_expression" or function is None:
        return None
    owner, _, name = text(function, data).rpartition(".")
    return argument if name in names and owner in _OWNERS else None


_OWNERS = frozenset({"", "builtins", "lib", "lib.strings", "pkgs.lib"})
