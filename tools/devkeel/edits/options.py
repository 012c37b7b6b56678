"""Edits of what an option path has, in a Nix file or in devenv.yaml."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, cast

from pydantic import JsonValue, model_validator

from devkeel import catalogue
from devkeel.edits.base import Edit
from devkeel.edits.effects import added_by_text, is_shell_text, occasions
from devkeel.edits.suggestion import NewPath, NewText, NewValue
from devkeel.errors import Place, Refused
from devkeel.source import nix, yaml
from devkeel.source.path import format_path, parse_path
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Iterable

    from devkeel.candidate.looked import Looked
    from devkeel.edits.files import AppliedEdit, File, Files
    from devkeel.edits.suggestion import Suggestion

__all__ = [
    "KINDS",
    "Append",
    "CommentOut",
    "Prepend",
    "RemoveValues",
    "Rename",
    "SetOption",
    "Uncomment",
    "UnsetOption",
]


class _Pathed(Edit):
    path: str

    def already(self, looked: Looked) -> str:
        return f"{self.path}: there is nothing to {self.kind.replace('_', ' ')}. Looked at: {looked}."

    def corrected(self, suggestion: Suggestion) -> dict[str, Any] | None:
        new = suggestion.moved(parse_path(self.path)) if isinstance(suggestion, NewPath) else None
        return None if new is None else self.given(path=format_path(new))


class _Valued(_Pathed):
    value: JsonValue = None
    expression: str | None = None

    @model_validator(mode="after")
    def _value_or_expression(self) -> _Valued:
        if self.expression is not None and "value" in self.model_fields_set:
            raise ValueError("give either value or expression, not both")
        if self.expression is None and "value" not in self.model_fields_set:
            raise ValueError("give a value (JSON) or an expression (Nix source)")
        return self

    def corrected(self, suggestion: Suggestion) -> dict[str, Any] | None:
        if isinstance(suggestion, NewText) and self.expression is not None:
            expression = suggestion.reworded(self.expression)
            return None if expression is None else self.given(expression=expression)
        return super().corrected(suggestion)

    def nix_value(self) -> nix.Value:
        """Return the value for the editor of Nix: JSON is data to the printer as it is."""
        return nix.Expression(self.expression) if self.expression is not None else cast("nix.Value", self.value)

    def plain_value(self, file: File) -> JsonValue:
        """Return the value for an editor of data; Refused `not_nix` for an expression."""
        if self.expression is None:
            return self.value
        raise Refused(
            "not_nix",
            f"{file.name} is not a Nix file, so that no Nix expression can stand in it.",
            place=Place(file.name),
            seen=self.expression[:200],
            remedy="Give a value instead of an expression.",
        )


class _Setting(_Valued):
    def already(self, looked: Looked) -> str:
        return f"{self.path}: it is already so. Looked at: {looked}."

    def effects(self, applied: AppliedEdit) -> Iterable[str]:
        in_nix = any(name.endswith(".nix") for name in applied.after)
        return occasions(parse_path(self.path), self.nix_value()) if in_nix else ()


class SetOption(_Setting):
    """Set an option path to a value, wherever the path is defined now or else where its neighbours are."""

    kind: Literal["set"] = "set"

    def apply(self, files: Files) -> AppliedEdit:
        """Set the value."""
        file = self.open(files)
        if file.is_yaml:
            return file.becomes(yaml.set(file.yaml(), self.path, self.plain_value(file)))
        return file.becomes(nix.set(file.nix(), self.path, self.nix_value()))

    def corrected(self, suggestion: Suggestion) -> dict[str, Any] | None:
        """Take another value for the same path, too."""
        if isinstance(suggestion, NewValue) and parse_path(self.path) == suggestion.path:
            kept = {name: item for name, item in self.given().items() if name not in {"value", "expression"}}
            return kept | dict(suggestion.given)
        return super().corrected(suggestion)


class UnsetOption(_Pathed):
    """Remove every definition of an option path and below it."""

    kind: Literal["unset"] = "unset"

    def apply(self, files: Files) -> AppliedEdit:
        """Remove the definitions."""
        file = self.open(files)
        if file.is_yaml:
            return file.becomes(yaml.unset(file.yaml(), self.path))
        return file.becomes(nix.unset(file.nix(), self.path))


class Append(_Setting):
    """Append one element to the list at an option path, unless it is there."""

    kind: Literal["append"] = "append"

    def apply(self, files: Files) -> AppliedEdit:
        """Append the element, or a line where the option is a text."""
        file = self.open(files)
        if file.is_yaml:
            return file.becomes(yaml.append(file.yaml(), self.path, self.plain_value(file)))
        document, value, path = file.nix(), self.nix_value(), parse_path(self.path)
        if isinstance(value, str) and (catalogue.is_text(path) or is_shell_text(path)):
            return file.becomes(nix.append_line(document, self.path, value))
        return file.becomes(nix.append(document, self.path, value, listed=catalogue.is_list(path)))


class Prepend(_Setting):
    """Put one element first in the list at an option path, unless it is there."""

    kind: Literal["prepend"] = "prepend"

    def apply(self, files: Files) -> AppliedEdit:
        """Put the element first."""
        file = self.open(files)
        listed = catalogue.is_list(parse_path(self.path))
        return file.becomes(nix.prepend(file.nix(), self.path, self.nix_value(), listed=listed))


class RemoveValues(_Valued):
    """Remove one element from the list at an option path."""

    kind: Literal["remove"] = "remove"

    def apply(self, files: Files) -> AppliedEdit:
        """Remove the element."""
        file = self.open(files)
        if file.is_yaml:
            return file.becomes(yaml.remove(file.yaml(), self.path, self.plain_value(file)))
        return file.becomes(nix.remove(file.nix(), self.path, self.nix_value()))


class Rename(_Pathed):
    """Give a definition another option path, where it stands."""

    kind: Literal["rename"] = "rename"
    to: str

    def apply(self, files: Files) -> AppliedEdit:
        """Rename the path; Refused `not_found` where neither path is defined."""
        file = self.open(files)
        document = file.nix()
        edited = nix.rename(document, self.path, self.to)
        if not edited.changed and not _is_defined(document, self.to):
            raise Refused(
                "not_found",
                f"Neither {self.path} nor {self.to} is defined in {file.name}.",
                place=Place(file.name),
                remedy=f"See what is defined with {do('inspect')}, then name it as it stands there.",
            )
        return file.becomes(edited)

    def effects(self, applied: AppliedEdit) -> Iterable[str]:
        """Return when the definition runs at its new path."""
        return added_by_text(applied)

    def corrected(self, suggestion: Suggestion) -> dict[str, Any] | None:
        """Correct either of the paths."""
        found = super().corrected(suggestion)
        if found is None and isinstance(suggestion, NewPath):
            new = suggestion.moved(parse_path(self.to))
            return None if new is None else self.given(to=format_path(new))
        return found


def _is_defined(document: nix.Document, path: str) -> bool:
    try:
        document.get(parse_path(path))
    except KeyError:
        return False
    return True


class CommentOut(_Pathed):
    """Turn the definitions at an option path into comments."""

    kind: Literal["comment_out"] = "comment_out"

    def apply(self, files: Files) -> AppliedEdit:
        """Comment the definitions out."""
        file = self.open(files)
        return file.becomes(nix.comment_out(file.nix(), self.path))


class Uncomment(_Pathed):
    """Turn a commented-out definition of an option path back into one."""

    kind: Literal["uncomment"] = "uncomment"

    def apply(self, files: Files) -> AppliedEdit:
        """Take the comment signs away."""
        file = self.open(files)
        return file.becomes(nix.uncomment(file.nix(), self.path))

    def effects(self, applied: AppliedEdit) -> Iterable[str]:
        """Return when the definition runs that is one again."""
        return added_by_text(applied)


KINDS = (SetOption, UnsetOption, Append, Prepend, RemoveValues, Rename, CommentOut, Uncomment)
