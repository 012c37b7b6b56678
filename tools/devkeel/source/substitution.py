"""Exchange one string of a text for another, or take it out, where exactly one place makes the file say so.

For lists of TOML and JSON whose editors would rewrite the list: every place where the string stands is tried, and the
one whose result is the wanted value is the one that was meant.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from devkeel.source.splice import Edited, Splice, apply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["exchange"]

_BLANK = re.compile(r"[ \t]*")
_REMARK = re.compile(r"[ \t]*(?:#[^\r\n]*)?(?=\r?\n|$)")


def exchange(
    data: bytes,
    old: str,
    new: str | None,
    wanted: object,
    read: Callable[[bytes], Any],
) -> Edited | None:
    """Return the edit after which `read` says `wanted`; None where no place, or more than one, makes it so.

    new: the string to write instead; None takes the element out, with the remark behind it.
    """
    text = data.decode()
    for start, end, quote in _places(text, old):
        for left, right in _spans(text, start, end) if new is None else [(start, end)]:
            written = "" if new is None else _quoted(new, quote)
            first, last = len(text[:left].encode()), len(text[:right].encode())
            edited = apply(data, [Splice(first, last, written.encode())])
            try:
                if read(edited.data) == wanted:
                    return edited
            except ValueError:
                continue
    return None


def _places(text: str, value: str) -> Iterator[tuple[int, int, str]]:
    for quote in ('"', "'"):
        source = _quoted(value, quote)
        start = text.find(source)
        while start >= 0:
            yield start, start + len(source), quote
            start = text.find(source, start + 1)


def _quoted(value: str, quote: str) -> str:
    if quote == "'" and "'" not in value and value.isprintable():
        return f"'{value}'"
    return json.dumps(value, ensure_ascii=False)


def _spans(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield what goes with an element: its line, or the comma behind it, or the one before it."""
    behind = _skip(text, end)
    comma = behind < len(text) and text[behind] == ","
    after = behind + 1 if comma else end
    line = text.rfind("\n", 0, start) + 1
    remark = _REMARK.match(text, after)
    if not text[line:start].strip() and remark and remark.end() < len(text):
        yield line, text.index("\n", remark.end()) + 1
    if comma:
        yield start, _skip(text, after)
    before = len(text[:start].rstrip())
    if text[before - 1 : before] == ",":
        yield before - 1, end
    yield start, end


def _skip(text: str, position: int) -> int:
    found = _BLANK.match(text, position)
    return found.end() if found else position
