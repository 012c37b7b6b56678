"""Lists: append and remove by value; exchange and take out one element."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace as replace_fields

from devkeel.source.plain_data import dotted, require_data, same, shown, without_known
from devkeel.source.splice import Edited, compose
from devkeel.source.yaml.document import Document
from devkeel.source.yaml.entries import create, extend, remove_lines, replace, require_own
from devkeel.source.yaml.flow import take_out
from devkeel.source.yaml.layout import after_block, column, is_first, line_end, line_start, next_line
from devkeel.source.yaml.proof import prove, prove_element
from devkeel.source.yaml.scalars import print_string
from devkeel.source.yaml.values import data_of

if TYPE_CHECKING:
    from devkeel.source.plain_data import Data
    from devkeel.source.splice import Splice
    from devkeel.source.yaml.document import Entry

__all__ = ["append", "exchange", "remove", "take_out_element"]


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
    text, items = document.text, entry.value.items
    if not left and "#" not in text[line_end(text, entry.colon) : line_start(text, items[index].start)]:
        return replace(document, entry, left)
    dash = text.rfind("-", 0, items[index].start)
    if not is_first(text, dash):
        raise document.refuse("unsupported_style", "The list does not begin on a line of its own.", dash)
    start, end = line_start(text, dash), after_block(text, items[index].end, column(text, dash))
    gone = remove_lines(document, start, next_line(text, end), tidy=True)
    # Comments above the last element are not its own: they stay.
    return [gone] if left else [document.splice(entry.colon + 1, entry.colon + 1, " []"), gone]


def exchange(document: Document, entry: Entry, index: int, text: str) -> Edited:
    """Give an element of an entry's list another text, in the quotes that it has where they hold it."""
    item = entry.value.items[index]
    require_own(document, item, (entry.key.value,))
    if item.kind != "scalar" or item.style in {"|", ">"}:
        raise document.refuse("unsupported_style", "The element is no text on one line.", item.start)
    printed = print_string(text, item.style, flow=entry.value.flow)
    return prove_element(document, [document.splice(item.start, item.end, printed)], item, text)


def take_out_element(document: Document, entry: Entry, index: int) -> Edited:
    """Remove an element of an entry's list, with the remark beside it; a list that loses its last one is `[]`."""
    held = entry.value
    require_own(document, held.items[index], (entry.key.value,))
    if held.flow:
        splices = take_out(document, held, index)
    else:
        splices = _line_out(document, entry, index, [None] * (len(held.items) - 1))
    return prove_element(document, splices, held.items[index], None)
