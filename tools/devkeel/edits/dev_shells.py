"""The development shells of a flake as an edit finds them: which one is meant, and what an edit makes of its file."""

from __future__ import annotations

import posixpath
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from devkeel.edits.files import AppliedEdit
from devkeel.errors import DevkeelError, Place, Refused
from devkeel.project.root import DECLARATION
from devkeel.source import nix
from devkeel.source.path import format_path
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from devkeel.edits.base import Edit
    from devkeel.edits.files import Files
    from devkeel.source.nix.read.shell import Shell

__all__ = ["DevShells"]

FLAKE = "flake.nix"
_DEFAULT = "default"
# Where they are looked for by `nix develop`, or become what it looks for.
_OUTPUTS = ("devShells", "devShell", "devenv.shells", "devshells", "make-shells")


class DevShells:
    """The shells of one flake, read through what the edit reads through."""

    def __init__(self, files: Files, flake: str, verb: str, names: Sequence[str], wanted: str | None = None) -> None:
        """Find them. verb, names: how the edit is said again. wanted: the shell that is named."""
        self._files, self._flake, self._wanted = files, flake, wanted
        self._said = partial(do, verb, names=[*names])
        self._data: dict[str, bytes] = {}
        self.read: dict[str, bytes] = {}
        self._shells = self._find()

    @classmethod
    def of(cls, edit: Edit, files: Files, verb: str, names: Sequence[str], inside: str | None) -> DevShells | None:
        """Return the shells that an edit is about: of the flake that it names, or of a project without a devenv.nix.

        inside: the shell that is named.
        """
        named = "file" in edit.model_fields_set
        name = files.candidate.resolve(edit.file) if named else FLAKE
        if posixpath.basename(name) != FLAKE or files.candidate.read(name) is None:
            return None
        if not named and (files.create or files.candidate.read(DECLARATION) is not None):
            return None
        return cls(files, name, verb, names, inside)

    def are_meant_by(self, inside: str | None) -> bool:
        """Return whether a caller names a shell, or no package that has some of its own."""
        return inside is None or inside.startswith(_OUTPUTS) or any(shell.name == inside for shell in self._shells)

    def add(self, names: Sequence[str], wanted: str | None) -> AppliedEdit:
        """Add packages to a shell. Raises Refused."""
        shell = self._one(wanted)
        holder = _with_packages(shell)
        there, notes = dict[str, str](), list[str]()
        for other in shell.modules:
            for name in names if other.body != holder.body else ():
                if (found := nix.shell_has(other, name)) is not None:
                    there.setdefault(name, f"{name} is already in {found} of {shell.spelled} ({other.where}).")
        missing = [name for name in names if name not in there]
        if not missing:
            return AppliedEdit({}, {}, (*there.values(),))
        edited, path = nix.add_to_shell(holder, missing)
        notes = [*edited.notes, *there.values()]
        if edited.changed:
            others = [other.spelled for other in self._shells if other.body == shell.body and other.name != shell.name]
            beside = f", and so in {', '.join(dict.fromkeys(others))}" if others else ""
            notes.append(f"It is in {format_path(path)} of {shell.spelled}{beside}.")
        name = holder.document.name
        return AppliedEdit({name: holder.document.data}, {name: edited.data}, tuple(notes))

    def remove(self, names: Iterable[str], wanted: str | None) -> AppliedEdit:
        """Remove packages from every list of a shell. Raises Refused."""
        notes, gone, first = list[str](), list[str](), dict(self.read)
        for name in dict.fromkeys(names):
            shell = self._one(wanted)
            unseen = list[str]()
            for number in range(max(1, len(shell.modules))):
                # What one step has changed is read again by the next.
                now = self._one(wanted)
                edited = nix.remove_from_shell(now.modules[number] if now.modules else now, name)
                unseen += edited.notes
                if edited.changed:
                    holder = now.modules[number] if now.modules else now
                    self._data[holder.document.name] = edited.data
                    self._shells = self._find()
                    gone.append(name)
            if name not in gone:
                told = unseen[0] if unseen else f"{name} is not in {shell.spelled} ({shell.where})."
                notes.append(told if shell.spelled in told else f"{told} It was looked for in {shell.spelled}.")
        if not self._data:
            return AppliedEdit({}, {}, tuple(notes))
        return AppliedEdit({name: first[name] for name in self._data}, dict(self._data), tuple(notes))

    def _find(self) -> list[Shell]:
        return nix.shells_of(self._read, self._flake, self._wanted)

    def _read(self, name: str) -> bytes | None:
        if name in self._data:
            return self._data[name]
        data: bytes | None = None
        with suppress(DevkeelError):  # outside of the root, a directory, too large
            data = self._files.read(name)
        if data is not None:
            self.read[name] = data
        return data

    def _one(self, wanted: str | None) -> Shell:
        """Return the one shell that is meant. Raises Refused."""
        found = self._named(wanted) if wanted is not None else self._default()
        bodies = {shell.body: shell for shell in found}
        if len(bodies) > 1:
            raise self._several(found, wanted)
        shell = found[0]
        if shell.conditions:
            raise shell.document.refuse(
                "conditional",
                f"{shell.spelled} is made so only under the condition {' && '.join(shell.conditions)}.",
                shell.place,
            )
        if shell.shared:
            raise shell.document.refuse(
                "shared_name", f"What makes {shell.spelled} is called from other places of the file too.", shell.place
            )
        return shell

    def _default(self) -> list[Shell]:
        """Return the shells that `nix develop` takes, one for each system; the only one where none has that name."""
        modern = [shell for shell in self._shells if shell.name == _DEFAULT and shell.output != "devShell"]
        found = modern or [shell for shell in self._shells if shell.name == _DEFAULT]
        if not found and len({shell.body for shell in self._shells}) == 1:
            found = self._shells
        if found:
            return found
        if not self._shells:
            raise Refused(
                "not_found",
                f"{self._flake} has no development shell that its text shows.",
                place=Place(self._flake),
                remedy=f"Write one as devShells with {do('patch')}, or change the file that makes it.",
            )
        names = tuple(dict.fromkeys(shell.spelled for shell in self._shells))
        raise Refused(
            "ambiguous",
            f"{self._flake} has no default development shell, and several others: {', '.join(names)}.",
            place=Place(self._shells[0].document.name, self._shells[0].line),
            remedy=f"Name the one that is meant: {self._said(inside=names[0])}.",
            alternatives=names,
        )

    def _named(self, wanted: str) -> list[Shell]:
        exact = [shell for shell in self._shells if shell.spelled == wanted]
        whole = [shell for shell in self._shells if f"{shell.output}.{shell.name}" == wanted]
        last = wanted.removeprefix("devShells.")
        found = exact or whole or [shell for shell in self._shells if shell.name == last]
        if found:
            return found
        names = tuple(dict.fromkeys(shell.spelled for shell in self._shells))
        raise Refused(
            "not_found",
            f"{self._flake} has no development shell {wanted}; its text shows {', '.join(names) or 'none'}.",
            place=Place(self._flake),
            remedy=f"Name one that is there: {self._said(inside=names[0])}." if names else None,
            alternatives=names,
        )

    def _several(self, found: Sequence[Shell], wanted: str | None) -> Refused:
        conditions = [shell.conditions[-1] for shell in found if shell.conditions]
        if conditions and len({shell.spelled for shell in found}) == 1:
            return found[0].document.refuse(
                "conditional",
                f"{found[0].spelled} is made in one of two ways, by {' '.join(conditions[0].split())}.",
                found[0].place,
            )
        count = len({shell.body for shell in found})
        places = dict.fromkeys(f"{shell.spelled} ({shell.where})" for shell in found)
        names = tuple(dict.fromkeys(shell.spelled for shell in found))
        more = len(names) > 1
        return Refused(
            "ambiguous",
            f"{wanted or 'The default development shell'} is made in {count} places: {', '.join(places)}.",
            place=Place(found[0].document.name, found[0].line),
            seen=found[0].spelled,
            remedy=f"Name the one that is meant: {self._said(inside=names[0])}."
            if more
            else f"Change the one that is meant with {do('patch')}.",
            alternatives=names if more else (),
        )


def _with_packages(shell: Shell) -> Shell:
    """Return the module of devenv's shell that lists packages already, else the first one that can be edited."""
    known = (module for module in shell.modules if module.editable)
    return next((module for module in known if next(nix.shell_packages(module), None)), shell)
