"""Text that is safe to show: no control or bidirectional characters, no more than a reader can take."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, TypeAlias

from devkeel.deferred import Deferred
from devkeel.text.clean import clean

if TYPE_CHECKING:
    from collections.abc import Iterable

    from devkeel.text import data as as_plain
else:
    as_plain = Deferred("devkeel.text.data")

__all__ = ["MAX_BYTES", "Json", "cut", "cut_line", "cut_middle", "few", "fit", "plain", "size_of"]

Json: TypeAlias = Any
"""Plain data: what JSON can say. Spelt Any because a recursive type would only be cast away again."""

# Under 8,000 tokens even of figures and hashes, at two bytes a token; prose and code have four. Hosts warn at 10,000
# tokens and cut at 25,000.
MAX_BYTES = 16_000
_LINE = 600
_FEW = 10
_SHORT = 200
_LONG = 2_000
_MARKER = re.compile(r"… \((\d+) more characters\) …")


def size_of(text: str) -> int:
    """Return the bytes of a text in UTF-8."""
    return len(text.encode("utf-8", "replace"))


def cut(text: str, limit: int = MAX_BYTES, *, advice: str = "") -> str:
    """Return text of about `limit` bytes, cut at a line end, with a note of what was cut."""
    if size_of(text) <= limit:
        return text
    fitting = text.encode("utf-8", "replace")[:limit].decode("utf-8", "ignore")
    kept = fitting.rpartition("\n")[0] or fitting
    rest = text[len(kept) :]
    note = f"… cut here: {len(rest)} more characters on {rest.count(chr(10))} more lines."
    return f"{kept}\n{note} {advice}".rstrip()


def cut_middle(text: str, limit: int = MAX_BYTES, *, advice: str = "") -> str:
    """Return text of about `limit` bytes without its middle: what a program wrote ends with what became of it."""
    data = text.encode("utf-8", "replace")
    if len(data) <= limit:
        return text
    head, tail = data[: limit // 3].decode("utf-8", "ignore"), data[-(limit - limit // 3) :].decode("utf-8", "ignore")
    head, tail = head.rpartition("\n")[0] or head, tail.partition("\n")[2] or tail
    rest = text[len(head) : len(text) - len(tail)]
    note = f"… cut here: {len(rest)} more characters on {rest.count(chr(10))} more lines. {advice}".rstrip()
    return f"{head}\n{note}\n{tail}"


def cut_line(line: str, limit: int = _LINE) -> str:
    """Return a line of at most about `limit` characters."""
    return line if len(line) <= limit else f"{line[:limit]}… ({len(line) - limit} more characters)"


def few(lines: Iterable[str]) -> list[str]:
    """Return the first lines, short, and how many more there are."""
    every = list(lines)
    more = [f"… and {len(every) - _FEW} more."] if len(every) > _FEW else []
    return [cut_line(line) for line in every[:_FEW]] + more


def plain(result: object) -> Json:
    """Return a result of the library as plain data."""
    return as_plain.as_data(result)


def fit(data: dict[str, Json], limit: int = MAX_BYTES, *, advice: str = "") -> dict[str, Json]:
    """Return cleaned plain data whose JSON has about `limit` bytes; `cut` names what was shortened."""
    result: dict[str, Json] = _cleaned(data)
    shortened: dict[str, str] = {}
    while _size(result) > limit and (largest := _largest(result)):
        holder, key, path = largest
        whole = holder[key]
        # A note of an earlier round names the count from the start, so keep counting from there.
        if isinstance(whole, list):
            total = int(shortened[path].rpartition(" ")[2]) if path in shortened else len(whole)
            holder[key] = whole[: len(whole) // 2]
            shortened[path] = f"{path}: {len(whole) // 2} shown of {total}"
        else:
            holder[key] = _halved(whole)
            shortened[path] = f"{path}: text shortened"
    return result | {"cut": [*shortened.values(), *([advice] if advice else [])]} if shortened else result


def _halved(text: str) -> str:
    """Return the ends of a text, a quarter of it each, with how much is missing between them."""
    marker = _MARKER.search(text)
    head, gone, tail = (text[: marker.start()], int(marker[1]), text[marker.end() :]) if marker else (text, 0, "")
    if not marker:
        head, tail = text[: len(text) // 2], text[len(text) // 2 :]
    kept = head[: len(head) // 2], tail[len(tail) - len(tail) // 2 :]
    gone += len(head) + len(tail) - len(kept[0]) - len(kept[1])
    return f"{kept[0]}… ({gone} more characters) …{kept[1]}"


def _size(data: Json) -> int:
    return size_of(json.dumps(data, ensure_ascii=False))


def _cleaned(data: Json) -> Json:
    if isinstance(data, str):
        return clean(data)
    if isinstance(data, dict):
        return {clean(str(key)): _cleaned(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [_cleaned(item) for item in data]
    return data


def _largest(data: Json) -> tuple[Json, Json, str] | None:
    """Return the holder, key and path of what to shorten next, or None.

    Long texts go first, so that one of them does not cost a list its other items; then lists, then texts.
    """
    found: list[tuple[int, int, Json, Json, str]] = []
    _collect(data, "", found)
    if not found:
        return None
    _, _, holder, key, path = max(found, key=lambda item: item[:2])
    return holder, key, path


def _collect(data: Json, path: str, found: list[tuple[int, int, Json, Json, str]]) -> None:
    pairs = data.items() if isinstance(data, dict) else enumerate(data)
    for key, value in pairs:
        here = f"{path}.{key}" if path else str(key)
        if isinstance(value, str) and len(value) > _SHORT:
            found.append((2 if len(value) > _LONG else 0, len(value), data, key, here))
        elif isinstance(value, list) and len(value) > 1:
            found.append((1, _size(value), data, key, here))
        if isinstance(value, (dict, list)):
            _collect(value, here, found)
