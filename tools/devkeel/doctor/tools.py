"""What this machine and this project have and lack for their environments: tools, locks, health, leftovers."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from devkeel.backends.backend import HealthFinding
from devkeel.backends.generations import description_of
from devkeel.backends.registry import BACKENDS, backend_named
from devkeel.doctor.finding import Finding, Verdict
from devkeel.environments.active import default_of, good_of
from devkeel.environments.applied import has_older, is_here, older_keep
from devkeel.environments.names import all_environments, home_of
from devkeel.state import directory
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from devkeel.context import Context
    from devkeel.project.root import Project

__all__ = ["realisations", "unloaded"]

_WHOLE_ROOT = re.compile(rb"\bsrc\s*=\s*\./\.\s*;")


def realisations(context: Context, files: Mapping[str, bytes]) -> Iterator[Finding]:
    """Yield the findings: about the project, the backends that it uses, each environment.

    files: the declaration. Where the call names a backend, it is about that one alone.
    """
    project, selection, asked = context.project, context.selection, context.backend
    yield Finding("project", "good", f"The backend is {selection.name}: {selection.why}.")
    for note in selection.notes:
        yield Finding("project", "problem", note, "Name the one that is meant.")
    yield from (_told("project", item) for item in _leftovers(project, files))
    known = {item.name: item.backend for item in all_environments(project)}
    used, named = set(known.values()), sorted({*known, *((default_of(context),) if has_older(project) else ())})
    for name in (asked,) if asked else BACKENDS:
        backend = backend_named(name)
        if name == selection.name or name in used or backend.detect(project) is not None:
            yield from (_told(name, item) for item in backend.doctor(project))
    for name in named:
        good = good_of(context, name)
        if good is not None:
            prefix = Path(good.applied.prefix)
            elsewhere = HealthFinding(False, f"{prefix} is another project's", "Apply again.")
            health = backend_named(good.applied.backend).health(prefix)
            yield from _health(f"environment {name}", [*health] if is_here(project, good) else [elsewhere], prefix)


def unloaded() -> Iterator[Finding]:
    """Yield a problem where what reads shell commands cannot be loaded: the guard then lets each go on, unheard."""
    try:
        from devkeel.source import shell  # noqa: F401, PLC0415  (10 ms, and to import it is the examination)
    except ImportError as error:
        yield Finding(
            "guard",
            "problem",
            f"Nothing is decided about shell commands: {error.name} cannot be imported.",
            "Install devkeel again, with all that it depends on.",
        )


def _health(about: str, found: list[HealthFinding], prefix: Path) -> Iterator[Finding]:
    yield from (_told(about, item) for item in found or [HealthFinding(True, f"well: {prefix}")])


def _told(about: str, found: HealthFinding) -> Finding:
    good: Verdict = "note" if found.remedy else "good"
    return Finding(about, good if found.ok else "problem", found.message, found.remedy)


def _leftovers(project: Project, files: Mapping[str, bytes]) -> Iterator[HealthFinding]:
    """Yield what killed processes left behind, and a declaration that would copy devkeel's own records too."""
    gc, keep = project.state / "gc", older_keep(project)
    held = [gc / name for name in directory.names(gc) if name != keep]
    unfinished = [
        path
        for item in all_environments(project)
        for path in home_of(project, item.name).leftovers()
        if description_of(path) is None
    ]
    for path in (*held, *unfinished):
        place = path.relative_to(project.root)
        yield HealthFinding(False, f"left over: {place}", f"The next apply removes it, or {do('purge')}.")
    for name, data in files.items():
        if name.endswith(".nix") and _WHOLE_ROOT.search(data):
            yield HealthFinding(
                False, f"{name} copies the whole root into the store, .devkeel too", "Filter the source."
            )
