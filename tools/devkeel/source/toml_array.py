"""Put an element into an array of TOML, or take one out, in the style of the array: its lines, commas and remarks.

A remark behind an element is about it, and goes with it. A comment on lines of its own stays, as uv keeps it: it may be
the heading of all that follows. New text goes directly behind the element before it, so that a comment above the
next one stays where it is; behind the last element it goes to the end, below comments.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from devkeel.source.toml_layout import Array, TomlItem

__all__ = ["Change", "insertion", "removal"]

Change = tuple[int, int, str]
_BLANK = re.compile(r"[ \t]*")
_REST = re.compile(r"[ \t]*(?:#[^\r\n]*)?")
_EMPTY = re.compile(r"[ \t]*\r?\n")
_COMMENT_LINE = re.compile(r"[ \t]*#")
_OWN = re.compile(r"\n[ \t]*#")
_INDENT = "    "


def insertion(text: str, array: Array, index: int, value: str, newline: str) -> list[Change]:
    """Return the changes that make a value the element at an index."""
    if not array.items:
        return [_first(text, array, value, newline)]
    if _leading(text, array):
        return [_led(text, array, index, value, newline)]
    if index < len(array.items):
        return [_between(text, array, index, value, newline)]
    return _last(text, array, value, newline)


def removal(text: str, array: Array, index: int) -> list[Change]:
    """Return the changes that take an element out, with its comma and the remark behind it."""
    item, changes = array.items[index], _removal(text, array, index)
    around = ((text[start : min(item.start, end)], text[max(item.end, start) : end]) for start, end, _ in changes)
    if not any(_OWN.search(part) for pair in around for part in pair):
        return changes
    comma = [] if item.comma is None else [(item.comma, item.comma + 1, "")]
    return [(item.start, item.end, ""), *comma]


def _removal(text: str, array: Array, index: int) -> list[Change]:
    item = array.items[index]
    last = index == len(array.items) - 1
    if _leading(text, array) and index == 0 and not last:
        return _led_by_none(text, array)
    before = array.items[index - 1] if index else None
    leads = before is not None and before.comma is not None and _line(text, before.comma) > before.end
    start = before.comma if before is not None and before.comma is not None and leads else item.start
    behind = item.comma + 1 if item.comma is not None and not (leads and not last) else item.end
    change = _cut(text, start, behind, before if last else None)
    if last and item.comma is None and before is not None and before.comma is not None and not leads:
        # Behind the last element a comma may stand: one on a line that stays as it is would be a line of difference.
        same_line = "\n" not in text[before.comma : change[0]]
        return [*([(before.comma, before.comma + 1, "")] if same_line else []), change]
    return [change]


def _cut(text: str, start: int, behind: int, before: TomlItem | None) -> Change:
    """Take out an element with its blanks, remark and line. before: the element before, where this is the last."""
    end = _end_of(text, behind)
    ends_line = end < len(text) and text[end] in "\r\n"
    if ends_line and not text[_line(text, start) : start].strip():
        return _line(text, start), _past_blank(text, _line(text, start), text.index("\n", end) + 1), ""
    if text[behind:end].strip() or ends_line:
        # Nothing of the array follows on the line, so what does is the element's remark.
        return _trimmed(text, start), end, ""
    if before is not None:
        return _since(text, before, start), behind, ""
    return start, _skip(text, behind), ""


def _past_blank(text: str, start: int, end: int) -> int:
    """Return an end behind the blank line there, where one stands above too: two would be left of one."""
    above, below = text[_line(text, start - 1) : start], _EMPTY.match(text, end)
    return below.end() if below and not above.strip() else end


def _first(text: str, array: Array, value: str, newline: str) -> Change:
    """Fill an array that has no element, but maybe comments."""
    inner = text[array.start + 1 : array.end - 1]
    if "\n" not in inner:
        return array.start + 1, array.end - 1, value
    line = _line(text, array.end - 1)
    comments = [item for item in inner.splitlines()[1:] if _COMMENT_LINE.match(item)]
    closing = text[line : array.end - 1]
    indent = _indent(comments[-1]) if comments else closing + _INDENT
    if closing.strip():
        # The bracket stands behind something on its line, which only a comment in front of it could be.
        return array.end - 1, array.end - 1, f"{indent}{value},{newline}"
    return line, line, f"{indent}{value},{newline}"


def _led(text: str, array: Array, index: int, value: str, newline: str) -> Change:
    """Insert among lines that begin with their comma."""
    first = array.items[0]
    assert first.comma is not None  # noqa: S101  (`_leading` has seen it)
    comma = text[_line(text, first.comma) : array.items[1].start]
    if index == 0:
        return first.start, first.start, f"{value}{newline}{comma}"
    before = array.items[index - 1]
    end = _end_of(text, before.end)
    return end, end, f"{newline}{comma}{value}"


def _led_by_none(text: str, array: Array) -> list[Change]:
    """Take the first element out, and the comma that leads the second one."""
    first, second = array.items[:2]
    assert first.comma is not None  # noqa: S101  (`_leading` has seen it)
    gap = " " * (second.start - first.comma)
    end = _end_of(text, first.end)
    if text[_line(text, first.start) : first.start].strip():
        return [(_trimmed(text, first.start), end, ""), (first.comma, second.start, gap)]
    return [(_line(text, first.start), text.index("\n", end) + 1, ""), (first.comma, second.start, gap)]


def _between(text: str, array: Array, index: int, value: str, newline: str) -> Change:
    """Insert before an element, at the end of the line of the one before where each has its own."""
    item, place = array.items[index], _behind(array.items[index - 1]) if index else array.start + 1
    line, end = _line(text, item.start), _end_of(text, place)
    if line <= end or text[line : item.start].strip():
        return item.start, item.start, f"{value}, "
    return end, end, f"{newline}{text[line : item.start]}{value},"


def _last(text: str, array: Array, value: str, newline: str) -> list[Change]:
    item = array.items[-1]
    line = _line(text, array.end - 1)
    own = not text[line : array.end - 1].strip() and line > item.end
    comma = [] if item.comma is not None else [(item.end, item.end, ",")]
    if not own:
        # The bracket closes on the line of the last element.
        trailing = "," if item.comma is not None else ""
        first = _line(text, item.start)
        if first > array.start and not text[first : item.start].strip():
            return [*comma, (_behind(item), _behind(item), f"{newline}{text[first : item.start]}{value}{trailing}")]
        gap = " " if item.comma is not None else ", "
        return [(_behind(item), _behind(item), f"{gap}{value}{trailing}")]
    trailing = "," if item.comma is not None else ""
    return [*comma, (line, line, f"{_indent_of(text, array)}{value}{trailing}{newline}")]


def _indent_of(text: str, array: Array) -> str:
    """Return how the elements of an array are indented, the last of those that begin a line."""
    for item in reversed(array.items):
        line = _line(text, item.start)
        if line > array.start and not text[line : item.start].strip():
            return text[line : item.start]
    return text[_line(text, array.end - 1) : array.end - 1] + _INDENT


def _leading(text: str, array: Array) -> bool:
    """Return whether the lines of an array begin with their comma."""
    commas = [item.comma for item in array.items[:-1]]
    return bool(commas) and all(
        comma is not None
        and item.end < _line(text, comma) == _line(text, following.start)
        and not text[_line(text, comma) : comma].strip()
        for (item, following), comma in zip(pairwise(array.items), commas, strict=True)
    )


def _behind(item: TomlItem) -> int:
    return item.end if item.comma is None else item.comma + 1


def _line(text: str, offset: int) -> int:
    return text.rfind("\n", 0, offset) + 1


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" \t"))]


def _skip(text: str, position: int) -> int:
    found = _BLANK.match(text, position)
    return found.end() if found else position


def _end_of(text: str, position: int) -> int:
    """Return the end of blanks and a remark behind a place."""
    found = _REST.match(text, position)
    end = found.end() if found else position
    return end if end == len(text) or text[end] in "\r\n" else position


def _trimmed(text: str, start: int) -> int:
    """Return a start without the blanks before it."""
    return len(text[:start].rstrip(" \t"))


def _since(text: str, before: TomlItem, start: int) -> int:
    """Return a start without the blanks and line breaks that only led to it from the element before."""
    place = _behind(before)
    least = _end_of(text, place)
    if text[least:start].strip():
        return start
    # What stands behind a remark on its line would be part of it.
    return text.index("\n", least) + 1 if text[place:least].strip() else least
