"""An install past the declaration, answered with the call that declares it."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from devkeel.deferred import Deferred
from devkeel.errors import DevkeelError
from devkeel.guard.installers import install_of
from devkeel.guard.question import Answer
from devkeel.guard.wrappers import invocations
from devkeel.project.root import DECLARATION, MANIFESTS
from devkeel.source.shell import UNKNOWN
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.catalogue import aliases, options, packages
    from devkeel.guard.installers import Install
    from devkeel.guard.wrappers import Unwrapped
    from devkeel.project.root import Project
else:
    aliases, options = Deferred("devkeel.catalogue.aliases"), Deferred("devkeel.catalogue.options")
    packages = Deferred("devkeel.catalogue.packages")

__all__ = ["judge_command"]

# What pip itself is made of: every environment has its own.
_OWN_TOOLS = frozenset({"pip", "setuptools", "wheel", "uv"})
_SERVER = ("-server", "")
_EXTRAS = re.compile(r"\[[^\]]*\]")
# Where libraries of Python are named, in a project's root.
_PYTHON = ("pyproject.toml", "requirements.in", "requirements.txt", "environment.yml", "environment.yaml")


def judge_command(project: Project, command: str, folder: str) -> Answer | None:
    """Return what to declare in place of what a text of shell installs, None where it installs nothing of that kind."""
    found = [
        install
        for invocation in invocations(command)
        if (install := install_of(invocation)) is not None and _counts(project.root, folder, invocation, install)
    ]
    if not found:
        return None
    declared = next((name for name in (DECLARATION, *MANIFESTS) if project.exists(name)), DECLARATION)
    names = ", ".join(dict.fromkeys(f"`{item.command}`" for item in found))
    if all(item.declared for item in found):
        reason = f"{names} would install into whichever Python comes first, not into the environment."
        return Answer("deny", reason, next=f"{do('apply')} makes that, with what is declared.")
    reason = f"{names} would install past {declared}: no environment that is made of it would have that."
    edits = list[dict[str, Any]]()
    for edit in (edit for item in found for edit in _edits(project, item)):
        edits += [edit] if edit not in edits else []
    return Answer(
        "deny" if edits or all(item.kind == "library" for item in found) else "tell",
        reason,
        tuple(edits),
        creates=_begins(project, edits),
        next=_next(project, found, edits),
    )


def _begins(project: Project, edits: list[dict[str, Any]]) -> bool:
    """Return whether an edit is about Python's libraries where no file names any yet."""
    python = any(edit.get("language") == "python" for edit in edits)
    if not python or any(project.exists(name) for name in _PYTHON):
        return False
    return b"requirements" not in (project.read(DECLARATION) or b"")


def _counts(root: Path, folder: str, invocation: Unwrapped, install: Install) -> bool:
    """Return whether an install is one into this project's environment, or into what all on the machine share."""
    if install.kind != "library" or install.language != "python" or invocation.superuser:
        return True
    if install.names and {*install.names} <= _OWN_TOOLS:
        return False
    place = invocation.entered or invocation.place
    if not place:
        return True
    if UNKNOWN in f"{place}{invocation.folder}" or place.startswith("~"):
        return False
    base = folder if invocation.entered else posixpath.join(folder, invocation.folder)
    inside = Path(posixpath.normpath(posixpath.join(base, place))).is_relative_to(root)
    system = posixpath.normpath(place) in ("/usr/bin", "/usr/local/bin", "/bin", "/opt/homebrew/bin")
    # Into a virtual environment of its own a project may bring what it declares.
    return system or (inside and not install.declared)


def _edits(project: Project, install: Install) -> Iterator[dict[str, Any]]:
    if install.declared or (install.kind != "library" and not project.exists(DECLARATION)):
        return
    if install.kind == "library" and (install.language == "python" or project.exists("Gemfile")):
        if install.names:
            names = [_EXTRAS.sub("", name) for name in install.names] if _is_conda(project) else install.names
            yield {"kind": "add_library", "language": install.language, "names": [*names]}
    elif install.kind == "toolchain":
        if install.language is not None:
            yield {"kind": "enable", "name": f"languages.{install.language}"}
    else:
        found = [_declaration(project, name) for name in install.names]
        yield from ({"kind": "enable", "name": name} for kind, name in found if kind == "service")
        known = list(dict.fromkeys(name for kind, name in found if kind == "package"))
        if known:
            yield {"kind": "add_packages", "names": known}


def _is_conda(project: Project) -> bool:
    """Return whether libraries of Python go into an environment.yml, whose packages have no extras."""
    first = next((name for name in _PYTHON if project.exists(name)), "")
    return first.startswith("environment.")


def _declaration(project: Project, name: str) -> tuple[str, str]:
    """Return what a program of another package manager is called: a service, a package, or nothing that is known."""
    for end in _SERVER:
        plain = name.removesuffix(end)
        for service in (plain, *aliases.group_names(plain)):
            if _is_service(service):
                return "service", service
    lock = project.read("devenv.lock")
    for other in (name, *packages.called(name)):
        if packages.known(other, lock).known:
            return "package", other
    return "", name


def _is_service(name: str) -> bool:
    try:
        return options.enable_path(name)[:1] == ("services",)
    except DevkeelError:
        return False


def _next(project: Project, found: list[Install], edits: list[dict[str, Any]]) -> str:
    """Return what is to be done beside the edits, or where there are none."""
    programs = [item for item in found if item.kind != "library"]
    if programs and not project.exists(DECLARATION):
        return f"Programs can be declared in a {DECLARATION}, which {do('begin')} begins."
    named = sum(len(item.names) for item in found)
    given = sum(len(edit.get("names", (1,))) for edit in edits)
    if edits and given >= named:
        return ""
    if edits:
        return f"{do('search')} finds the others."
    return f"{do('search')} finds what it is called there." if programs else f"{do('library')} declares one."
