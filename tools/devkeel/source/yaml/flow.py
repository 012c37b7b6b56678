"""Collections between brackets: where an element goes in, and what goes with one that is taken out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from devkeel.source.yaml.layout import column, is_first, line_end, line_start, next_line

if TYPE_CHECKING:
    from devkeel.source.splice import Splice
    from devkeel.source.yaml.document import Document, Item

__all__ = ["insert", "take_out"]

_SKIPPED = re.compile(r"(?:\s+|#[^\n]*)*")


def _spans(item: Item) -> list[tuple[int, int]]:
    if item.kind == "map":
        return [(entry.key.start, entry.end) for entry in item.entries]
    return [(child.start, child.end) for child in item.items]


def _comma(text: str, start: int) -> int:
    """Return the offset of the comma that comes next, -1 when something else does."""
    match = _SKIPPED.match(text, start)
    at = match.end() if match else start
    return at if text[at : at + 1] == "," else -1


def insert(document: Document, item: Item, texts: list[str]) -> list[Splice]:
    """Return the splices that put elements behind the last one, on lines of their own where the others are."""
    text, spans, close = document.text, _spans(item), item.end - 1
    joined = ", ".join(texts)
    if not spans:
        inside = text[item.opening : close]
        if "#" not in inside:
            pad = " " if inside and "\n" not in inside else ""
            return [document.splice(item.opening, close, f"{pad}{joined}{pad}")]
        remark = re.search(r"^[ ]*#", inside, re.MULTILINE)
        if is_first(text, close) and remark is not None:
            at, lines = line_start(text, close), [" " * (len(remark[0]) - 1) + row for row in texts]
            return [document.splice(at, at, f",{document.newline}".join(lines) + document.newline)]
        raise document.refuse("unsupported_style", "There are only comments between the brackets.", item.start)
    start, end = spans[-1]
    comma = _comma(text, end)
    if not is_first(text, start) or "\n" not in text[end:close]:
        if comma >= 0:
            return [document.splice(comma + 1, comma + 1, f" {joined},")]
        return [document.splice(end, end, f", {joined}")]
    lead = document.newline + " " * column(text, start)
    rows = f",{lead}".join(texts)
    if comma >= 0:
        at = line_end(text, comma)
        return [document.splice(at, at, f"{lead}{rows},")]
    at = line_end(text, end)
    return [document.splice(end, end, ","), document.splice(at, at, f"{lead}{rows}")]


def take_out(document: Document, item: Item, index: int) -> list[Splice]:
    """Return the splices that remove an element with its comma, and with its line where it has one."""
    text, spans = document.text, _spans(item)
    start, end = spans[index]
    comma = _comma(text, end)
    stop = comma + 1 if comma >= 0 else end
    last = index == len(spans) - 1
    alone = is_first(text, start) and not text[stop : line_end(text, stop)].partition("#")[0].strip()
    if alone and line_start(text, start) > item.opening and next_line(text, stop) <= item.end:
        splices = [document.splice(line_start(text, start), next_line(text, stop), "")]
        before = _comma(text, spans[index - 1][1]) if last and index else -1
        if before >= 0 and comma < 0:
            splices.append(document.splice(before, before + 1, ""))
        return splices
    if len(spans) == 1:
        whole = "#" not in text[item.opening : start] + text[end : item.end]
        first, second = (item.opening, item.end - 1) if whole else (start, stop)
    else:
        first, second = (spans[index - 1][1], end) if last else (start, spans[index + 1][0])
        gap = text[first:start] + text[end:second]
        if "#" in gap:
            raise document.refuse("unsupported_style", "There is a comment between this and its neighbour.", start)
    return [document.splice(first, second, "")]
