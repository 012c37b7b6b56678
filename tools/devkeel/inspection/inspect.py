"""What is declared, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.candidate.basis import Basis
from devkeel.change.judge import levels_of
from devkeel.checks import run_checks
from devkeel.deferred import Deferred
from devkeel.environments.locks import glance
from devkeel.environments.named import Environments
from devkeel.errors import ProjectError
from devkeel.history import log
from devkeel.history.external import not_noted
from devkeel.inspection.flake import inspect_flake, surveyed
from devkeel.inspection.status import stages_of
from devkeel.libraries.declared import declared_libraries
from devkeel.project import direnv
from devkeel.project.declaration import lock_revision, parts_of, role_of
from devkeel.project.root import DECLARATION, MANIFESTS, digest, revision_of
from devkeel.project.survey import survey
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from devkeel.catalogue import lookup
    from devkeel.checks.report import Skipped
    from devkeel.context import Context
    from devkeel.detection import signs
    from devkeel.environments.named import EnvironmentInfo
    from devkeel.errors import Diagnostic
    from devkeel.history.log import HistoryEntry
    from devkeel.inspection.flake import FlakeView
    from devkeel.inspection.status import Stages
    from devkeel.libraries import interpreters
    from devkeel.libraries import modules as declarations
    from devkeel.project.root import Reader
    from devkeel.project.survey import DefinitionView
else:
    interpreters = Deferred("devkeel.libraries.interpreters")
    declarations = Deferred("devkeel.libraries.modules")
    lookup = Deferred("devkeel.catalogue.lookup")
    signs = Deferred("devkeel.detection.signs")

# Words without which no file makes a package that holds packages: those that find them cost a command 8 ms.
_HOLDING = (b"ithPackages", b"WithHoogle", b"withPlugins", b"withExtensions", b".override")

_MOST_SIGNS = 6

__all__ = ["FileState", "Inspection", "inspect"]


def inspect(context: Context, prefix: str | None) -> Inspection:
    """Return what is declared, and where; see `Environment.inspect`."""
    context = context.through(Basis(context.project))
    files, selection, store = _declaration(context), context.selection, context.records
    declared = context.candidate(files)
    report, (levels, cannot) = run_checks(declared, reading=True), levels_of(declared)
    found = survey(files, prefix)
    notes = lookup.nothing_at(prefix, files) if prefix and not found.definitions else ()
    newest = store.history(limit=1)
    parts = parts_of(context.source, files)
    named = Environments(context)
    revisions = revision_of({**parts, **files}), lock_revision(context.source)
    last = newest[0] if newest else None
    stages = stages_of(context.project, files, revisions, last, named.good(), unsealed=named.is_unsealed())
    flake = surveyed(files, context.source)
    return Inspection(
        root=str(context.project.root),
        revision=revisions[0],
        lock_revision=revisions[1],
        backend=selection.name,
        files=_states(files, parts),
        packages=(flake.packages if flake is not None else ())
        or found.packages
        or declared_libraries(files, context.project.read),
        flake=inspect_flake(flake, context.source),
        inside=_inside(files, context.source),
        enabled=found.enabled,
        definitions=found.definitions,
        problems=(
            *report.diagnostics,
            *(() if DECLARATION in files else glance(context)),
            *log.foreign_findings(store),
            *log.late_findings(store),
        ),
        environments=named.all(),
        notes=(
            *notes,
            *selection.notes,
            *_more(context, files),
            *direnv.advice(context.project),
            *direnv.entering_advice(context.project),
        ),
        levels=levels,
        skipped=(*(item for item in report.skipped if item.level in levels), *cannot),
        last_operation=log.entry(last, context.records) if last else None,
        changed_since=tuple(item.path for item in not_noted(store, context.basis.seen if context.basis else {})),
        recovery_pending=store.recovery_pending(),
        stages=stages,
        next=_next(stages) if report.ok else f"{do('patch')} to repair what {do('check')} reports",
    )


def _next(stages: Stages) -> str:
    """Return what follows a look at files in which nothing is wrong."""
    if stages.current:
        return do("run")
    return do("check") if stages.checked is None else do("apply")


def _declaration(context: Context) -> dict[str, bytes]:
    """Return the files of the declaration. Raises ProjectError `missing_file`, with what could be declared."""
    try:
        return context.declaration()
    except ProjectError as error:
        if error.code == "missing_file" and (hint := _detectable(context)):
            error.remedy = f"{hint} {error.remedy}"
        raise


def _more(context: Context, files: Mapping[str, bytes]) -> tuple[str, ...]:
    """Return what to note of files beside a declaration that has no place for what they say."""
    hint = None if DECLARATION in files else _detectable(context, MANIFESTS)
    return (hint,) if hint else ()


def _detectable(context: Context, known: Sequence[str] = ()) -> str | None:
    """Return a sentence about files that say what the project needs, None where there are none but known ones."""
    found = [name for name in signs.signs(context.project) if name not in known]
    told = ", ".join(found[:_MOST_SIGNS]) + (f" and {len(found) - _MOST_SIGNS} more" if found[_MOST_SIGNS:] else "")
    return f"{told} may say what it needs: {do('detect')} proposes that as edits." if found else None


def _inside(files: Mapping[str, bytes], source: Reader) -> dict[str, tuple[str, ...]] | None:
    """Return what packages hold, None where no file makes such a package."""
    nix = {name: data for name, data in files.items() if name.endswith(".nix")}
    if not any(word in data for word in _HOLDING for data in nix.values()):
        return None
    return interpreters.listed(declarations.Modules(nix), source.read) or None


def _states(files: Mapping[str, bytes], parts: Mapping[str, bytes]) -> tuple[FileState, ...]:
    """Return the files of the declaration, and those that it is made of."""
    return tuple(
        FileState(name, role_of(name, beside=name not in files), len(data), digest(data)[:12])
        for name, data in sorted({**parts, **files}.items())
    )


class FileState(Struct, frozen=True):
    """An environment file: its name, what it is for, its size in bytes and its content hash (12 digits)."""

    name: str
    role: str
    bytes: int
    hash: str


class Inspection(Struct, frozen=True):
    """What is declared, where, and what devkeel can do about it on this machine.

    `packages` are the names in the `packages` list as written, or in the default shell of a flake; `enabled` the
    services and languages whose `enable` is true; `definitions` everything in the environment files, or what is at and
    below a prefix; `notes` say what to know about them; `environments` are those that are made; `inside` has what
    packages hold, such as `python3.withPackages`; `flake` what a flake declares, None without one
    that does.
    """

    root: str
    revision: str
    lock_revision: str | None
    backend: str
    files: tuple[FileState, ...]
    packages: tuple[str, ...]
    enabled: tuple[str, ...]
    definitions: tuple[DefinitionView, ...]
    problems: tuple[Diagnostic, ...]
    notes: tuple[str, ...]
    levels: tuple[str, ...]
    skipped: tuple[Skipped, ...]
    last_operation: HistoryEntry | None
    changed_since: tuple[str, ...]
    recovery_pending: bool
    next: str
    environments: tuple[EnvironmentInfo, ...] = ()
    stages: Stages | None = None
    inside: Mapping[str, tuple[str, ...]] | None = None
    flake: FlakeView | None = None
