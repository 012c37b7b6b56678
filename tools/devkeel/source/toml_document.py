"""A TOML file: its text, what it says by TOML 1.0 or 1.1, and where things stand in it."""

from __future__ import annotations

import re
import tomllib
from functools import cached_property
from typing import Any

from msgspec import Struct

from devkeel.errors import DevkeelError, Place, Refused
from devkeel.source.plain_data import decode, position
from devkeel.source.toml_layout import Layout, as_of_1_0, layout_of
from devkeel.text.actions import do

__all__ = ["Document", "loads"]

_ANY_PLACE = re.compile(r" \(at [^)]*\)")
_PLACE = re.compile(r" \(at line (\d+), column (\d+)\)")


class Document(Struct, frozen=True, dict=True):
    """A TOML file. data: its bytes. name: what errors call it."""

    data: bytes
    name: str = "pyproject.toml"

    @cached_property
    def _decoded(self) -> tuple[int, str]:
        return decode(self.data, self.name)

    @property
    def mark(self) -> int:
        """How many bytes the byte order mark has."""
        return self._decoded[0]

    @property
    def text(self) -> str:
        """The text without its byte order mark."""
        return self._decoded[1]

    @cached_property
    def model(self) -> dict[str, Any]:
        """What the file says, as tomllib reads it. Raises Refused `syntax_error`."""
        try:
            # tomllib reads TOML 1.0 (PEP 680).
            return tomllib.loads(self.text)
        except (ValueError, RecursionError) as error:
            return self._newer_model(error)

    @cached_property
    def layout(self) -> Layout:
        """Where comments and arrays stand."""
        return layout_of(self.text)

    def _newer_model(self, error: Exception) -> dict[str, Any]:
        """Read the file as TOML 1.1. error: what TOML 1.0 has against it."""
        found = self.layout
        if not found.newer:
            place = _PLACE.search(str(error))
            raise self._broken(error, tuple(map(int, place.groups())) if place else ()) from error
        text, places = as_of_1_0(self.text, found)
        try:
            return tomllib.loads(text)
        except (ValueError, RecursionError) as other:
            place = _PLACE.search(str(other))
            raise self._broken(other, _original(self.text, text, places, place) if place else ()) from other

    def _broken(self, error: Exception, place: tuple[int, ...]) -> Refused:
        return Refused(
            "syntax_error",
            f"The file does not parse: {_ANY_PLACE.sub('', str(error)).partition(chr(10))[0]}.",
            place=Place(self.name, *place),
            remedy=f"Repair the syntax with {do('patch')}, then repeat the edit.",
        )

    @cached_property
    def outline(self) -> str:
        """The text with every line of a string blotted out, which could look like a comment or a table."""
        pieces, position = list[str](), 0
        for start, end in self.layout.texts:
            pieces += [self.text[position:start], re.sub(r"[^\r\n]", "x", self.text[start:end])]
            position = end
        return "".join((*pieces, self.text[position:]))

    @property
    def newline(self) -> str:
        """The line ending of the file: that of its first line."""
        return "\r\n" if self.text.partition("\n")[0].endswith("\r") else "\n"

    def offset(self, index: int) -> int:
        """Return the byte offset of an index of the text."""
        return self.mark + len(self.text[:index].encode())

    def place(self, *path: str | int) -> Place:
        """Return where a key or an element of an array stands."""
        array = self.layout.arrays.get(path[:-1])
        index = path[-1] if path else None
        offset = array.items[index].start if array and isinstance(index, int) else self.layout.keys.get(path)
        return Place(self.name) if offset is None else Place(self.name, *position(self.text, offset))

    def refuse(self, code: str, message: str, remedy: str = f"Write this change with {do('patch')}.") -> Refused:
        """Return a refusal."""
        return Refused(code, message, place=Place(self.name), remedy=remedy)

    def unproven(self, why: str) -> Refused:
        """Return the refusal of an edit that is not certain."""
        return self.refuse("unproven", f"This edit is not safe in this file: {why}. Nothing was changed.")


def loads(data: bytes) -> dict[str, Any]:
    """Return what TOML 1.0 or 1.1 says, with a byte order mark or without. Raises ValueError."""
    try:
        return Document(data).model
    except DevkeelError as error:
        raise ValueError(error.message) from error


def _original(text: str, older: str, places: list[tuple[int, int]], found: re.Match[str]) -> tuple[int, int]:
    """Return line and column in a text of a place in what TOML 1.0 writes for it. places: see `as_of_1_0`."""
    line, column = map(int, found.groups())
    starts = [0, *(item.end() for item in re.finditer("\n", older))]
    offset = starts[min(line, len(starts)) - 1] + column - 1
    here, there = max(pair for pair in places if pair[0] <= offset)
    return position(text, min(there + offset - here, len(text)))
