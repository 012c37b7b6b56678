"""What a check suggests of a file: another path, another value, or another text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from devkeel.source import nix
from devkeel.source.path import parse_path

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from devkeel.source.path import AttrPath

__all__ = ["NewPath", "NewText", "NewValue", "Suggestion", "parse_suggestion"]


class NewPath(Struct, frozen=True):
    """What is at one option path, or below it, belongs at another."""

    old: AttrPath
    new: AttrPath

    def moved(self, path: AttrPath) -> AttrPath | None:
        """Return where a path belongs, None where it is another."""
        size = len(self.old)
        return (*self.new, *path[size:]) if path[:size] == self.old else None


class NewValue(Struct, frozen=True):
    """An option path should have another value. given: the field `value`, or `expression`, of an edit; and `file`.

    keeping: it is the same value, in another file or with another priority.
    """

    path: AttrPath
    given: Mapping[str, Any]
    keeping: bool = False

    def keeps(self, source: str) -> bool:
        """Return whether a value, by its Nix source, stays what it is, in another file or with another priority."""
        expression = self.given.get("expression")
        return expression.endswith(source) if expression is not None else nix.print_value(self.given["value"]) == source


class NewText(Struct, frozen=True):
    """One text should stand in place of another; `subject` is the name that it is about, where it is about one."""

    old: str
    new: str
    subject: str

    def replaced(self, names: Sequence[str]) -> list[str] | None:
        """Return names with the right one in place of the subject, None where it is not among them."""
        name = self._name()
        if name is None or self.subject not in names:
            return None
        return [name if item == self.subject else item for item in names]

    def reworded(self, expression: str) -> str | None:
        """Return an expression with the right name in place of the subject, None where it does not have it."""
        name = self._name()
        return expression.replace(self.subject, name) if name is not None and self.subject in expression else None

    def within(self, text: str) -> str | None:
        """Return a text with the replacement made in it, None where it has none or several places for it.

        As much of the replaced lines as the text has must stand round the change.
        """
        old, new = self.old, self.new
        head, tail = _shared(old, new), _shared(old[::-1], new[::-1])
        tail = min(tail, len(old) - head, len(new) - head)
        cuts = sorted(((i, j) for i in range(head + 1) for j in range(tail + 1)), key=sum)
        for first, last in cuts:
            part = old[first : len(old) - last]
            if part and text.count(part) == 1:
                return text.replace(part, new[first : len(new) - last])
        return None

    def _name(self) -> str | None:
        """Return what stands in the new text where the subject stood in the old one, the rest being the same."""
        old, new, subject = self.old, self.new, self.subject
        start = old.find(subject) if subject else -1
        while start >= 0:
            head, tail = old[:start], old[start + len(subject) :]
            if new.startswith(head) and new.endswith(tail) and len(new) >= len(head) + len(tail):
                return new[len(head) : len(new) - len(tail)]
            start = old.find(subject, start + 1)
        return None


def _shared(first: str, second: str) -> int:
    """Return how many characters two texts begin with alike."""
    pairs = zip(first, second, strict=False)
    return next((index for index, (a, b) in enumerate(pairs) if a != b), min(len(first), len(second)))


Suggestion = NewPath | NewValue | NewText


def parse_suggestion(edit: Mapping[str, Any], subject: str, *, keeping: bool = False) -> Suggestion | None:
    """Return what an edit of the files as a change would leave them says of the change; None where it stands alone.

    keeping: a value that it sets is one that there is, in another place.
    """
    if edit["kind"] == "rename":
        return NewPath(parse_path(edit["path"]), parse_path(edit["to"]))
    if edit["kind"] == "set":
        given = {key: edit[key] for key in ("value", "expression", *(["file"] if keeping else [])) if key in edit}
        return NewValue(parse_path(edit["path"]), given, keeping)
    if edit["kind"] == "replace_text":
        return NewText(edit["old"], edit["new"], subject)
    return None
