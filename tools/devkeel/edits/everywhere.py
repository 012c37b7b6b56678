"""Edits of whatever a declaration has at an option path, in all of its modules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.edits.declared import changes
from devkeel.edits.draft import Draft
from devkeel.errors import Refused
from devkeel.source.path import format_path
from devkeel.text.actions import argument

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from devkeel.edits.base import Edit
    from devkeel.edits.declared import Module
    from devkeel.edits.files import AppliedEdit, Files
    from devkeel.source import Edited
    from devkeel.source.nix import Document
    from devkeel.source.path import AttrPath

__all__ = ["add_where_defined", "edit_where_defined", "remove_everywhere", "there_already"]


def edit_where_defined(
    edit: Edit, files: Files, path: AttrPath, change: Callable[[Document, str], Edited]
) -> AppliedEdit:
    """Take the definitions of an option path away, as `change` does, where they stand.

    Raises Refused `ambiguous` where several files define it and the caller named none of them.
    """
    draft, text = Draft(edit, files), format_path(path)
    modules = draft.declared.defining(path)
    if not draft.named:
        draft.declared.require_not_in_profile(path)
        if len(modules) > 1:
            raise draft.declared.ambiguous(path, modules)
    home = draft.home(path)
    edited = draft.make(home, lambda document: change(document, text))
    if edited.changed:
        return draft.applied(path)
    if modules:
        others = ", ".join(draft.declared.lines(path, without=home))
        other = modules[0].name
        note = f"{text} is not defined in {home}, but in {others}: repeat the edit with {argument('file', other)}."
        return draft.applied(path, [note])
    draft.declared.require_seen(path, only=home if draft.named else None)
    return draft.applied(path, [draft.declared.absent(path, f"{text} is not defined.")])


def add_where_defined(edit: Edit, files: Files, path: AttrPath, add: Callable[[Document], Edited]) -> AppliedEdit:
    """Add to the list or text at an option path, unless it has it already in one of the files."""
    draft = Draft(edit, files)
    home = draft.home(path, adding=True)
    if not draft.named:
        holder = there_already(draft, home, path, add)
        if holder is not None:
            where = holder.line(holder.at(path)[0])
            notes = add(holder.document).notes or (f"It is already in {format_path(path)}.",)
            return draft.applied(path, [f"{note.rstrip('.')}: {where}." for note in notes])
    draft.make(home, add)
    return draft.applied(path)


def there_already(draft: Draft, home: str, path: AttrPath, add: Callable[[Document], Edited]) -> Module | None:
    """Return the module beside the home of an option path that needs no change to have what is added."""
    for module in draft.declared.strongest(path):
        if module.name == home or not module.always:
            continue
        try:
            if not add(module.document).changed:
                return module
        except Refused:
            continue  # what it has does not show
    return None


def remove_everywhere(
    edit: Edit, files: Files, path: AttrPath, removals: Mapping[str, Callable[[Document], Edited]]
) -> AppliedEdit:
    """Take elements out of every list of an option path; `removals` has the step for each, by its name."""
    draft = Draft(edit, files)
    modules = [] if draft.named else draft.declared.defining(path)
    names = [module.name for module in modules] or [draft.main.name]
    notes = list[str]()
    for name, remove in removals.items():
        steps = [draft.make(file, remove) for file in names]
        if not draft.named:
            draft.declared.require_not_held(path, remove)
        if any(step.changed for step in steps):
            continue
        modules = draft.declared.defining(path) if draft.named else []
        holders = [module for module in modules if changes(module.document, remove)]
        if holders:
            where = holders[0].name
            said = f"{name} is not in {format_path(path)} of {names[0]}, but of {where}"
            notes.append(f"{said}: repeat the edit with {argument('file', where)}.")
        else:
            draft.declared.require_seen(path, only=names[0] if draft.named else None, listed=True)
            told = [note for step in steps for note in step.notes]
            notes.append(draft.declared.absent(path, told[0] if told else f"{name} is not in {format_path(path)}."))
    return draft.applied(path, notes)
