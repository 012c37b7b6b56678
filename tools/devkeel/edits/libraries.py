"""Edits of the libraries of a language, in the project's own manifests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from msgspec.structs import replace
from pydantic import Field

from devkeel.edits.base import Edit
from devkeel.edits.declared import DeclaredModules
from devkeel.edits.effects import INSTALLED
from devkeel.edits.files import AppliedEdit
from devkeel.edits.suggestion import NewText
from devkeel.errors import DevkeelError
from devkeel.libraries import planning
from devkeel.libraries.members import member_patterns, members_among
from devkeel.libraries.request import Request
from devkeel.text.actions import argument

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

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
        notes = (*plan.notes, *(_in_members(request, plan.manifest, files) if request.remove else ()))
        return AppliedEdit(before, plan.files, notes, manifest)

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


def _in_members(request: Request, manifest: str, files: Files) -> Iterator[str]:
    """Yield where members of the manifest's workspace name a library that it does not name itself."""
    patterns = member_patterns(manifest, files.candidate.read)
    if not patterns:
        return
    files.candidate.basis.gather(patterns)
    members = members_among(files.candidate.basis.there, patterns)
    for name in request.names:
        one = replace(request, names=(name,))
        if _takes_out(one, files):
            continue
        for member in members:
            if _takes_out(replace(one, file=member), files):
                way = argument("file", member)
                yield f"{name} is in {member}, a member of the workspace: repeat the edit with {way}."


def _takes_out(request: Request, files: Files) -> bool:
    try:
        made = planning.plan(request, files.read).files
    except DevkeelError:
        return False
    return any(data != files.candidate.read(name) for name, data in made.items())


class AddLibrary(_Library):
    """Add libraries of a language to the project's own manifest, and to devenv.nix what they need.

    `names` are written as the language does, versions included; `group` is a dependency group such as `dev`.
    """

    kind: Literal["add_library"] = "add_library"


class RemoveLibrary(_Library):
    """Remove libraries of a language from the project's own manifest."""

    kind: Literal["remove_library"] = "remove_library"


KINDS = (AddLibrary, RemoveLibrary)
