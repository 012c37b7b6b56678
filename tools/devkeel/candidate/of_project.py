"""What is judged, of a project as it is or as a change would leave it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from devkeel.candidate.basis import Basis
from devkeel.candidate.subject import Subject
from devkeel.project.declaration import dotenv_files
from devkeel.project.root import LOCK_FILES, MANIFESTS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from devkeel.project.root import Project

__all__ = ["realised", "subject_of"]


def subject_of(
    basis: Basis, files: Mapping[str, bytes], gone: Collection[str] = (), *, fetches: bool = False
) -> Subject:
    """Return what the ladder judges; `gone` are files that are there now and would be removed."""
    given = {**dict.fromkeys(gone), **files}
    locks = basis.read_all(LOCK_FILES) | {name: files[name] for name in LOCK_FILES if name in files}
    differ = any(basis.read(name) != data for name, data in given.items())
    stage = partial(basis.stage, basis.there | given if differ else {}, shown=dotenv_files(files))
    return Subject(files, locks, lambda name: name not in gone and basis.exists(name), stage, basis.root, fetches)


def realised(project: Project, files: Mapping[str, bytes], *, fetches: bool = False) -> Subject:
    """Return what a backend realises: beside devenv.nix a call may mean what is declared for another one."""
    return subject_of(Basis(project), project.read_all(MANIFESTS) | dict(files), fetches=fetches)
