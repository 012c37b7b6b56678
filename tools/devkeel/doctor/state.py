"""What is wrong with the records, locks, leftovers and files of a project, and what was put right."""

from __future__ import annotations

import os
import posixpath
import stat
from contextlib import suppress
from typing import TYPE_CHECKING

from devkeel.doctor.finding import Finding
from devkeel.errors import DevkeelError, StateError
from devkeel.project import direnv
from devkeel.project.root import DECLARATION_FILES, LOCK_FILES, OTHER_FILES, SETTINGS
from devkeel.state import directory
from devkeel.state.origin import ASIDE
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from devkeel.project.root import Project
    from devkeel.transaction import Transactions

__all__ = ["history_findings"]


def history_findings(project: Project, store: Transactions, *, repair: bool) -> Iterator[Finding]:
    """Yield what is to be said of everything that devkeel keeps in a project, and of the files that it replaces."""
    yield from _told("state", _state(project, store, repair=repair))
    yield from _told("history", _history(store, repair=repair))
    yield from _told("journal", _journal(store, repair=repair))
    yield from _told("lock", _lock(store))
    yield from _told("stage", _stage(store, repair=repair))
    yield from _told("stage", _late(store, repair=repair))
    yield from _told("modes", _modes(project))
    yield from _told("files", _files(project, store))
    yield from _told("direnv", _direnv(project))


def _told(about: str, findings: Iterator[Finding]) -> Iterator[Finding]:
    """Give the findings; an error while looking is one of them."""
    try:
        yield from findings
    except DevkeelError as error:
        yield Finding(about, "problem", error.message, error.remedy)
    except OSError as error:
        yield Finding(about, "problem", f"It cannot be examined: {error.strerror}.")


def _state(project: Project, store: Transactions, *, repair: bool) -> Iterator[Finding]:
    state = project.state
    if directory.status(state) is None:
        yield Finding("state", "good", "There are no records yet; the first write makes them.")
        return
    if not directory.is_folder(state):
        yield Finding("state", "problem", f"{state.name} is not a directory.", f"Move {state} away.")
        return
    yield from _origin(project, store, repair=repair)
    if not os.access(state, os.W_OK | os.X_OK):
        yield Finding("state", "problem", f"{state.name} is not writable.", "Give this user the right to write there.")
    if directory.status(state / ".gitignore") is not None:
        yield Finding("state", "good", f"{state.name} is there and ignores itself in Git.")
    elif repair:
        store.make_directory()
        yield Finding("state", "repaired", f"{state.name} had no .gitignore; it has one now.")
    else:
        yield Finding("state", "problem", f"{state.name} has no .gitignore.", f"Run {do('repair')}.")


def _origin(project: Project, store: Transactions, *, repair: bool) -> Iterator[Finding]:
    """Say so where the records are from elsewhere, and where such records were put aside."""
    found = store.ownership()
    told = f"The records in {project.state.name} are from elsewhere: {found.why}. Nothing of them is used."
    if found.foreign and repair:
        place = store.set_foreign_aside()
        if place is not None:
            yield Finding("state", "repaired", f"{told} They were moved to {place.relative_to(project.root)}, unread.")
            return
    if found.foreign:
        yield Finding("state", "problem", told, found.remedy)
    aside = project.state / ASIDE
    if directory.is_folder(aside) and directory.names(aside):
        told = f"Records from elsewhere were put into {aside.relative_to(project.root)}."
        yield Finding("state", "note", told, f"If the history is yours: {do('adopt')}. Otherwise remove that folder.")


def _history(store: Transactions, *, repair: bool) -> Iterator[Finding]:
    try:
        found = store.damage()
    except StateError as error:
        if error.code != "state_corrupt":
            raise
        found = [error.message]
    if not found:
        newest = store.history(limit=1)
        told = f"the newest operation is {newest[0].id}, of {newest[0].time}" if newest else "it is empty"
        yield Finding("history", "good", f"The history is whole; {told}.")
        return
    told = "; ".join(found[:3])
    if repair:
        place = store.set_aside()
        yield Finding("history", "repaired", f"The records are damaged ({told}); they were moved to {place.name}.")
    else:
        remedy = f"Run {do('repair')}: it moves the records aside. The project's files are not touched."
        yield Finding("history", "problem", f"The records are damaged: {told}.", remedy)


