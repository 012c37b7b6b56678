"""What a manifest begins as: the least that the tool of its language takes for a project."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from devkeel.libraries.manifests import requirements_file
from devkeel.libraries.manifests.pyproject import PYPROJECT, declares

if TYPE_CHECKING:
    from collections.abc import Callable

    from devkeel.libraries.request import Request

__all__ = ["beginning_of", "begun", "notes_of"]

_PYTHON = '[project]\nname = "{name}"\nversion = "0.1.0"\ndependencies = []\n'
_CONDA = "name: {name}\nchannels:\n  - conda-forge\ndependencies:\n"
_NODE = '{{\n  "name": "{name}",\n  "version": "0.1.0",\n  "private": true\n}}\n'
# Cargo reference, "Cargo Targets": a manifest without any target is refused; one that is named is looked for by builds.
_RUST = (
    '[package]\nname = "{name}"\nversion = "0.1.0"\nedition = "2021"\n\n[lib]\npath = "src/lib.rs"\n\n[dependencies]\n'
)
_GO = "module {name}\n\ngo 1.21\n"
_BEGINNINGS = {
    "pyproject.toml": _PYTHON,
    "environment.yml": _CONDA,
    "environment.yaml": _CONDA,
    "package.json": _NODE,
    "Cargo.toml": _RUST,
    "go.mod": _GO,
}

_BARE = re.compile(r"[\w.-]*")


def beginning_of(manifest: str, request: Request) -> bytes | None:
    """Return the bytes that a manifest begins with, None for a file that is none."""
    template = _BEGINNINGS.get(posixpath.basename(manifest))
    if template is None:
        return b"" if requirements_file.is_requirements_file(manifest) else None
    folder = posixpath.basename(posixpath.dirname(manifest)) or request.project
    # The strictest of them: npm's names are lower case, and a crate begins with a letter.
    name = re.sub(r"[^a-z0-9]+", "-", folder.lower()).strip("-") or "project"
    name = name if name[0].isalpha() else f"project-{name}"
    # A project that needs one of its own name would need itself.
    taken = {re.sub(r"[^a-z0-9]+", "-", _BARE.match(item)[0].lower()) for item in request.names}  # type: ignore[index]
    return template.format(name=f"{name}-project" if name in taken else name).encode()


def notes_of(manifest: str, read: Callable[[str], bytes | None]) -> tuple[str, ...]:
    """Return what is left to do for a manifest that began, as sentences."""
    if posixpath.basename(manifest) != "Cargo.toml":
        return ()
    source = posixpath.join(posixpath.dirname(manifest), "src/lib.rs")
    return () if read(source) is not None else (f"{manifest} names {source}, which is yours to write.",)


def begun(manifest: str, request: Request, read: Callable[[str], bytes | None]) -> Callable[[str], bytes | None]:
    """Return what reads the files as they are once a manifest has begun, where that is asked for and it is missing.

    A pyproject.toml that has settings of tools alone begins to declare a project, behind them.
    """
    known = read(manifest)
    data = beginning_of(manifest, request) if request.create else None
    tools_alone = known is not None and posixpath.basename(manifest) == PYPROJECT and not declares(known)
    if data is None or (known is not None and not tools_alone):
        return read
    if known is not None and known.strip():
        newline = b"\r\n" if b"\r\n" in known else b"\n"
        data = known.rstrip() + newline * 2 + data.replace(b"\n", newline)
    whole = data
    return lambda name: whole if name == manifest else read(name)
