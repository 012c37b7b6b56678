"""Lists: append."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.source.plain import require_data, shown, told, without_known
from devkeel.source.splice import Edited
from devkeel.source.yaml import flow
from devkeel.source.yaml.entries import create, replace, require_own
from devkeel.source.yaml.layout import after_block, column, is_first, line_start, separated
from devkeel.source.yaml.printer import Printer
from devkeel.source.yaml.proof import prove
from devkeel.source.yaml.values import data_of

if TYPE_CHECKING:
    from devkeel.source.plain import Data
    from devkeel.source.splice import Splice
    from devkeel.source.yaml.document import Document, Entry, Item

__all__ = ["append", "extend"]

_MAX_GAP = 4


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
        raise document.refuse("opaque_value", f"{told(path)} has no list to add to.", item.start)
    data = data_of(document, item)
    known = data if isinstance(data, list) else []
    new, old = without_known(known, values)
    notes = [f"{shown(value)} is already in {told(path)}." for value in old]
    if not new:
        return Edited(document.data, notes=tuple(notes))
    return prove(document, extend(document, entry, new), path, [*known, *new], notes)


def extend(document: Document, entry: Entry, new: list[Data]) -> list[Splice]:
    """Return the splices that put values behind the last element of an entry's list."""
    item, printer = entry.value, Printer.of(document)
    flowing = item.flow and (
        entry.owner.flow or item.items or not any(isinstance(value, (dict, list)) for value in new)
    )
    if not item.items and not flowing:
        return replace(document, entry, new)
    style = _style(item.items[-1]) if item.items else None
    if flowing:
        return flow.insert(document, item, [printer.inline(value, style, flow=True) for value in new])
    text = document.text
    dash = item.start
    if not is_first(text, dash):
        raise document.refuse("unsupported_style", "The list does not begin on a line of its own.", dash)
    indent = column(text, dash)
    gap = text[dash + 1 : item.items[0].start]
    gap = gap if gap and len(gap) <= _MAX_GAP and not gap.strip(" ") else " "
    at = after_block(text, _end_of_last(item), indent)
    apart = separated(text, [line_start(text, child.start) for child in item.items])
    lines: list[str] = []
    for value in new:
        lines += [*([""] if apart else []), *printer.items([value], indent, gap, style)]
    return [document.splice(at, at, "".join(document.newline + line for line in lines))]


def _end_of_last(item: Item) -> int:
    return item.items[-1].end


def _style(item: Item) -> str | None:
    return item.style if item.style in {"'", '"'} else None