def _journal(store: Transactions, *, repair: bool) -> Iterator[Finding]:
    if not store.recovery_pending():
        yield Finding("journal", "good", "No operation was interrupted.")
        return
    if not repair:
        remedy = f"The next write settles it, and so does {do('repair')}."
        yield Finding("journal", "problem", "An operation was interrupted and waits to be settled.", remedy)
        return
    recovered = store.recover()
    told = recovered.outcome.replace("_", " ") if recovered else "settled by somebody else"
    left = f"; left alone, because others changed them: {', '.join(recovered.left_alone)}" if recovered else ""
    yield Finding("journal", "repaired", f"An interrupted operation was {told}{left if left[-2:] != ': ' else ''}.")


def _lock(store: Transactions) -> Iterator[Finding]:
    holder = store.lock_holder()
    if holder is None:
        yield Finding("lock", "good", "Nobody holds the lock.")
    else:
        who = f"process {holder.get('pid')} on {holder.get('host')}, since {holder.get('since')}"
        yield Finding("lock", "note", f"The lock is held by {who}.", "Wait for it, or end that process.")


def _late(store: Transactions, *, repair: bool) -> Iterator[Finding]:
    """Say nothing where no old file is kept."""
    for item in store.late(remove=repair):
        if item.data in (item.before, item.after) and not item.gap:
            told = f"A program has the old file of {item.path} open for writing; what it writes goes to {item.place}."
            yield Finding("stage", "note", told)
        else:
            told = f"{item.place} holds what somebody wrote into the old file of {item.path}. It is kept."
            yield Finding("stage", "problem", told, "Take from it what you need and remove it.")


def _stage(store: Transactions, *, repair: bool) -> Iterator[Finding]:
    left = [] if store.recovery_pending() else store.temporaries()
    if not left:
        yield Finding("stage", "good", "No temporary file lies about.")
        return
    kept = store.remove_temporaries(left) if repair else []
    gone = [path for path in left if path not in kept]
    if not repair:
        told = f"Temporary files of ended operations lie about: {', '.join(left)}."
        yield Finding("stage", "problem", told, f"Run {do('repair')}.")
    if repair and gone:
        yield Finding("stage", "repaired", f"Removed temporary files of ended operations: {', '.join(gone)}.")
    for path in kept:
        told = f"{path} holds what somebody wrote into a file while it was replaced. It is kept."
        yield Finding("stage", "problem", told, "Take from it what you need and remove it.")


def _modes(project: Project) -> Iterator[Finding]:
    wrong = []
    for name in _environment_files(project):
        try:
            info = project.room.status(relative := project.resolve(name))
        except DevkeelError as error:
            wrong.append(Finding("modes", "problem", error.message, error.remedy))
            continue
        if info is None:
            continue
        if info.st_nlink > 1:
            told = f"{name} has {info.st_nlink} names (hard links); devkeel will not replace it."
            wrong.append(Finding("modes", "problem", told, f"Find the others with `find -inum {info.st_ino}`."))
        if info.st_mode & stat.S_IWOTH:
            told = f"Everybody may write {name}, which runs when you enter the shell."
            wrong.append(Finding("modes", "problem", told, f"chmod o-w {name}"))
        if not project.room.writable(posixpath.dirname(relative)):
            wrong.append(Finding("modes", "problem", f"The directory of {name} is not writable."))
    yield from wrong or [Finding("modes", "good", "Every environment file can be replaced, and by its owner only.")]


def _environment_files(project: Project) -> Sequence[str]:
    names = (*DECLARATION_FILES, *LOCK_FILES, *OTHER_FILES, SETTINGS, "pyproject.toml")
    return [name for name in names if project.exists(name)]


def _files(project: Project, store: Transactions) -> Iterator[Finding]:
    newest = store.history(limit=1)
    changed = []
    for image in newest[0].files if newest else ():
        with suppress(DevkeelError):
            data = project.read(image.path)
            if data != store.content(image.after_hash):
                changed.append(image.path)
    if changed:
        yield Finding("files", "note", f"Changed by somebody else since the last operation: {', '.join(changed)}.")
    elif newest:
        yield Finding("files", "good", "The files are as the last operation left them.")


def _direnv(project: Project) -> Iterator[Finding]:
    """Say nothing where there is no .envrc, or no direnv that would read it."""
    for told in direnv.entering_advice(project):
        yield Finding("direnv", "note", told, f"{do('envrc')} shows the lines that enter what is applied.")
    state = direnv.state_of(project)
    if state == "allowed":
        yield Finding("direnv", "good", "direnv has allowed .envrc.")
    elif state is not None:
        told = "has not allowed" if state == "not_allowed" else "was told to deny"
        yield Finding("direnv", "note", f"direnv {told} .envrc.", "Run `direnv allow`.")
