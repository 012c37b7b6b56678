"""Entries of mappings: set and unset."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.source.plain_data import dotted, require_data
from devkeel.source.splice import Edited
from devkeel.source.yaml import flow
from devkeel.source.yaml.layout import after_block, column, is_first, line_start, separated
from devkeel.source.yaml.printer import Printer
from devkeel.source.yaml.proof import prove
from devkeel.source.yaml.values import data_of

if TYPE_CHECKING:
    from devkeel.source.plain_data import Data
    from devkeel.source.splice import Splice
    from devkeel.source.yaml.document import Document, Entry, Item

from typing import TYPE_CHECKING

from devkeel.errors import Place, Refused
from devkeel.source.plain_data import same
from devkeel.source.splice import compose
from devkeel.source.yaml.document import Document, Item, Lookup
from devkeel.source.yaml.layout import (
    key_style,
    leading,
    line_end,
    next_line,
)
from devkeel.source.yaml.proof import MISSING
from devkeel.source.yaml.scalars import print_key
from devkeel.text.actions import do

if TYPE_CHECKING:
    from devkeel.source.plain_data import Data
    from devkeel.source.splice import Splice
    from devkeel.source.yaml.document import Entry

__all__ = ["create", "extend", "remove_lines", "replace", "require_own", "set_value", "unset"]


def set_value(document: Document, path: tuple[str, ...], value: Data) -> Edited:
    """Set a path to a value."""
    require_data(value)
    found = document.find(path)
    if found.rest or found.item is None:
        return prove(document, create(document, path, found, value), path, value)
    item = found.item
    require_own(document, item, path)
    if item.kind != "alias" and same(data_of(document, item), value):
        return Edited(document.data)
    if item.kind == "map" and item.entries:
        if not isinstance(value, dict):
            raise document.refuse(
                "would_replace_set",
                f"{dotted(path)} is a set with keys of its own; a single value would drop them.",
                item.start,
                f"Set a key below {dotted(path)}, or unset it first.",
            )
        if value:
            return _merge(document, path, item, value)
    if item.kind == "list" and item.items and isinstance(value, list):
        old = data_of(document, item)
        if isinstance(old, list) and same(old, value[: len(old)]):
            return prove(document, extend(document, found.entries[-1], value[len(old) :]), path, value)
    return prove(document, replace(document, found.entries[-1], value), path, value)


def _merge(document: Document, path: tuple[str, ...], item: Item, value: dict[str, Data]) -> Edited:
    """Make a set what it should be, key by key, so that what stays keeps its place and its comments."""
    gone = [entry.key.value for entry in item.entries if entry.key.value not in value]
    steps: list[Edited] = []
    current = document
    for key, wanted in [*value.items(), *((name, MISSING) for name in gone)]:
        inner = (*path, key)
        if wanted is MISSING:
            steps.append(unset(current, inner))
        else:
            found = current.find(inner)
            settled = not found.rest and found.item is not None
            dropped = settled and found.item is not None and found.item.entries and not isinstance(wanted, dict)
            if dropped:
                steps.append(unset(current, inner))
                current = Document(steps[-1].data, document.name)
            steps.append(set_value(current, inner, wanted))  # type: ignore[arg-type]
        current = Document(steps[-1].data, document.name)
    return compose(document.data, steps)


def require_own(document: Document, item: Item, path: tuple[str, ...]) -> None:
    """Refuse to replace what other places refer to, and what has a tag."""
    for child in _inside(item):
        if child.anchor in document.used:
            raise document.refuse_shared(child, path)
    if item.tag is not None:
        raise document.refuse_tag(item, path)
    if item.anchor is not None and item.kind != "scalar":
        raise document.refuse_shared(item, path)


def _inside(item: Item) -> list[Item]:
    found = [item]
    for child in [*item.items, *(entry.value for entry in item.entries), *(entry.key for entry in item.entries)]:
        found += _inside(child)
    return found


def create(document: Document, path: tuple[str, ...], found: Lookup, value: Data) -> list[Splice]:
    """Return the splices that make what is missing of a path."""
    known = len(path) - len(found.rest)
    holder, rest = found.item, found.rest
    if holder is None:
        return _begin(document, _nest(rest, value))
    if holder.kind == "map" and holder.entries:
        return _insert(document, holder, rest[0], _nest(rest[1:], value))
    if not holder.vacant:
        name = dotted(path[:known]) if known else "The document"
        raise document.refuse(
            "opaque_value",
            f"{name} stands in the way: its value is no mapping.",
            holder.start,
            f"Unset it first, or write this change with {do('patch')}.",
        )
    require_own(document, holder, path[:known])
    if found.entries:
        return replace(document, found.entries[-1], _nest(rest, value))
    return _begin(document, _nest(rest, value))


def _nest(path: tuple[str, ...], value: Data) -> Data:
    for name in reversed(path):
        value = {name: value}
    return value


def _begin(document: Document, value: Data) -> list[Splice]:
    """Write the first entry of a document that has none."""
    root, text, newline = document.root, document.text, document.newline
    lines = newline.join(Printer.of(document).mapping(value, 0) if isinstance(value, dict) else ())
    if root is not None and not root.absent:
        lead = "" if is_first(text, root.start) and column(text, root.start) == 0 else newline
        return [document.splice(root.start, root.end, lead + lines)]
    at = document.limit
    before = text[:at]
    lead = newline if before and not before.endswith("\n") else ""
    close = "" if before and not before.endswith("\n") and at == len(text) else newline
    return [document.splice(at, at, lead + lines + close)]


def _insert(document: Document, owner: Item, key: str, value: Data) -> list[Splice]:
    text, printer, keys = document.text, Printer.of(document), key_style(owner)
    if owner.flow:
        pair = f"{print_key(key, keys, flow=True)}: {printer.inline(value, flow=True)}"
        return flow.insert(document, owner, [pair])
    first, last = owner.entries[0], owner.entries[-1]
    _require_own_line(document, first)
    indent = column(text, first.key.start)
    at = after_block(text, last.end, indent)
    lines = printer.mapping({key: value}, indent, keys)
    if separated(text, [entry.key.start for entry in owner.entries]):
        lines.insert(0, "")
    return [document.splice(at, at, "".join(document.newline + line for line in lines))]


def _require_own_line(document: Document, entry: Entry) -> None:
    # YAML 1.2.2, 8.2.2: `? key` on a line of its own is a key too.
    if entry.colon < 0 or not is_first(document.text, entry.key.start):
        raise document.refuse(
            "unsupported_style", "The key is not written as `key: value` on a line of its own.", entry.key.start
        )


def replace(document: Document, entry: Entry, value: Data) -> list[Splice]:
    """Return the splices that give an entry another value, in the style of the old one where that holds it."""
    text, old, printer = document.text, entry.value, Printer.of(document)
    if entry.colon < 0:
        raise document.refuse("unsupported_style", "The key is not written as `key: value`.", entry.key.start)
    style = old.style if old.style in {"'", '"'} else None
    listed = old.flow and old.kind == "list" and isinstance(value, list)
    if entry.owner.flow or (listed and (old.items or not _nested(value))):
        head, lines = printer.inline(value, style, flow=entry.owner.flow), list[str]()
    else:
        head, lines = printer.parts(value, column(text, entry.key.start), style)
    after = entry.colon + 1
    below = "".join(document.newline + line for line in lines)
    if old.block:
        start = line_end(text, after)
        return [
            document.splice(after, after, f" {head}" if head else ""),
            document.splice(start, line_end(text, old.end), below),
        ]
    later = "\n" in text[after : old.start]
    if later and lines and not head:
        return [document.splice(line_end(text, after), line_end(text, old.end), below)]
    if old.absent:
        splices = [document.splice(after, after, f" {head}" if head else "")]
    else:
        splices = [document.splice(old.start if head else after, old.end, head)]
    at = line_end(text, max(old.end, after))
    return [*splices, document.splice(at, at, below)] if below else splices


def _nested(value: Data) -> bool:
    return isinstance(value, list) and any(isinstance(item, (dict, list)) for item in value)


def unset(document: Document, path: tuple[str, ...]) -> Edited:
    """Remove what is at a path."""
    found = document.find(path)
    if found.rest or found.item is None or not found.entries:
        return Edited(document.data, notes=(f"{dotted(path)} is not defined here.",))
    entry = found.entries[-1]
    for child in _inside(entry.value):
        if child.anchor in document.used:
            raise document.refuse_shared(child, path)
    if entry.colon < 0:
        raise document.refuse("unsupported_style", "The key is not written as `key: value`.", entry.key.start)
    owner = entry.owner
    if owner.flow:
        splices = flow.take_out(document, owner, owner.entries.index(entry))
    else:
        _require_own_line(document, entry)
        holder = found.entries[-2] if len(found.entries) > 1 else None
        splices = _take_out(document, entry, holder)
    return prove(document, splices, path, MISSING)


def _take_out(document: Document, entry: Entry, holder: Entry | None) -> list[Splice]:
    text = document.text
    start = leading(document, entry)
    end = next_line(text, after_block(text, entry.end, column(text, entry.key.start)))
    if len(entry.owner.entries) == 1:
        if holder is None:
            return [
                document.splice(start, line_end(text, max(start, end - 1)) if end < len(text) else _close(text), "{}")
            ]
        if entry.owner.anchor or entry.owner.tag:
            raise Refused("shared_name", "The set that would be empty has an anchor.", place=Place(document.name))
        return [document.splice(holder.colon + 1, holder.colon + 1, " {}"), remove_lines(document, start, end)]
    return [remove_lines(document, start, end, tidy=True)]


def _close(text: str) -> int:
    """Return where the last line of a text ends."""
    end = len(text) - 1 if text.endswith("\n") else len(text)
    return end - 1 if text[:end].endswith("\r") else end


def remove_lines(document: Document, start: int, end: int, *, tidy: bool = False) -> Splice:
    """Remove whole lines; of two empty lines that would meet, one goes as well."""
    text = document.text
    above = line_start(text, start - 1) if start else 0
    blank_above = not start or not text[above:start].strip()
    below = next_line(text, end)
    if end == len(text):
        while tidy and start and not text[line_start(text, start - 1) : start].strip():
            start = line_start(text, start - 1)
        if not text.endswith("\n"):
            # The file has no line break at its end, and keeps it so.
            return document.splice(_close(text[:start]), end, "")
    elif tidy and blank_above and not text[end:below].strip():
        end = below
    return document.splice(start, end, "")


_MAX_GAP = 4


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
