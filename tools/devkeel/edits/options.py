"""Edits of what an option path has, in a Nix file or in devenv.yaml."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, cast

from pydantic import JsonValue, model_validator

from devkeel import catalogue
from devkeel.edits.base import Edit
from devkeel.edits.draft import Draft
from devkeel.edits.effects import added_by_text, is_shell_text, occasions
from devkeel.edits.everywhere import add_where_defined, edit_where_defined, remove_everywhere
from devkeel.edits.input_files import InputFiles
from devkeel.edits.suggestion import NewPath, NewText, NewValue
from devkeel.errors import Place, Refused
from devkeel.source import nix, yaml
from devkeel.source.path import format_path, parse_path
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Iterable

    from devkeel.edits.files import AppliedEdit, File, Files
    from devkeel.edits.suggestion import Suggestion
    from devkeel.source import Edited
    from devkeel.source.path import AttrPath

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

    def already(self) -> str:
        return f"{self.path}: there is nothing to {self.kind.replace('_', ' ')}."

    def corrected(self, suggestion: Suggestion) -> dict[str, Any] | None:
        new = suggestion.moved(parse_path(self.path)) if isinstance(suggestion, NewPath) else None
        return None if new is None else self.given(path=format_path(new))

    def in_yaml(self, files: Files, file: File, edited: Edited) -> AppliedEdit:
        """Return what an edit of a YAML file made, with what others of the declaration say of the path."""
        return InputFiles(files).becomes(file, parse_path(self.path), edited)


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
    def already(self) -> str:
        return f"{self.path}: it is already so."

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
            return self.in_yaml(files, file, yaml.set(file.yaml(), self.path, self.plain_value(file)))
        draft, path = Draft(self, files), parse_path(self.path)
        home, value = draft.home(path), self.nix_value()
        if not draft.named:
            draft.declared.require_not_prevailed(path, value)
        once = isinstance(value, str) and catalogue.takes_one_text(path, value)
        draft.make(home, lambda document: nix.set(document, self.path, value, once=once))
        return draft.applied(path)

    def corrected(self, suggestion: Suggestion) -> dict[str, Any] | None:
        """Take another value for the same path, too."""
        if isinstance(suggestion, NewValue) and parse_path(self.path) == suggestion.path:
            if suggestion.keeping and not suggestion.keeps(nix.print_value(self.nix_value())):
                return None  # of the other place, whose value is not the one that was asked for
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
            return self.in_yaml(files, file, yaml.unset(file.yaml(), self.path))
        return edit_where_defined(self, files, parse_path(self.path), nix.unset)


class Append(_Setting):
    """Append one element to the list at an option path, unless it is there."""

    kind: Literal["append"] = "append"

    def apply(self, files: Files) -> AppliedEdit:
        """Append the element, or a line where the option is a text."""
        file = self.open(files)
        if file.is_yaml:
            return self.in_yaml(files, file, yaml.append(file.yaml(), self.path, self.plain_value(file)))
        value, path = self.nix_value(), parse_path(self.path)
        if isinstance(value, str) and (catalogue.is_text(path) or is_shell_text(path)):
            return add_where_defined(self, files, path, lambda document: nix.append_line(document, self.path, value))
        listed = catalogue.is_list(path)

        def longer(document: nix.Document) -> Edited:
            edited = nix.append(document, self.path, value, listed=listed)
            return _with_clear_type(document, path, edited)

        return add_where_defined(self, files, path, longer)


def _with_clear_type(document: nix.Document, path: AttrPath, edited: Edited) -> Edited:
    """Return an edit of a list; Refused where it begins one in an option that as well takes a text."""
    open_type = catalogue.open_type(path) if document.module and edited.changed else None
    raw, name = document.raw_path(path), format_path(path)
    if open_type is None or any(item.raw[: len(raw)] == raw for item in document.focus(raw).bindings):
        return edited
    raise document.refuse(
        "opaque_value",
        f"{name} is not defined, and its type ({open_type}) does not say that it is a list.",
        None,
        f"Set {name} to the value that it is to have, a text or a list, with {do('set')}.",
    )


class Prepend(_Setting):
    """Put one element first in the list at an option path, unless it is there."""

    kind: Literal["prepend"] = "prepend"

    def apply(self, files: Files) -> AppliedEdit:
        """Put the element first."""
        value, path = self.nix_value(), parse_path(self.path)
        listed = catalogue.is_list(path)

        def longer(document: nix.Document) -> Edited:
            edited = nix.prepend(document, self.path, value, listed=listed)
            return _with_clear_type(document, path, edited)

        return add_where_defined(self, files, path, longer)


class RemoveValues(_Valued):
    """Remove one element from the list at an option path."""

    kind: Literal["remove"] = "remove"

    def apply(self, files: Files) -> AppliedEdit:
        """Remove the element."""
        file = self.open(files)
        if file.is_yaml:
            return self.in_yaml(files, file, yaml.remove(file.yaml(), self.path, self.plain_value(file)))
        value, path = self.nix_value(), parse_path(self.path)
        name = nix.print_value(value)
        return remove_everywhere(self, files, path, {name: lambda document: nix.remove(document, self.path, value)})


class Rename(_Pathed):
    """Give a definition another option path, where it stands."""

    kind: Literal["rename"] = "rename"
    to: str

    def apply(self, files: Files) -> AppliedEdit:
        """Rename the path; Refused `not_found` where neither path is defined."""
        draft, old, new = Draft(self, files), parse_path(self.path), parse_path(self.to)
        home = draft.home(old)
        if not draft.named:
            draft.declared.require_not_in_profile(old)
        edited = draft.make(home, lambda document: nix.rename(document, self.path, self.to))
        if not edited.changed and not draft.declared.defining(new) and not _is_defined(draft.document(home), new):
            draft.declared.require_seen(old, only=home if draft.named else None)
            draft.declared.look_behind(old)
            raise Refused(
                "not_found",
                files.looked.says(f"Neither {self.path} nor {self.to} is defined in {files.looked.names}."),
                place=Place(home),
                remedy=f"See what is defined with {do('inspect')}, then name it as it stands there.",
            )
        return draft.applied(old)

    def effects(self, applied: AppliedEdit) -> Iterable[str]:
        """Return when the definition runs at its new path."""
        return added_by_text(applied)

    def corrected(self, suggestion: Suggestion) -> dict[str, Any] | None:
        """Correct either of the paths."""
        found = super().corrected(suggestion)
        if found is None and isinstance(suggestion, NewPath):
            new = suggestion.moved(parse_path(self.to))
            # To call it as it is called now would be no change.
            return None if new is None or new == parse_path(self.path) else self.given(to=format_path(new))
        return found


def _is_defined(document: nix.Document, path: AttrPath) -> bool:
    try:
        document.get(path)
    except KeyError:
        return False
    return True


class CommentOut(_Pathed):
    """Turn the definitions at an option path into comments."""

    kind: Literal["comment_out"] = "comment_out"

    def apply(self, files: Files) -> AppliedEdit:
        """Comment the definitions out."""
        return edit_where_defined(self, files, parse_path(self.path), nix.comment_out)


class Uncomment(_Pathed):
    """Turn a commented-out definition of an option path back into one."""

    kind: Literal["uncomment"] = "uncomment"

    def apply(self, files: Files) -> AppliedEdit:
        """Take the comment signs away."""
        draft, path = Draft(self, files), parse_path(self.path)
        names = [draft.main.name, *(module.name for module in draft.declared.modules if not draft.named)]
        for name in dict.fromkeys(names):
            try:
                draft.make(name, lambda document: nix.uncomment(document, self.path))
            except Refused as error:
                if error.code != "not_found":
                    raise
                continue
            return draft.applied(path)
        raise Refused(
            "not_found",
            f"No comment in {files.looked.names} holds a definition of {self.path}.",
            place=Place(draft.main.name),
            remedy=f"Write this change with {do('patch')}.",
        )

    def effects(self, applied: AppliedEdit) -> Iterable[str]:
        """Return when the definition runs that is one again."""
        return added_by_text(applied)


KINDS = (SetOption, UnsetOption, Append, Prepend, RemoveValues, Rename, CommentOut, Uncomment)
