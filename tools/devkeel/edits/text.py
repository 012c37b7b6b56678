"""Edits of a file's text, for what no other kind can say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from msgspec.structs import replace
from pydantic import Field

from devkeel.edits.base import Edit
from devkeel.edits.effects import added_by_text
from devkeel.edits.exact_text import replace_text
from devkeel.edits.suggestion import NewText
from devkeel.libraries.declared import asks_otherwise
from devkeel.project.environment_files import is_manifest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from devkeel.edits.files import AppliedEdit, Files
    from devkeel.edits.suggestion import Suggestion

__all__ = ["KINDS", "ReplaceText"]

_DEFAULTS = {"partial": False, "occurrences": 1}


class ReplaceText(Edit):
    """Replace an exact text, which must occur once (or `occurrences` times), by another.

    `partial` publishes a step that leaves a file broken that was broken before, when it is less so.
    """

    kind: Literal["replace_text"] = "replace_text"
    old: str = Field(min_length=1)
    new: str
    occurrences: int = Field(default=1, ge=1)
    partial: bool = False

    def apply(self, files: Files) -> AppliedEdit:
        """Replace the text."""
        file = self.open(files, text=True)
        edited = replace_text(file.name, file.data, self.old, self.new, self.occurrences)
        applied = file.becomes(edited, unfinished=self.partial)
        named = is_manifest(file.name) and asks_otherwise(file.name, file.data, edited.data)
        return replace(applied, manifest=file.name if named else None, exact=True)

    def already(self) -> str:
        """Say that the texts do not differ."""
        return f"{self.file}: the old and the new text are the same."

    def effects(self, applied: AppliedEdit) -> Iterable[str]:
        """Return when something runs that the new text has."""
        return added_by_text(applied)

    def corrected(self, suggestion: Suggestion) -> dict[str, Any] | None:
        """Correct the new text."""
        new = suggestion.within(self.new) if isinstance(suggestion, NewText) else None
        if new is None:
            return None
        return {key: value for key, value in self.given(new=new).items() if _DEFAULTS.get(key, ...) != value}


KINDS = (ReplaceText,)
