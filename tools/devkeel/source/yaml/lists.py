"""Lists: append and remove."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace as replace_fields

from devkeel.source.plain_data import dotted, require_data, same, shown, without_known
from devkeel.source.splice import Edited, compose
from devkeel.source.yaml.document import Document
from devkeel.source.yaml.entries import create, extend, replace, require_own
from devkeel.source.yaml.flow import take_out
from devkeel.source.yaml.layout import after_block, column, is_first, line_start, next_line
from devkeel.source.yaml.proof import prove
from devkeel.source.yaml.values import data_of

if TYPE_CHECKING:
    from devkeel.source.plain_data import Data
    from devkeel.source.splice import Splice
    from devkeel.source.yaml.document import Entry

__all__ = ["append", "remove"]


def append(document: Document, path: tuple[str, ...], values: list[Data]) -> Edited:
    """Append those values to the list at a path that it does not have; a missing list is made."""
    require_data(values)
    found = document.find(path)
    if found.rest or found.item is None:
        new, _ = without_known([], values)
        return prove(document, create(document, path, found, new), path, new) if new else Edited(document.data)
    item, entry = found.item, found.entries[-1]
    require_own(document, item, path)
    if item.kind != "list" and not (item.vacant and item.kind == "scalar"):
        raise document.refuse("opaque_value", f"{dotted(path)} has no list to add to.", item.start)
    data = data_of(document, item)
    known = data if isinstance(data, list) else []
    new, old = without_known(known, values)
    notes = [f"{shown(value)} is already in {dotted(path)}." for value in old]
    if not new:
        return Edited(document.data, notes=tuple(notes))
    return prove(document, extend(document, entry, new), path, [*known, *new], notes)


def remove(document: Document, path: tuple[str, ...], values: list[Data]) -> Edited:
    """Remove every element of the list at a path that is one of the values; the list stays, and may be empty."""
    require_data(values)
    first, steps, notes = document, list[Edited](), list[str]()
    for value in values:
        taken = False
        while (edited := _without(document, path, value)) is not None:
            steps.append(edited)
            document, taken = Document(edited.data, document.name), True
        if not taken:
            notes.append(f"{shown(value)} is not in {dotted(path)} of {document.name}.")
    done = compose(first.data, steps)
    return replace_fields(done, notes=(*done.notes, *notes))


def _without(document: Document, path: tuple[str, ...], value: Data) -> Edited | None:
    """Return the edit that takes one element out of a list, None where it is not there."""
    found = document.find(path)
    if found.rest or found.item is None or (found.item.vacant and found.item.kind == "scalar"):
        return None
    item, entry = found.item, found.entries[-1]
    require_own(document, item, path)
    data = data_of(document, item)
    if not isinstance(data, list):
        raise document.refuse("opaque_value", f"{dotted(path)} has no list to remove from.", item.start)
    index = next((number for number, known in enumerate(data) if same(known, value)), None)
    if index is None:
        return None
    left = [*data[:index], *data[index + 1 :]]
    splices = take_out(document, item, index) if item.flow else _line_out(document, entry, index, left)
    return prove(document, splices, path, left)


def _line_out(document: Document, entry: Entry, index: int, left: list[Data]) -> list[Splice]:
    """Return the splices that remove an element which stands on lines of its own, with the remark beside it."""
    if not left:
        return replace(document, entry, left)
    text, items = document.text, entry.value.items
    dash = text.rfind("-", 0, items[index].start)
    if not is_first(text, dash):
        raise document.refuse("unsupported_style", "The list does not begin on a line of its own.", dash)
    start, end = line_start(text, dash), after_block(text, items[index].end, column(text, dash))
    if end == len(text):
        # The file has no line break at its end, and keeps it so.
        return [document.splice(start - (2 if text[start - 2 : start] == "\r\n" else 1), end, "")]
    return [document.splice(start, next_line(text, end), "")]
