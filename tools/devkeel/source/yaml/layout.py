"""Lines, indents and the comments that belong to an entry."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

from devkeel.source.yaml.scalars import resolve

if TYPE_CHECKING:
    from devkeel.source.yaml.document import Document, Entry, Item

__all__ = [
    "after_block",
    "column",
    "is_first",
    "key_style",
    "leading",
    "line_end",
    "line_start",
    "list_offset",
    "next_line",
    "quote_style",
    "separated",
    "step",
    "string_style",
]

_COMMENT = re.compile(r"[ \t]*#")
# Comments at the top of a file for editors, licences and schemas are about the file.
_ABOUT_THE_FILE = re.compile(r"yaml-language-server|\$schema|SPDX|Copyright|vim?:|-\*-|^\s*#!", re.MULTILINE)


def line_start(text: str, offset: int) -> int:
    """Return where the line of an offset begins."""
    return text.rfind("\n", 0, offset) + 1


def line_end(text: str, offset: int) -> int:
    """Return where the line of an offset ends, before its line break."""
    end = text.find("\n", offset)
    if end < 0:
        return len(text)
    return end - 1 if end > offset and text[end - 1] == "\r" else end


def next_line(text: str, offset: int) -> int:
    """Return where the next line begins; the end of the text when there is none."""
    end = text.find("\n", offset)
    return len(text) if end < 0 else end + 1


def column(text: str, offset: int) -> int:
    """Return how far an offset is into its line."""
    return offset - line_start(text, offset)


def is_first(text: str, offset: int) -> bool:
    """Return whether only spaces are before an offset on its line."""
    return not text[line_start(text, offset) : offset].strip(" ")


def _is_comment(text: str, start: int) -> bool:
    return _COMMENT.match(text, start) is not None


def after_block(text: str, end: int, indent: int) -> int:
    """Return the end of the line on which something ends, or of the comments below that are deeper than an indent."""
    at = line_end(text, end)
    while (start := next_line(text, at)) < len(text) and _is_comment(text, start):
        comment = text.index("#", start)
        if comment - start <= indent:
            break
        at = line_end(text, comment)
    return at


def separated(text: str, starts: list[int]) -> bool:
    """Return whether an empty line stands between all neighbours of several."""
    pairs = itertools.pairwise(starts)
    return len(starts) > 1 and all(re.search(r"\n[ \t]*\r?\n", text[first:second]) for first, second in pairs)


def leading(document: Document, entry: Entry) -> int:
    """Return where an entry begins with the comment above it that belongs to it.

    A comment at the top of the file is the file's, and one above several entries is theirs, unless it names the key.
    """
    text, start = document.text, line_start(document.text, entry.key.start)
    top, indent = start, entry.key.start - start
    while top > 0 and (above := line_start(text, top - 1)) < top and _is_comment(text, above):
        if text.index("#", above) - above != indent:
            break
        top = above
    comment = text[top:start]
    if not comment or re.search(rf"(?<![\w-]){re.escape(entry.key.value)}(?![\w-])", comment, re.IGNORECASE):
        return start if _ABOUT_THE_FILE.search(comment) else top
    at_top = not text[:top].strip().removeprefix("---")
    return start if at_top or _shares_comment(document, entry) else top


def _shares_comment(document: Document, entry: Entry) -> bool:
    """Return whether the next entry follows at once, without a comment of its own."""
    following = next_line(document.text, entry.end)
    return any(line_start(document.text, other.key.start) == following for other in entry.owner.entries)


def step(document: Document) -> int:
    """Return how much deeper a nested mapping stands in this file; 2 where it has none."""
    for item in document.walk():
        for entry in item.entries:
            value = entry.value
            if value.block and value.kind == "map" and value.entries and item.block:
                deeper = column(document.text, value.entries[0].key.start) - column(document.text, entry.key.start)
                if deeper > 0:
                    return deeper
    return 2


def list_offset(document: Document) -> int:
    """Return how much deeper than its key the file writes a list; as a mapping where it has none."""
    for item in document.walk():
        for entry in item.entries:
            if entry.value.block and entry.value.kind == "list" and not entry.value.anchor and not entry.value.tag:
                deeper = column(document.text, entry.value.start) - column(document.text, entry.key.start)
                return max(deeper, 0)
    return step(document)


def _strings(document: Document) -> list[Item]:
    scalars = [item for item in document.walk() if item.kind == "scalar" and item.style not in {"|", ">"}]
    return [item for item in scalars if item.style or isinstance(resolve(item.value), str)]


def quote_style(document: Document) -> str:
    """Return the quotes that the file uses where it needs some."""
    return next((item.style for item in _strings(document) if item.style), '"')


def string_style(document: Document) -> str | None:
    """Return the quotes that the file puts round every string, or None."""
    strings = _strings(document)
    return quote_style(document) if strings and all(item.style for item in strings) else None


def key_style(owner: Item | None) -> str | None:
    """Return the quotes that a mapping puts round every key, or None."""
    styles = {entry.key.style for entry in owner.entries} if owner else set()
    return styles.pop() if len(styles) == 1 else None
