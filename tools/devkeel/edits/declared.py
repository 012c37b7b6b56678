"""The declaration as an edit finds it: its modules, which of them define an option, and what was not read of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.edits.profiles import chosen_profiles, extended, in_profiles, unread_profiles
from devkeel.errors import DevkeelError, Refused
from devkeel.project.beyond import beyond
from devkeel.project.declaration import always_imported, read_declaration
from devkeel.project.root import DECLARATION, DECLARATION_FILES
from devkeel.source import nix
from devkeel.source.nix.read.equality import same
from devkeel.source.nix.read.layers import PRIORITIES, strength
from devkeel.source.nix.write.placement import blocked
from devkeel.source.path import format_path
from devkeel.text.actions import argument, do

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tree_sitter import Node

    from devkeel.edits.files import Files
    from devkeel.edits.profiles import InProfile
    from devkeel.errors import Place
    from devkeel.source import Edited
    from devkeel.source.path import AttrPath

__all__ = ["DeclaredModules", "Module", "changes"]


class Module(Struct, frozen=True):
    """A file of the declaration that is a module. always: it is one whatever a condition round its import says."""

    name: str
    document: nix.Document
    always: bool

    def at(self, path: AttrPath) -> list[nix.Definition]:
        """Return the definitions at an option path."""
        raw = self.document.raw_path(path)
        return [item for item in self.document.focus(raw).bindings if item.raw == raw and not item.computed]

    def below(self, path: AttrPath) -> list[nix.Definition]:
        """Return the definitions at an option path and below it."""
        raw = self.document.raw_path(path)
        return [item for item in self.document.focus(raw).bindings if item.raw[: len(raw)] == raw]

    def hidden(self, path: AttrPath) -> list[Hidden]:
        """Return what may define an option path and cannot be looked into, the profiles' modules apart."""
        raw, document = self.document.raw_path(path), self.document
        found = [
            Hidden(self, item.raw, item.node, item)
            for item in document.focus(raw).bindings
            if len(item.raw) < len(raw) and item.raw == raw[: len(item.raw)] and item.opaque and not item.entered
        ]
        parts = [Hidden(self, at, node) for at, node in document.focus(raw).unseen if len(at) < len(raw)]
        return found + [part for part in parts if part.raw == raw[: len(part.raw)]]

    def hidden_lists(self, path: AttrPath) -> list[Hidden]:
        """Return the definitions at an option path of whose list no element shows."""
        return [
            Hidden(self, item.raw, item.node, item)
            for item in self.at(path)
            if item.opaque and not any(element.known for element in nix.elements_of(self.document, item))
        ]

    def strength(self, path: AttrPath) -> int:
        """Return the strongest priority of the definitions at an option path: the lower, the stronger."""
        certain = [strength(item.layers) for item in self.at(path) if not item.conditions]
        return min(certain, default=strength(None))

    def line(self, item: nix.Definition) -> str:
        """Return file and line of a definition."""
        place = self.place(item)
        return f"{place.file}:{place.line}"

    def told(self, item: nix.Definition) -> str:
        """Return file and line of a definition, with the priority that it has."""
        name = item.layers.priority if item.layers is not None else None
        return f"{self.line(item)} ({name})" if name in PRIORITIES or name == "mkOverride" else self.line(item)

    def place(self, item: nix.Definition) -> Place:
        """Return the place of a definition."""
        return self.document.place(item.node.start_byte)


class Hidden(Struct, frozen=True):
    """What may define an option and cannot be looked into: where it is, as the file has its path, and its binding.

    item: None for a part of a value, an element of `mkMerge` or an operand of `//`.
    """

    module: Module
    raw: AttrPath
    node: Node
    item: nix.Definition | None = None

    @property
    def told(self) -> str:
        """A phrase with its place."""
        place, path = self.module.document.place(self.node.start_byte), self.module.document.option_path(self.raw)
        return f"what {place.file}:{place.line} gives{f' {format_path(path)}' if path else ''}"

    @property
    def in_the_way(self) -> Refused:
        """The refusal to say or change what is behind it, as a new definition there is refused."""
        document = self.module.document
        if self.item is not None:
            return blocked(document, self.item)
        return document.refuse(
            "opaque_value",
            f"{format_path(document.option_path(self.raw)) or 'The module'} has a part that cannot be looked into.",
            self.node,
        )


