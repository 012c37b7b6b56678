"""What one edit makes of the modules of a declaration: the file that holds a definition is the one that is edited."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.edits.declared import DeclaredModules, Module
from devkeel.edits.files import AppliedEdit
from devkeel.source import compose, nix
from devkeel.source.path import format_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from devkeel.edits.base import Edit
    from devkeel.edits.files import Files
    from devkeel.source import Edited
    from devkeel.source.path import AttrPath

__all__ = ["Draft"]


class Draft:
    """The modules as one edit leaves them so far.

    main: the file that the caller named, else devenv.nix. named: whether the caller did, and means that file alone.
    declared: the declaration before the edit.
    """

    def __init__(self, edit: Edit, files: Files) -> None:
        """Read the declaration; what is wrong with the file that is named is said first."""
        self._edit, self._files = edit, files
        self.main = edit.open(files)
        self.named = "file" in edit.model_fields_set
        document = self.main.nix()
        self.declared = DeclaredModules(files, document)
        if self.main.name not in {module.name for module in self.declared.modules}:
            self.declared.modules.append(Module(self.main.name, document, False))
        self._first = {module.name: module.document for module in self.declared.modules}
        self._steps: dict[str, list[Edited]] = {}
        self._now = dict(self._first)

    def document(self, name: str) -> nix.Document:
        """Return a module as it is so far."""
        return self._now[name]

    def home(self, path: AttrPath, *, adding: bool = False) -> str:
        """Return the file that an edit of an option path is about: the one that defines it, else the main one.

        adding: a definition of its own beside those of other files joins them. Raises Refused `ambiguous` where
        several other files define it.
        """
        modules = [] if self.named else self.declared.defining(path)
        names = [module.name for module in modules]
        counting = [module.name for module in self.declared.strongest(path)] if adding else []
        if len(names) > 1 and counting and self.main.name in names and self.main.name not in counting:
            return counting[0]  # beside it, what the main file has of the list is dropped
        if not names or self.main.name in names or (adding and len(names) > 1 and _join(path, modules)):
            return self.main.name
        if len(names) > 1:
            raise self.declared.ambiguous(path, modules)
        return names[0]

    def make(self, name: str, change: Callable[[nix.Document], Edited]) -> Edited:
        """Make a change of a module as it is so far, and return it."""
        edited = change(self._now[name])
        if edited.changed:
            self._now[name] = self._now[name].after(edited)
        self._steps.setdefault(name, []).append(edited)
        return edited

    def applied(self, path: AttrPath, notes: Iterable[str] | None = None) -> AppliedEdit:
        """Return what the edit made. notes: what it met; left out, what the editor says of each step.

        Where a file is changed that the caller did not name, that is said, and where else the path is defined.
        """
        before = {name: self._first[name].data for name in self._steps}
        after = {name: compose(before[name], steps).data for name, steps in self._steps.items()}
        told = [note for steps in self._steps.values() for step in steps for note in step.notes]
        told = [*dict.fromkeys(told if notes is None else notes)]
        changed = [name for name, data in after.items() if data != before[name]]
        elsewhere = [name for name in changed if name != self.main.name]
        told += [f"{format_path(path)} stands in {name}, so it was changed there." for name in elsewhere]
        if changed:
            others = [module for module in self.declared.modules if module.name not in changed]
            lines = [*dict.fromkeys(module.told(item) for module in others for item in module.below(path))]
            told += [f"{format_path(path)} is defined in {', '.join(lines)} too."] if lines else []
        return AppliedEdit(before, after, tuple(told))


def _join(path: AttrPath, modules: list[Module]) -> bool:
    """Return whether one more definition without a priority joins those of the modules."""
    found = [item for module in modules for item in module.at(path)]
    return all(item.layers is not None and item.layers.priority in (None, "mkBefore", "mkAfter") for item in found)
