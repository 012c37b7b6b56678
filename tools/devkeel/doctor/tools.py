"""What this machine and this project have and lack for their environments: tools, locks, health, leftovers."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from devkeel.backends.backend import HealthFinding
from devkeel.backends.generations import description_of
from devkeel.backends.registry import BACKENDS, backend_named, select
from devkeel.doctor.finding import Finding, Verdict
from devkeel.environments.applied import kept_here, read_good
from devkeel.environments.names import all_environments, home_of
from devkeel.state import directory
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from devkeel.project.root import Project

__all__ = ["realisations"]

_WHOLE_ROOT = re.compile(rb"\bsrc\s*=\s*\./\.\s*;")


def realisations(
    project: Project, files: Mapping[str, bytes], asked: str | None, setting: str | None
) -> Iterator[Finding]:
    """Yield the findings: about the project, the backends that it uses (`asked`: that one alone), each environment.

    files: the declaration. setting: the backend of devkeel.toml.
    """
    selection = select(project, asked, setting)
    yield Finding("project", "good", f"The backend is {selection.name}: {selection.why}.")
    for note in selection.notes:
        yield Finding("project", "problem", note, "Name the one that is meant.")
    yield from (_told("project", item) for item in _leftovers(project, files))
    named = list(all_environments(project))
    used = {item.backend for item in named}
    for name in (asked,) if asked else BACKENDS:
        backend = backend_named(name)
        if name == selection.name or name in used or backend.detect(project) is not None:
            yield from (_told(name, item) for item in backend.doctor(project))
    good = read_good(project.state)
    if good is not None:
        backend, prefix = backend_named(good.applied.backend), Path(good.applied.prefix)
        elsewhere = HealthFinding(False, f"{prefix} is another project's", "Apply again.")
        found = [*backend.health(prefix)] if kept_here(project.state, good) else [elsewhere]
        yield from _health(f"applied ({backend.name})", found, prefix)
    for item in named:
        if item.prefix is not None:
            found = [*backend_named(item.backend).health(item.prefix)]
            yield from _health(f"environment {item.name}", found, item.prefix)


def _health(about: str, found: list[HealthFinding], prefix: Path) -> Iterator[Finding]:
    yield from (_told(about, item) for item in found or [HealthFinding(True, f"well: {prefix}")])


def _told(about: str, found: HealthFinding) -> Finding:
    good: Verdict = "note" if found.remedy else "good"
    return Finding(about, good if found.ok else "problem", found.message, found.remedy)


def _leftovers(project: Project, files: Mapping[str, bytes]) -> Iterator[HealthFinding]:
    """Yield what killed processes left behind, and a declaration that would copy devkeel's own records too."""
    good = read_good(project.state)
    gc = project.state / "gc"
    held = [gc / name for name in directory.names(gc) if good is None or name != good.keep]
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
