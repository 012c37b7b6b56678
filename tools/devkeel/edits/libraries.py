"""Edits of the libraries of a language, in the project's own manifests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from devkeel.edits.base import Edit
from devkeel.edits.declared import DeclaredModules
from devkeel.edits.effects import INSTALLED
from devkeel.edits.files import AppliedEdit
from devkeel.edits.suggestion import NewText
from devkeel.libraries import planning
from devkeel.libraries.request import Request

if TYPE_CHECKING:
    from collections.abc import Iterable

    from devkeel.edits.files import Files
    from devkeel.edits.suggestion import Suggestion

__all__ = ["KINDS", "AddLibrary", "RemoveLibrary"]


class _Library(Edit):
    names_libraries = True

    # Empty: the file that the project uses.
    file: str = ""
    language: str
    names: list[str] = Field(min_length=1)
    group: str | None = None

    def apply(self, files: Files) -> AppliedEdit:
        """Change the files that the language's plan names."""
        candidate = files.candidate
        request = Request(
            self.language,
            tuple(self.names),
            self.group,
            candidate.resolve(self.file) if self.file else None,
            self.kind == "remove_library",
            files.create,
            files.manifests,
            {module.name: module.document.data for module in DeclaredModules(files).modules},
            candidate.root.name,
        )
        plan = planning.plan(request, files.read)
        before = candidate.read_all(plan.files)
        manifest = candidate.resolve(plan.manifest) if plan.files else None
        return AppliedEdit(before, plan.files, tuple(plan.notes), manifest)

    def already(self) -> str:
        """Say that the manifest names them, or does not."""
        return f"{', '.join(self.names)}: the libraries are already so."

    def effects(self, applied: AppliedEdit) -> Iterable[str]:  # noqa: ARG002  (whatever the files are)
        """Return when an installer runs what the libraries bring."""
        return (INSTALLED,)

    def corrected(self, suggestion: Suggestion) -> dict[str, Any] | None:
        """Correct a name."""
        names = suggestion.replaced(self.names) if isinstance(suggestion, NewText) else None
        return None if names is None else self.given(names=names)


class AddLibrary(_Library):
    """Add libraries of a language to the project's own manifest, and to devenv.nix what they need.

    `names` are written as the language does, versions included; `group` is a dependency group such as `dev`.
    """

    kind: Literal["add_library"] = "add_library"


class RemoveLibrary(_Library):
    """Remove libraries of a language from the project's own manifest."""

    kind: Literal["remove_library"] = "remove_library"


KINDS = (AddLibrary, RemoveLibrary)
