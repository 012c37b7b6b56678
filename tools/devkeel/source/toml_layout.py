"""Where the comments, arrays and their elements of a TOML text stand, and what of it only TOML 1.1 has.

The layout is read from a text that tomllib judges too: what is no TOML at all may get a layout, never a model.
"""

from __future__ import annotations

import re
import tomllib
from contextlib import suppress

from msgspec import Struct, field

__all__ = ["Array", "Layout", "TomlItem", "as_of_1_0", "layout_of"]

_BLANK = re.compile(r"[ \t]*")
_COMMENT = re.compile(r"#[^\r\n]*")
_NEWLINE = re.compile(r"\r?\n")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_BARE = re.compile(r"[^,\]}#\r\n]+")
# TOML 1.1 leaves the seconds of a time optional.
_SHORT_TIME = re.compile(r"(?P<time>(?:\d{4}-\d\d-\d\d[Tt ])?\d\d:\d\d)(?:[Zz]|[+-]\d\d:\d\d)?")
_NEW_ESCAPE = re.compile(r"\\(?:e|x(?P<code>[0-9A-Fa-f]{2}))")
_ENDS = {
    '"': re.compile(r'(?:[^"\\\n]|\\.)*"'),
    "'": re.compile(r"[^'\n]*'"),
    # One or two quotes may stand before the three that end a text.
    '"""': re.compile(r'(?:[^"\\]|\\.|"{1,2}(?!"))*"{3,5}', re.DOTALL),
    "'''": re.compile(r"(?:[^']|'{1,2}(?!'))*'{3,5}"),
}

_Path = tuple[str | int, ...]


class TomlItem(Struct, frozen=True):
    """An element of an array: where its value stands, and the comma behind it."""

    start: int
    end: int
    comma: int | None = None


class Array(Struct, frozen=True):
    """An array from its bracket to behind the other one."""

    start: int
    end: int
    items: tuple[TomlItem, ...]


class Layout(Struct):
    """Places in a text: comments, keys, values, arrays by path (an index where an array is on the way), and TOML 1.1.

    keys: where each is first named, by a header too. values: of keys, from start to end. texts: strings of several
    lines. newer: what TOML 1.0 does not have, with the text that says the same there. whole: whether all of the text
    was read, which ends where it is no TOML.
    """

    comments: list[tuple[int, int]] = field(default_factory=list)
    keys: dict[_Path, int] = field(default_factory=dict)
    values: dict[_Path, tuple[int, int]] = field(default_factory=dict)
    texts: list[tuple[int, int]] = field(default_factory=list)
    arrays: dict[_Path, Array] = field(default_factory=dict)
    newer: list[tuple[int, int, str]] = field(default_factory=list)
    whole: bool = False


def layout_of(text: str) -> Layout:
    """Return the layout of a text without a byte order mark."""
    reader = _Reader(text)
    with suppress(ValueError, RecursionError):
        reader.document()
        reader.layout.whole = True
    return reader.layout


def as_of_1_0(text: str, layout: Layout) -> tuple[str, list[tuple[int, int]]]:
    """Return the text as TOML 1.0 writes it, and pairs of offsets, in it and in the given one, that belong together."""
    pieces, places, position, length = list[str](), [(0, 0)], 0, 0
    for start, end, older in sorted(layout.newer):
        pieces += [text[position:start], older]
        length += start - position + len(older)
        position = end
        places.append((length, end))
    return "".join((*pieces, text[position:])), places


