"""What every kind of edit is: fields that a caller gives, and four answers.

What it applies, when it is already so, what it makes run, and how it is corrected.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel, ConfigDict

from devkeel.project.root import DECLARATION

if TYPE_CHECKING:
    from collections.abc import Iterable

    from devkeel.edits.files import AppliedEdit, File, Files
    from devkeel.edits.suggestion import Suggestion

__all__ = ["Edit"]


class Edit(BaseModel, ABC):
    """One typed intention, of the kind that `kind` names: what is wanted, never where the bytes go."""

    # Only the kinds that a call uses are built: a command edits with one of them.
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)

    # Whether it edits the files that the project's backend names libraries in.
    names_libraries: ClassVar[bool] = False

    @property
    def names_manifests(self) -> bool:
        """Whether it may edit one of these, where there is no devenv.nix."""
        return self.names_libraries

    file: str = DECLARATION
    if TYPE_CHECKING:
        kind: str  # each kind's own field, of the one value that is its name

    @abstractmethod
    def apply(self, files: Files) -> AppliedEdit:
        """Return what the edit makes of the files, in memory. Raises UsageError, ProjectError or Refused."""

    @abstractmethod
    def already(self) -> str:
        """Return why nothing changed, as a sentence, for an edit whose editor does not say it."""

    def effects(self, applied: AppliedEdit) -> Iterable[str]:  # noqa: ARG002  (most kinds make nothing run)
        """Return when something runs that the edit has added: shell text, or an expression."""
        return ()

    def corrected(self, suggestion: Suggestion) -> dict[str, Any] | None:  # noqa: ARG002  (a kind says what it can follow)
        """Return the edit, as plain data, as a suggestion wants it; None where it is not about this edit."""
        return None

    def open(self, files: Files, *, empty: bool = False, text: bool = False) -> File:
        """Return the file that the edit is about; `empty`: one that is missing begins with nothing in it."""
        return files.open(self.file, self.kind, empty=empty, text=text)

    def given(self, **corrections: object) -> dict[str, Any]:
        """Return the edit as plain data: the fields that the caller gave, and other values for some."""
        return self.model_dump(exclude_unset=True) | {"kind": self.kind} | corrections