class DeclaredModules:
    """The declaration as the edits before have left it. All of it is read, through what the edit reads through."""

    def __init__(self, files: Files, known: nix.Document | None = None) -> None:
        """Read it; `known` is a file that is parsed already."""
        self._files = files
        found = read_declaration(files.candidate)
        for name in found:
            files.read(name)
        files.leave(beyond(files.candidate, found))
        always = always_imported(files.candidate, found)
        # A link is called as the file behind it, which is what is edited.
        names = {name: files.candidate.resolve(name) for name in _in_order(found) if name.endswith(".nix")}
        documents = {
            name: known
            if known is not None and (real, found[name]) == (known.name, known.data)
            else nix.Document(found[name], real)
            for name, real in names.items()
        }
        self.modules = [Module(item.name, item, name in always) for name, item in documents.items() if _is_module(item)]
        self._chosen = chosen_profiles(found)
        waiting = [*self._chosen]
        while waiting:
            profile = waiting.pop()
            more = [name for module in self.modules for name in extended(module.document, profile)]
            waiting += [name for name in more if name not in self._chosen]
            self._chosen |= {name: self._chosen[profile] for name in more if name not in self._chosen}

    def defining(self, path: AttrPath) -> list[Module]:
        """Return the modules that have a definition at an option path or below it."""
        return [module for module in self.modules if module.below(path)]

    def lines(self, path: AttrPath, *, without: str = "") -> list[str]:
        """Return where an option path is defined, file and line, but for one file."""
        found = [module.line(item) for module in self.modules if module.name != without for item in module.below(path)]
        return list(dict.fromkeys(found))

    def strongest(self, path: AttrPath) -> list[Module]:
        """Return the modules with a definition at an option path that counts, by their priorities."""
        found = [module for module in self.modules if module.at(path)]
        least = min((module.strength(path) for module in found), default=strength(None))
        return [module for module in found if module.strength(path) == least]

    def look_behind(self, path: AttrPath) -> None:
        """Note what may define an option path and cannot be looked into, before it is said not to be there."""
        for module in self.modules:
            self._files.leave(part.told for part in module.hidden(path))
            self._files.leave(told for _, told in unread_profiles(module.document))

    def require_seen(self, path: AttrPath, *, only: str | None = None, listed: bool = False) -> None:
        """Refuse where a file, or the `only` one, may define an option path in what cannot be looked into.

        listed: the elements of its lists have to show as well. A profile's module is one where it is chosen.
        """
        for module in self.modules:
            if only in (None, module.name):
                found = [*module.hidden(path), *(module.hidden_lists(path) if listed else ())]
                if found:
                    raise found[0].in_the_way
                for item, told in unread_profiles(module.document):
                    if self._chosen and (len(item.path) == 1 or self._chosen.keys() & {*item.path}):
                        raise module.document.refuse(
                            "opaque_value",
                            f"{format_path(path)} may be set in a profile that devenv's settings choose: {told}.",
                            item.node,
                        )

    def require_not_in_profile(self, path: AttrPath) -> None:
        """Refuse an option path that a chosen profile defines, at it or below it, where no file is named."""
        for item in self.chosen(path):
            full = format_path(item.full or item.path)
            raise item.standing_over(
                path, f"Name {full} in the edit, or the file that is meant with {argument('file')}."
            )

    def absent(self, path: AttrPath, sentence: str) -> str:
        """Return the sentence that an option has nothing of a kind, with what could not be read to say it."""
        self.look_behind(path)
        return self._files.looked.says(f"{sentence}{self.told_of_profiles(path)}")

    def in_profiles(self, path: AttrPath) -> list[InProfile]:
        """Return the definitions that profiles have of an option path or below it."""
        return [item for module in self.modules for item in in_profiles(module.document, path)]

    def chosen(self, path: AttrPath) -> list[InProfile]:
        """Return those of profiles that the settings of devenv choose."""
        return [item for item in self.in_profiles(path) if item.profile in self._chosen]

    def require_not_prevailed(self, path: AttrPath, value: nix.Value) -> None:
        """Refuse to set an option where a chosen profile has another value: devenv takes the profile's."""
        for item in self.chosen(path):
            if item.path == path and not isinstance(item.value, (list, dict)) and not same(item.value, value):
                raise item.standing_over(path, f"Set {format_path(item.full or path)} with {do('set')}.")

    def require_not_held(self, path: AttrPath, remove: Callable[[nix.Document], Edited]) -> None:
        """Refuse to take an element out of the lists of an option path where a chosen profile has one with it."""
        for item in self.chosen(path):
            if changes(item.alone(path), remove):
                raise item.standing_over(
                    path, f"Take it out of {format_path(item.full or item.path)} with {do('patch')}."
                )

    def told_of_profiles(self, path: AttrPath) -> str:
        """Return a sentence about the profiles that define an option path or what is below it, empty without one."""
        told = dict[str, list[str]]()
        for item in self.in_profiles(path):
            by = f", which {self._chosen[item.profile]} chooses," if item.profile in self._chosen else ""
            told.setdefault(f"the profile {item.profile}{by}", []).append(item.told)
        lines = [f"{profile} defines {', '.join(found)}" for profile, found in told.items()]
        return f" Beside it, {'; '.join(lines)}." if lines else ""

    def ambiguous(self, path: AttrPath, modules: list[Module]) -> Refused:
        """Return the refusal to choose one of several files."""
        first = modules[-1].below(path)[0]
        return Refused(
            "ambiguous",
            f"{format_path(path)} is defined in {len(modules)} files: {', '.join(self.lines(path))}.",
            place=modules[-1].place(first),
            seen=modules[-1].document.source(first)[:120],
            remedy=f"Repeat the edit with {argument('file', modules[-1].name)}, or with another of them.",
            alternatives=tuple(module.name for module in modules),
        )


def changes(document: nix.Document, change: Callable[[nix.Document], Edited]) -> bool:
    """Return whether an edit finds in a module what it is about, or cannot say so."""
    try:
        return change(document).changed
    except Refused:
        return True


def _is_module(document: nix.Document) -> bool:
    try:
        return (document.name in DECLARATION_FILES or nix.never_module(document) is None) and bool(document.body)
    except DevkeelError:
        return False


def _in_order(found: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the files: devenv.nix, what is imported, and last what is this machine's own."""
    local = [name for name in found if name in DECLARATION_FILES and name != DECLARATION]
    names = [*([DECLARATION] if DECLARATION in found else []), *(name for name in found if name not in local), *local]
    return {name: found[name] for name in dict.fromkeys(names)}