class _Reader:
    """Reads a text from its start; `at` is where it is."""

    def __init__(self, text: str) -> None:
        self.text, self.at, self.layout = text, 0, Layout()
        self._tables: dict[_Path, int] = {}

    def document(self) -> None:
        table: _Path = ()
        while True:
            self._space(newer=False)
            if self.at >= len(self.text):
                return
            if self.text[self.at] == "[":
                table = self._header()
            else:
                self._pair(table)

    def _header(self) -> _Path:
        start = self.at
        many = self.text.startswith("[[", self.at)
        self.at += 1 + many
        names = self._key()
        self._expect("]" * (1 + many))
        path: _Path = ()
        for index, name in enumerate(names):
            path = (*path, name)
            if many and index == len(names) - 1:
                self._tables[path] = self._tables.get(path, 0) + 1
            if path in self._tables:
                path = (*path, self._tables[path] - 1)
        self.layout.keys.setdefault(path, start)
        return path

    def _pair(self, table: _Path) -> None:
        start = self.at
        path = (*table, *self._key())
        self.layout.keys.setdefault(path, start)
        self._expect("=")
        self._blank()
        first = self.at
        self._value(path)
        self.layout.values.setdefault(path, (first, self.at))

    def _key(self) -> list[str]:
        names = list[str]()
        while True:
            self._blank()
            quote = self.text[self.at : self.at + 1]
            if quote in {'"', "'"}:
                start = self.at
                self._string()
                names.append(tomllib.loads(f"k = {self._older(start)}")["k"])
            else:
                names.append(self._take(_BARE_KEY))
            self._blank()
            if not self.text.startswith(".", self.at):
                return names
            self.at += 1

    def _older(self, start: int) -> str:
        """Return a string that has just been read as TOML 1.0 writes it."""
        return _NEW_ESCAPE.sub(lambda found: f"\\u00{found['code'] or '1b'}", self.text[start : self.at])

    def _value(self, path: _Path) -> None:
        first = self.text[self.at : self.at + 1]
        if first in {'"', "'"}:
            self._string()
        elif first == "[":
            self._array(path)
        elif first == "{":
            self._inline(path)
        else:
            start = self.at
            bare = self._take(_BARE).rstrip(" \t")
            self.at = start + len(bare)
            time = _SHORT_TIME.fullmatch(bare)
            if time:
                after = start + time.end("time")
                self.layout.newer.append((after, after, ":00"))

    def _string(self) -> None:
        quote, start = self.text[self.at], self.at
        # Two quotes with no third behind them are the empty text.
        opening = quote * 3 if self.text.startswith(quote * 3, self.at) else quote
        self.at += len(opening)
        self._take(_ENDS[opening])
        if len(opening) > 1:
            self.layout.texts.append((start, self.at))
        if quote == '"' and "\\" in self.text[start : self.at]:
            self._escapes(start)

    def _escapes(self, start: int) -> None:
        position = self.text.find("\\", start, self.at)
        while position >= 0:
            found = _NEW_ESCAPE.match(self.text, position, self.at)
            if found:
                self.layout.newer.append((position, found.end(), f"\\u00{found['code'] or '1b'}"))
            position = self.text.find("\\", position + 2, self.at)

    def _array(self, path: _Path) -> None:
        start, items = self.at, list[TomlItem]()
        self.at += 1
        while True:
            self._space(newer=False)
            if self.text.startswith("]", self.at):
                self.at += 1
                break
            if items and items[-1].comma is None:
                raise ValueError("no comma between two elements")
            first = self.at
            self._value((*path, len(items)))
            last = self.at
            self._space(newer=False)
            comma = self.at if self.text.startswith(",", self.at) else None
            self.at += comma is not None
            items.append(TomlItem(first, last, comma))
        self.layout.arrays[path] = Array(start, self.at, tuple(items))

    def _inline(self, path: _Path) -> None:
        self.at += 1
        comma = None
        while True:
            self._space(newer=True)
            if self.text.startswith("}", self.at):
                break
            self._pair(path)
            self._space(newer=True)
            comma = None
            if not self.text.startswith(",", self.at):
                break
            comma = self.at
            self.at += 1
        self._expect("}")
        if comma is not None:
            self.layout.newer.append((comma, comma + 1, ""))

    def _space(self, *, newer: bool) -> None:
        """Go over blanks, lines and comments. newer: whether TOML 1.0 allows no line break here."""
        while True:
            self._blank()
            start = self.at
            if found := _COMMENT.match(self.text, start):
                self.layout.comments.append(found.span())
            else:
                found = _NEWLINE.match(self.text, start)
            if found is None:
                return
            self.at = found.end()
            if newer:
                self.layout.newer.append((start, self.at, " "))

    def _blank(self) -> None:
        self._take(_BLANK)

    def _expect(self, mark: str) -> None:
        self._blank()
        if not self.text.startswith(mark, self.at):
            raise ValueError(f"no {mark} at offset {self.at}")
        self.at += len(mark)

    def _take(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self.text, self.at)
        if found is None:
            raise ValueError(f"no TOML at offset {self.at}")
        self.at = found.end()
        return found[0]
