"""An install past the declaration, answered with the call that declares it."""

from __future__ import annotations

import posixpath
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from devkeel.guard.declaring import PYTHON, declares_it, edits_for, mentioned
from devkeel.guard.installers import install_of
from devkeel.guard.question import Answer
from devkeel.guard.wrappers import invocations
from devkeel.project.root import DECLARATION, MANIFESTS
from devkeel.source.shell import UNKNOWN
from devkeel.text.actions import do

if TYPE_CHECKING:
    from devkeel.guard.installers import Install
    from devkeel.guard.wrappers import Unwrapped
    from devkeel.project.root import Project

__all__ = ["judge_command"]

# What pip itself is made of: every environment has its own.
_SYSTEM = ("/usr/bin", "/usr/local/bin", "/bin", "/opt/homebrew/bin")
_OWN_TOOLS = frozenset({"pip", "setuptools", "wheel", "uv"})


class _Found(NamedTuple):
    """An install, with the absolute directory that it is made in."""

    install: Install
    folder: str


def judge_command(project: Project, command: str, folder: str) -> Answer | None:
    """Return what to declare in place of what a text of shell installs, None where it installs nothing of that kind."""
    found = [
        _Found(install, posixpath.join(folder, invocation.folder))
        for invocation in invocations(command)
        if (install := install_of(invocation)) is not None and _counts(project.root, folder, invocation, install)
    ]
    if not found:
        return None
    declared = next((name for name in (DECLARATION, *MANIFESTS) if project.exists(name)), DECLARATION)
    names = ", ".join(dict.fromkeys(f"`{item.install.command}`" for item in found))
    if all(item.install.declared and declares_it(project, item.install, item.folder) for item in found):
        reason = f"{names} would install into whichever Python comes first, not into the environment."
        return Answer("deny", reason, next=f"{do('apply')} makes that, with what is declared.")
    edits = list[dict[str, Any]]()
    for edit in (edit for item in found for edit in edits_for(project, item.install)):
        edits += [edit] if edit not in edits else []
    reason = f"{names} would install past {declared}: no environment that is made of it would have that."
    already = mentioned(project, edits)
    if already:
        reason = (
            f"{names} would install past {declared}, which has {', '.join(already)} already, as far as its text shows."
        )
    return Answer(
        "deny" if edits or all(item.install.kind == "library" for item in found) else "tell",
        reason,
        tuple(edits),
        creates=_begins(project, edits),
        next=f"{do('apply')} makes what is declared." if already else _next(project, found, edits),
    )


def _begins(project: Project, edits: list[dict[str, Any]]) -> bool:
    """Return whether an edit is about Python's libraries where no file names any yet."""
    python = any(edit.get("language") == "python" for edit in edits)
    if not python or any(project.exists(name) for name in PYTHON):
        return False
    return b"requirements" not in (project.read(DECLARATION) or b"")


def _counts(root: Path, folder: str, invocation: Unwrapped, install: Install) -> bool:
    """Return whether an install is one into this project's environment, or into what all on the machine share."""
    if install.kind != "library" or install.language != "python":
        return True
    if install.names and {*install.names} <= _OWN_TOOLS and not invocation.superuser:
        return False
    named = install.into or invocation.assigned.get("VIRTUAL_ENV", "")
    place = named or invocation.entered or invocation.place
    if not place or (invocation.superuser and not named):
        return True
    if UNKNOWN in f"{place}{invocation.folder}" or place.startswith("~"):
        return False
    base = folder if invocation.entered and not named else posixpath.join(folder, invocation.folder)
    inside = Path(posixpath.normpath(posixpath.join(base, place))).is_relative_to(root)
    system = posixpath.normpath(place).startswith(_SYSTEM)
    # Into a virtual environment of its own a project may bring what it declares.
    return system or (inside and not install.declared)


def _next(project: Project, found: list[_Found], edits: list[dict[str, Any]]) -> str:
    """Return what is to be done beside the edits, or where there are none."""
    programs = [item for item in found if item.install.kind != "library"]
    if programs and not project.exists(DECLARATION):
        return f"Programs can be declared in a {DECLARATION}, which {do('begin')} begins."
    named = sum(len(item.install.names) for item in found)
    given = sum(len(edit.get("names", (1,))) for edit in edits if edit["kind"] not in ("set", "set_input"))
    if edits and given >= named:
        return ""
    if edits:
        return f"{do('search')} finds the others."
    return f"{do('search')} finds what it is called there." if programs else f"{do('library')} declares one."
