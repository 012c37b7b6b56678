"""The one way in which an environment is made, whatever its name: realised, put in use, remembered."""

from __future__ import annotations

import os
from time import monotonic
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from devkeel.backends.backend import Realisation
from devkeel.backends.generations import kept_roots
from devkeel.backends.registry import BACKENDS, backend_named, require_backend
from devkeel.change.external import note_external
from devkeel.environments.active import default_of, keep_default
from devkeel.environments.applied import Good, forget_older, has_older, is_unsealed, remember
from devkeel.environments.described import described, making
from devkeel.environments.measurements import measure
from devkeel.environments.names import home_of
from devkeel.environments.surroundings import require_searched, unsearchable
from devkeel.errors import Conflict, Refused, Unavailable
from devkeel.processes.real_ports import real_ports
from devkeel.project.declaration import declared_revision, lock_revision
from devkeel.state import origin
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devkeel.candidate.candidate import Candidate
    from devkeel.context import Context
    from devkeel.project.contents import Contents

__all__ = ["Wanted", "changed", "realise"]

_UNSEALED = (
    "What an older devkeel had made here, or another user's, has no seal and is not entered: it was made again, and is "
    "now the environment {name}."
)
_UNKEPT = "What was made is not remembered: this process alone enters it, and no later one. {}. {}"
_OLDER = "An older devkeel had applied this environment without a name: it was made again, and is now {name}."


class Wanted(Struct, frozen=True):
    """An environment that is to be made, by its name.

    backend, python, contents: None for those that it has, or the project's. mixed: another backend than the
    declaration's is meant, for good. files, subject: the declaration as it was when this was asked for.
    """

    name: str
    files: Mapping[str, bytes]
    subject: Candidate
    backend: str | None = None
    python: str | None = None
    mixed: bool = False
    contents: Contents | None = None


def realise(context: Context, wanted: Wanted, *, dry_run: bool, timeout: float) -> tuple[Good, tuple[str, ...]]:
    """Make an environment of the declaration, or bring one up to date; what fails leaves it as it was. With notes.

    The caller holds `applying`. Raises Refused `mixed_runtimes`, Conflict `revision_conflict` where the files are
    others by the time that it is made, and what the backend raises.
    """
    project = context.project
    home = home_of(project, wanted.name)
    record: dict[str, Any] = home.record()
    mixed = wanted.mixed or bool(record.get("mixed"))
    asked = making(context, wanted.name, record, wanted.python, wanted.contents)
    backend = _backend_of(context, wanted, record, mixed=mixed)
    if context.instead and not backend_named(backend).overrides:
        raise Unavailable(
            "backend_cannot",
            f"Only a flake takes an input from elsewhere for one call, and this is an environment of {backend}.",
            remedy="Leave that out, or name the other place where the declaration names the input.",
        )
    if os.pathsep in str(project.root) and backend_named(backend).named:
        raise unsearchable(project)
    revisions = declared_revision(project, wanted.files), lock_revision(project)
    if not dry_run:
        note_external(context, wanted.files)
    newest = context.records.history(limit=1)
    operation = newest[0].id if newest else None
    keep = None if dry_run else home.path
    lost = is_unsealed(project, wanted.name, default_of(context))  # before what is from elsewhere goes aside
    ports = real_ports(project) if backend_named(backend).realises(wanted.files) else {}
    begun = monotonic()
    with context.building():
        applied = backend_named(backend).apply(
            Realisation(project, wanted.subject, keep, timeout, asked.python, contents=asked.contents, ports=ports)
        )
    waiting = context.distribution.notes if context.distribution else ()
    if dry_run:
        require_searched(applied, project)
        return Good(wanted.name, applied, operation, *revisions), (*asked.notes, *waiting)
    if applied.generation is None:  # a backend that keeps nothing here has a generation all the same
        with kept_roots(project, home.path) as made:
            applied = replace(applied, generation=made.name if made else None)
    try:
        require_searched(applied, project)
        _require_still(context, revisions)
    except BaseException:  # another declaration by now, or none
        home.drop(home.path / str(applied.generation))
        raise
    seconds = monotonic() - begun
    good = remember(project, wanted.name, applied, operation, revisions)
    home.note({"backend": backend, "mixed": mixed, **asked.record})
    keep_default(context, wanted.name)
    measure(project.state, good, newest[0].token if newest else None, seconds)
    told = (_UNSEALED.format(name=wanted.name),) if lost else ()
    if (unkept := origin.unkept(project.state)) is not None:
        told = (_UNKEPT.format(*unkept),)
    return good, (*asked.notes, *waiting, *told, *_in_place_of_older(context, wanted.name))


def _backend_of(context: Context, wanted: Wanted, record: Mapping[str, Any], *, mixed: bool) -> str:
    """Return the backend that makes an environment.

    That of the default environment is the declaration's, or what the call names; another one keeps its own. What
    devkeel.toml describes goes before both, and after what calls ask. Raises Refused
    `mixed_runtimes`, Unavailable `backend_cannot`.
    """
    declared, own = context.declared.name, record.get("backend")
    known = described(context, wanted.name).backend
    chosen = wanted.backend or (own if mixed else None) or known
    if wanted.name == default_of(context):
        chosen = chosen or declared
        require_backend(chosen)
        return chosen
    chosen = chosen or own or declared
    require_backend(chosen)
    if chosen not in (declared, known) and not mixed:
        raise Refused(
            "mixed_runtimes",
            f"The project declares a {declared} environment ({context.declared.why}); this one would be {chosen}.",
            seen=chosen,
            remedy=f"Leave the backend out, or mean both: {do('mix', backend=chosen)}.",
        )
    if not backend_named(chosen).named:
        other = next(name for name in reversed(BACKENDS) if backend_named(name).named)
        raise Unavailable(
            "backend_cannot",
            f"The {chosen} backend has one environment, which is the project's shell: {default_of(context)}.",
            seen=chosen,
            remedy=f"Use {do('apply')} and {do('run')}; or mean another one: {do('mix', backend=other)}.",
        )
    return chosen


def _require_still(context: Context, revisions: tuple[str, str | None]) -> None:
    """Refuse to remember what was built of files that are others by now."""
    found = declared_revision(context.project, context.declaration()), lock_revision(context.project)
    if found != revisions:
        raise Conflict(
            "revision_conflict",
            "The environment files changed while they were applied, so nothing was remembered as applied.",
            seen=found[0],
            remedy="Apply again.",
            details={"expected": revisions[0], "found": found[0]},
        )


def _in_place_of_older(context: Context, name: str) -> tuple[str, ...]:
    """Let go of what devkeel 0.1 applied without a name, once the default environment is made."""
    if name != default_of(context):
        return ()
    told = (_OLDER.format(name=name),) if has_older(context.project) else ()
    forget_older(context.project)
    return told


def changed(before: Good | None, now: Good) -> bool:
    """Return whether an environment is another one than before."""
    return before is None or (before.applied.prefix, before.revision) != (now.applied.prefix, now.revision)
