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
from devkeel.source.nix.read.layers import PRIORITIES, strength
from devkeel.source.path import format_path
from devkeel.text.actions import argument

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devkeel.edits.files import Files
    from devkeel.edits.profiles import InProfile
    from devkeel.errors import Place
    from devkeel.source.path import AttrPath

__all__ = ["DeclaredModules", "Module"]


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

    def hidden(self, path: AttrPath) -> list[str]:
        """Return what may define an option path and cannot be looked into, as phrases with places."""
        raw = self.document.raw_path(path)
        above = [
            item
            for item in self.document.focus(raw).bindings
            if len(item.raw) < len(raw) and item.raw == raw[: len(item.raw)] and item.opaque and not item.entered
        ]
        return [
            f"what {self.line(item)} gives{' ' if item.path else ''}{format_path(item.path) if item.path else ''}"
            for item in above
        ] + unread_profiles(self.document)

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
        self._files.leave(phrase for module in self.modules for phrase in module.hidden(path))

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

    def told_of_profiles(self, path: AttrPath) -> str:
        """Return a sentence about the profiles that define an option path or what is below it, empty without one."""
        told = dict[str, list[str]]()
        for item in self.in_profiles(path):
            by = f", which {self._chosen[item.profile]} chooses," if item.profile in self._chosen else ""
            told.setdefault(f"the profile {item.profile}{by}", []).append(item.told)
        lines = [f"{profile} defines {', '.join(found)}" for profile, found in told.items()]
        return f" But {'; '.join(lines)}." if lines else ""

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


def _is_module(document: nix.Document) -> bool:
    try:
        return bool(document.body)
    except DevkeelError:
        return False


def _in_order(found: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the files: devenv.nix, what is imported, and last what is this machine's own."""
    local = [name for name in found if name in DECLARATION_FILES and name != DECLARATION]
    names = [*([DECLARATION] if DECLARATION in found else []), *(name for name in found if name not in local), *local]
    return {name: found[name] for name in dict.fromkeys(names)}
