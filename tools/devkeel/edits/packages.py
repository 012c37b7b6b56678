"""Edits of the packages that an environment has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from devkeel.edits.base import Edit
from devkeel.edits.suggestion import NewText
from devkeel.source import nix

if TYPE_CHECKING:
    from devkeel.candidate.looked import Looked
    from devkeel.edits.files import AppliedEdit, Files
    from devkeel.edits.suggestion import Suggestion

__all__ = ["KINDS", "AddPackages", "RemovePackages"]


class _Packages(Edit):
    kind: str
    names: list[str] = Field(min_length=1)
    inside: str | None = None

    def already(self, looked: Looked) -> str:
        return f"{', '.join(self.names)}: the packages are already so. Looked at: {looked}."

    def corrected(self, suggestion: Suggestion) -> dict[str, Any] | None:
        names = suggestion.replaced(self.names) if isinstance(suggestion, NewText) else None
        return None if names is None else self.given(names=names)


class AddPackages(_Packages):
    """Add packages to the `packages` list: `git`, `pkgs.git`, `python3Packages.numpy`, `inputs.x.packages.…`.

    `inside` names a package of the list whose own packages are meant: `python3` for `python3.withPackages (…)`.
    """

    kind: Literal["add_packages"] = "add_packages"

    def apply(self, files: Files) -> AppliedEdit:
        """Add the packages that are not there, in the file's own spelling."""
        file = self.open(files)
        return file.becomes(nix.add_packages(file.nix(), *self.names, inside=self.inside))


class RemovePackages(_Packages):
    """Remove packages from wherever the `packages` list names them, or from `inside` one with `withPackages`."""

    kind: Literal["remove_packages"] = "remove_packages"

    def apply(self, files: Files) -> AppliedEdit:
        """Remove the packages that are there."""
        file = self.open(files)
        return file.becomes(nix.remove_packages(file.nix(), *self.names, inside=self.inside))


KINDS = (AddPackages, RemovePackages)
