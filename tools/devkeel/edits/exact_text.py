"""Replacing an exact text: how often it occurs, and why it does not where it almost does."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from devkeel.errors import Place, Refused
from devkeel.source import Edited, Splice, apply
from devkeel.text.actions import argument

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["replace_text"]

_SHOWN = 10
_NEAR = 0.6
# Comparing lines costs time; what is beyond this is not searched for a near one.
_LINES = 5_000


def replace_text(name: str, data: bytes, wanted: str, replacement: str, occurrences: int) -> Edited:
    """Replace a text that occurs as often as said. Raises Refused `text_not_found` or `text_not_unique`."""
    old, new = (text.encode("utf-8", "surrogatepass") for text in (wanted, replacement))
    found, start = list[int](), data.find(old)
    while start >= 0:
        found.append(start)
        start = data.find(old, start + len(old))
    if not found:
        raise _not_found(wanted, name, data)
    if len(found) != occurrences:
        raise _not_unique(wanted, name, data, found, occurrences)
    return apply(data, [Splice(at, at + len(old), new) for at in found])


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _not_unique(wanted: str, name: str, data: bytes, found: list[int], occurrences: int) -> Refused:
    lines = [data.count(b"\n", 0, at) + 1 for at in found]
    shown = ", ".join(map(str, lines[:_SHOWN])) + (", …" if len(lines) > _SHOWN else "")
    return Refused(
        "text_not_unique",
        f"The text occurs {_times(len(found))} in {name} (line {shown}), not {_times(occurrences)}.",
        place=Place(name, lines[0]),
        seen=wanted[:200],
        remedy="Give more of the text around the one that you mean, or "
        f"{argument('occurrences', len(found))} to replace all.",
        details={"lines": lines[:100]},
    )


def _not_found(wanted: str, name: str, data: bytes) -> Refused:
    text = data.decode("utf-8", "replace")
    at, why = _almost(wanted, text)
    near = None
    if at is None:
        at, near = _nearest(wanted, text)
        why = f"the nearest is line {at}" if at else ""
    details = {"nearest": near} if near else {}
    return Refused(
        "text_not_found",
        f"The text does not occur in {name}{f': {why}' if why else ''}.",
        place=Place(name, at),
        seen=wanted[:200],
        remedy="Read the file again and give the exact text, white space included, with enough around it.",
        details=details,
    )


# What a text may differ in and still be meant, the smallest difference first; lines compare without it.
_DIFFERENCES: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("there the lines end with CR LF", lambda line: line.removesuffix("\r")),
    ("there the white space at the end of a line differs", str.rstrip),
    ("there the tabs, spaces or indents differ", lambda line: " ".join(line.split())),
)


def _almost(old: str, text: str) -> tuple[int | None, str]:
    """Return the line where the text occurs but for white space, and what the difference is."""
    for why, plain in _DIFFERENCES:
        wanted = [plain(line) for line in old.split("\n")]
        lines = [plain(line) for line in text.split("\n")[:_LINES]]
        for at in range(len(lines) - len(wanted) + 1):
            if any(wanted) and _fits(wanted, lines[at : at + len(wanted)]):
                return at + 1, f"it does on line {at + 1}, but {why}"
    return None, ""


def _fits(wanted: list[str], lines: list[str]) -> bool:
    if len(wanted) == 1:
        return wanted[0] in lines[0]
    whole = wanted[1:-1] == lines[1:-1]
    return whole and lines[0].endswith(wanted[0]) and lines[-1].startswith(wanted[-1])


def _nearest(old: str, text: str) -> tuple[int | None, str | None]:
    first = next((line.strip() for line in old.split("\n") if line.strip()), "")
    lines = text.split("\n")[:_LINES]
    stripped = [line.strip() for line in lines]
    close = difflib.get_close_matches(first, {*stripped} - {""}, 1, _NEAR)
    return (stripped.index(close[0]) + 1, lines[stripped.index(close[0])][:200]) if close else (None, None)
