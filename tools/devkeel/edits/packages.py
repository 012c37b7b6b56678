"""Edits of the packages that an environment has."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal

from msgspec.structs import replace
from pydantic import Field

from devkeel.deferred import Deferred
from devkeel.edits.base import Edit
from devkeel.edits.declared import DeclaredModules
from devkeel.edits.dev_shells import DevShells
from devkeel.edits.draft import Draft
from devkeel.edits.everywhere import remove_everywhere, there_already
from devkeel.edits.files import AppliedEdit
from devkeel.edits.suggestion import NewText
from devkeel.errors import Refused
from devkeel.source import nix
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from devkeel.edits.files import Files
    from devkeel.edits.suggestion import Suggestion
    from devkeel.libraries import interpreters
    from devkeel.libraries import modules as declarations
    from devkeel.source import Edited
else:
    interpreters = Deferred("devkeel.libraries.interpreters")
    declarations = Deferred("devkeel.libraries.modules")

__all__ = ["KINDS", "AddPackages", "RemovePackages"]

_PACKAGES = ("packages",)


class _Packages(Edit):
    kind: str
    names: list[str] = Field(min_length=1)
    inside: str | None = None

    def already(self) -> str:
        return f"{', '.join(self.names)}: the packages are already so."

    def within(self, files: Files, inside: str, shells: DevShells | None) -> AppliedEdit:
        """Change the packages of a package that has some, in whichever file makes it."""
        if shells is not None:
            read = shells.read
        elif "file" in self.model_fields_set:
            own = self.open(files)
            read = {own.name: own.nix().data}
        else:
            self.open(files)
            read = {module.name: module.document.data for module in DeclaredModules(files).modules}
        known = interpreters.found_in(declarations.Modules(read), files.read)
        found = interpreters.one_of(known, inside, [*read], self.names)
        changed = found.changed(self.names, remove=self.kind == "remove_packages")
        name = found.document.name
        return AppliedEdit({name: found.document.data}, {name: changed.data}, changed.notes)

    def corrected(self, suggestion: Suggestion) -> dict[str, Any] | None:
        names = suggestion.replaced(self.names) if isinstance(suggestion, NewText) else None
        return None if names is None else self.given(names=names)


class AddPackages(_Packages):
    """Add packages to the `packages` list: `git`, `pkgs.git`, `python3Packages.numpy`, `inputs.x.packages.…`.

    `inside` names what has packages of its own that are meant, in whichever file makes it: `python3` for
    `python3.withPackages (…)`, a variable that is bound to it, or the option, `languages.python.package`; in a flake a
    development shell as well, `devShells.ci`, where the default one is not meant.
    """

    kind: Literal["add_packages"] = "add_packages"

    def apply(self, files: Files) -> AppliedEdit:
        """Add the packages that are not there, in the file's own spelling."""
        shells = DevShells.of(self, files, "add", self.names, self.inside)
        if shells is not None and shells.are_meant_by(self.inside):
            return shells.add(self.names, self.inside)
        if self.inside is not None:
            return self.within(files, self.inside, shells)
        draft = Draft(self, files)
        home = draft.home(_PACKAGES, adding=True)
        missing, notes = dict[str, list[str]]({home: []}), list[str]()
        for name in self.names:
            holder = None if draft.named else there_already(draft, home, _PACKAGES, self._adding(name))
            if holder is None:
                missing.setdefault(_where_known(draft, home, name), []).append(name)
            else:
                notes.append(f"{name} is already in packages: {holder.line(holder.at(_PACKAGES)[0])}.")
        made = [draft.make(file, self._adding(*names)) for file, names in missing.items()]
        notes += [f"{names[0]} is a name of {file} alone." for file, names in missing.items() if file != home]
        return draft.applied(_PACKAGES, [*(note for edited in made for note in edited.notes), *notes])

    def _adding(self, *names: str) -> Callable[[nix.Document], Edited]:
        return lambda document: nix.add_packages(document, *names)


def _where_known(draft: Draft, home: str, name: str) -> str:
    """Return the file that a package's name is one of: another one where that alone binds what it begins with."""
    if not draft.named and not nix.names_package(draft.document(home), name):
        for module in draft.declared.modules:
            with suppress(Refused):  # what is no set has no names of its own
                if module.always and "." in name and nix.names_package(module.document, name):
                    return module.name
    return home


class RemovePackages(_Packages):
    """Remove packages from wherever the `packages` list names them, or from what has them `inside`."""

    kind: Literal["remove_packages"] = "remove_packages"

    def apply(self, files: Files) -> AppliedEdit:
        """Remove the packages that are there."""
        shells = DevShells.of(self, files, "remove", self.names, self.inside)
        if shells is not None and shells.are_meant_by(self.inside):
            return shells.remove(self.names, self.inside)
        if self.inside is not None:
            return self.within(files, self.inside, shells)
        removed = remove_everywhere(self, files, _PACKAGES, {name: self._removing(name) for name in self.names})
        if removed.after != removed.before:
            return removed
        return replace(removed, notes=(*removed.notes, *self._held(files)))

    def _held(self, files: Files) -> Iterator[str]:
        """Yield where a package is that is in no list of packages, but in a package that has some."""
        read = {module.name: module.document.data for module in DeclaredModules(files).modules}
        holders = interpreters.listed(declarations.Modules(read), files.read)
        for name in self.names:
            owner = next((owner for owner, names in holders.items() if name.rpartition(".")[2] in names), None)
            if owner is not None:
                yield f"{name} is in {owner}: {do('remove', names=[name], inside=owner)}."

    def _removing(self, name: str) -> Callable[[nix.Document], Edited]:
        return lambda document: nix.remove_packages(document, name)


KINDS = (AddPackages, RemovePackages)
