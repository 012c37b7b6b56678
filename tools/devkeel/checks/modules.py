"""What a declaration's own files say about options: which files are modules, which options they declare."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.errors import DevkeelError
from devkeel.project.declaration import imports_of, origin
from devkeel.project.root import DECLARATION_FILES
from devkeel.source import nix

if TYPE_CHECKING:
    from devkeel.candidate.candidate import Candidate

__all__ = ["World"]


class World(Struct, frozen=True):
    """The modules of a declaration.

    modules: the files that are modules, those that parse. declared: the options that they declare themselves.
    closed: whether nothing else declares options, as far as the text shows: no module comes from elsewhere. functions:
    the files in `imports` that no arguments make a module of.
    """

    modules: tuple[nix.Document, ...]
    declared: frozenset[nix.AttrPath]
    closed: bool
    functions: tuple[nix.Document, ...] = ()

    @classmethod
    def of(cls, subject: Candidate) -> World:
        """Return the world of a declaration: its files and what they import, by literal paths."""
        names = [name for name in DECLARATION_FILES if name in subject.files]
        for name in names:
            names += [
                other
                for other in imports_of(origin(subject, name), subject.files[name], subject.way_to_work_tree)
                if other in subject.files and other not in names
            ]
        found, functions = list[nix.Document](), list[nix.Document]()
        declared, closed = set[nix.AttrPath](), True
        for name in names:
            if not name.endswith(".nix"):
                closed = closed and b"imports" not in subject.files[name]
                continue
            document = subject.document(name)
            if name not in DECLARATION_FILES and nix.never_module(document) is not None:
                functions.append(document)
                continue
            try:
                paths = [(item.raw, item) for item in document.definitions]
            except DevkeelError:
                closed = False
                continue
            found.append(document)
            for raw, _ in paths:
                inner = _inner(raw)
                declared |= {inner[1:]} if inner[:1] == ("options",) else set()
            closed = closed and all(_seen(subject, document, item) for _, item in paths)
        return cls(tuple(found), frozenset(declared), closed, tuple(functions))

    def declares(self, path: nix.AttrPath) -> bool:
        """Return whether an option of the project's own is at, above or below a path."""
        inner = _inner(path)
        inner = inner[1:] if inner[:1] == ("config",) else inner
        return any(inner[: len(own)] == own[: len(inner)] for own in self.declared)


def _inner(path: nix.AttrPath) -> nix.AttrPath:
    """Return a path within the innermost module that it leads into: a profile's, or the file's own."""
    # devenv, src/modules/profiles.nix: the option `module` of a profile is a whole module (`deferredModule`).
    if path[:1] == ("profiles",) and "module" in path[:-1]:
        return path[path.index("module") + 1 :]
    return path


def _seen(subject: Candidate, document: nix.Document, item: nix.Definition) -> bool:
    """Return whether a definition brings in no module from where the text does not show it."""
    inner = _inner(item.path) or item.path
    inner = inner[1:] if inner[:1] == ("config",) and len(inner) > 1 else inner
    if not inner or inner[0] in {"_module", "disabledModules", "freeformType", "require"}:
        return False
    if inner[0] != "imports":
        return True
    value = document.value(item)
    if not isinstance(value, list):
        return False
    here = origin(subject, document.name)
    targets = [entry.source if isinstance(entry, nix.Expression) else "" for entry in value]
    return all(
        target.startswith(("./", "../")) and any(name in subject.files for name in _one_import(here, target))
        for target in targets
    )


def _one_import(name: str, target: str) -> list[str]:
    return list(imports_of(name, f"{{ imports = [ {target} ]; }}".encode()))
