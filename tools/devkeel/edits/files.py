"""What an edit works on: a file as it finds it, and what it makes of the files that it changes."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from msgspec import Struct, field

from devkeel.candidate.looked import Looked
from devkeel.edits.nix_files import require_module
from devkeel.errors import Place, ProjectError, Refused
from devkeel.project.environment_files import is_environment_file, is_lock, is_manifest
from devkeel.project.root import DECLARATION, INPUTS, LOCAL_INPUTS, SETTINGS
from devkeel.source import nix, yaml
from devkeel.text.actions import again, do

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from devkeel.candidate.candidate import Candidate
    from devkeel.source import Edited

__all__ = ["AppliedEdit", "File", "Files"]

# What a file begins as: by its name, or its suffix.
_BEGINNINGS = {".nix": b"{ pkgs, lib, config, ... }:\n\n{\n}\n", INPUTS: b"", LOCAL_INPUTS: b""}


class AppliedEdit(Struct, frozen=True):
    """What an edit made: the bytes of its files before and after, and sentences about what it met.

    manifest: a file that names libraries, and names others now. exact: its text is the caller's, to the letter.
    unfinished: the files may stay broken where they were broken before, if they are less so.
    """

    before: Mapping[str, bytes]
    after: Mapping[str, bytes]
    notes: tuple[str, ...] = ()
    manifest: str | None = None
    exact: bool = False
    unfinished: bool = False

    @property
    def changed(self) -> bool:
        """Whether a byte differs."""
        return any(data != self.before.get(name) for name, data in self.after.items())


class File(Struct, frozen=True):
    """One environment file as an edit finds it. kind: of the edit, for the refusal of a file of another format.

    candidate: the project that it is in, where a Nix file has to be a module of its declaration.
    """

    name: str
    data: bytes
    kind: str
    candidate: Candidate | None = None

    @property
    def is_nix(self) -> bool:
        """Whether the editor of Nix is the one for this file."""
        return self.name.endswith(".nix")

    @property
    def is_yaml(self) -> bool:
        """Whether the editor of YAML is the one for this file."""
        return self.name.endswith((".yaml", ".yml"))

    def nix(self) -> nix.Document:
        """Open a module with the editor of Nix.

        Raises Refused `not_nix` for a file of another format, `not_a_devenv_module` for a Nix file that is no module.
        """
        if not self.is_nix:
            raise self._other("Nix", "not_nix")
        document = nix.Document(self.data, self.name)
        if self.candidate is not None:
            require_module(document, self.candidate)
        return document

    def yaml(self) -> yaml.Document:
        """Open the file with the editor of YAML; Refused `not_yaml` for a file of another format."""
        if self.is_yaml:
            return yaml.Document(self.data, self.name)
        raise self._other("YAML", "not_yaml")

    def becomes(self, edited: Edited, *, unfinished: bool = False) -> AppliedEdit:
        """Return what an edit of this one file made."""
        return AppliedEdit({self.name: self.data}, {self.name: edited.data}, edited.notes, unfinished=unfinished)

    def _other(self, format_name: str, code: str) -> Refused:
        return Refused(
            code,
            f"{self.name} is not a {format_name} file; a {self.kind} edit has no meaning there.",
            place=Place(self.name),
            remedy=f"Use {do('patch')} for this file.",
        )


class Files(Struct, frozen=True):
    """The files of a candidate, as the edits before have left them. One edit reads through it, and it notes what.

    create: a Nix file that is missing begins as an empty module, a file of devenv's inputs with nothing in it.
    manifests: where the project's backend has Python libraries named, the most specific first.
    """

    candidate: Candidate
    create: bool = False
    manifests: tuple[str, ...] = ()
    _read: dict[str, None] = field(default_factory=dict)
    _left: dict[str, None] = field(default_factory=dict)

    @property
    def looked(self) -> Looked:
        """What the edit has read: all that it can say of what is there, and of what is not, it says of this."""
        return Looked(tuple(self._read), tuple(self._left))

    def leave(self, phrases: Iterable[str]) -> None:
        """Note what belongs to the project and is not read, as phrases that name it."""
        self._left.update(dict.fromkeys(phrases))

    def read(self, name: str) -> bytes | None:
        """Return the bytes of a file, None where there is none."""
        data = self.candidate.read(name)
        self._read[self.candidate.resolve(name)] = None
        return data

    def open(self, name: str, kind: str, *, empty: bool = False, text: bool = False) -> File:
        """Return an environment file for an edit of a kind; `empty`: one that is missing begins with nothing in it.

        text: the edit is of any text, and no option. Raises ProjectError for a file that is missing, or that is none of
        the environment's; Refused `not_nix` for one that has no options.
        """
        name = self.candidate.resolve(name)
        if not is_environment_file(name):
            raise _foreign(name)
        if not text and is_manifest(name):
            raise Refused(
                "not_nix",
                f"{name} names libraries and has no options; a {kind} edit has no meaning there.",
                place=Place(name),
                remedy=f"Add or remove libraries by {do('library')}; for what else stands there use {do('patch')}.",
            )
        data = self.read(name)
        if data is None and self.create:
            data = _BEGINNINGS.get(".nix" if name.endswith(".nix") else name)
        if data is None and empty:
            data = b""
        if data is None and is_manifest(name):
            raise ProjectError(
                "missing_file",
                f"There is no {name} in {self.candidate.root}.",
                place=Place(name),
                remedy=f"Name a file that exists, or begin this one by {do('library', create=True)}.",
            )
        if data is None:
            error = self.candidate.basis.missing(name)
            begins = ".nix" if name.endswith(".nix") and posixpath.basename(name) != "flake.nix" else name
            if begins in _BEGINNINGS and name != DECLARATION and not text:
                error.remedy = f"Name a file that exists, or begin it by {again(create=True)}."
            raise error
        return File(name, data, kind, self.candidate)


def _foreign(name: str) -> ProjectError:
    """Return the refusal of a file that is none of the environment's."""
    if name == SETTINGS:
        why = f"{SETTINGS} says what devkeel may do, so that no edit writes it. Ask the user to change it."
    elif is_lock(name):
        why = "It is a lock: the tool that resolves it writes it anew. Change what is asked for instead."
    else:
        why = "Edit Nix files, devenv.yaml, .envrc, .gitignore and manifests with devkeel, and other files without it."
    return ProjectError(
        "not_an_environment_file", f"{name} is not one of the environment files.", place=Place(name), remedy=why
    )
