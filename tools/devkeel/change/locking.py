"""The inputs of a candidate, locked in the change that declares them: what the lock becomes joins the candidate."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from devkeel.checks.report import Skipped
from devkeel.deferred import Deferred
from devkeel.errors import Refused, Unavailable
from devkeel.project.root import INPUTS, LOCAL_INPUTS, LOCK
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from devkeel.candidate.candidate import Candidate
    from devkeel.nix_cli import locking
    from devkeel.pinned import flake_lock
else:
    locking = Deferred("devkeel.nix_cli.locking")
    flake_lock = Deferred("devkeel.pinned.flake_lock")

__all__ = ["UNTRIED", "lock_inputs", "moves_inputs"]

# What a dry run is not that names no level.
UNTRIED = "a call that is no dry run, or the level evaluation"
_LOCKING = "lock"
_FLAKE, _FLAKE_LOCK = "flake.nix", "flake.lock"


def moves_inputs(edits: Iterable[Mapping[str, Any]]) -> bool:
    """Return whether edits, as given, move an input to another branch, tag or revision.

    What that moves is what such a call asks, also where it is only tried: it is fetched, as by a renewal that is only
    tried.
    """
    return any(edit.get("kind") == "set_input" and edit.get("to") is not None for edit in edits)


def lock_inputs(candidate: Candidate, level: str | None, why_not: str = "") -> tuple[Skipped, ...]:
    """Lock the inputs that a change declares, or has from elsewhere, where there is a lock that they belong in.

    level: what the caller asked for. why_not: what that takes which the caller lacks, "" for nothing. Return why
    an input was not locked: a change is not refused for want of what it adds.
    """
    file = _outdated(candidate)
    if file is None:
        return ()
    if level in ("syntax", "schema"):
        return (Skipped(_LOCKING, f"it was not asked for; {do('lock')} locks what is declared"),)
    if why_not:
        return (Skipped(_LOCKING, f"it fetches, which takes {why_not}; {do('lock')} locks what is declared"),)
    old = flake_lock.read_lock(candidate.read(file))
    if old is None or not old.whole:  # with conflict markers, say: the versions that it had are not to be lost unasked
        return (Skipped(_LOCKING, f"{file} cannot be read; {do('lock')} makes it anew"),)
    make = locking.lock_devenv if file == LOCK else locking.lock_flake
    try:
        candidate.put(file, make(candidate, (), patient=False))
    except (Refused, Unavailable) as error:
        return (Skipped(_LOCKING, f"{error.message.rstrip('.')}; {do('lock')} tries again"),)
    return ()


def _outdated(candidate: Candidate) -> str | None:
    """Return the lock of inputs that a change makes others; None where it leaves them, or brings its lock along.

    An undo brings it along, but where the lock was changed since.
    """
    changed = candidate.changed
    if any(posixpath.basename(name) in (INPUTS, LOCAL_INPUTS) for name in changed):
        file, read = LOCK, locking.declared_inputs
    elif _FLAKE in changed:
        file, read = _FLAKE_LOCK, locking.defined_inputs
    else:
        return None
    if file in changed or candidate.read(file) is None or read(candidate) == read(candidate.unchanged()):
        return None
    return file
