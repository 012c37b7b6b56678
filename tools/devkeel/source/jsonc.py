"""A lossless editor of JSON files, also with comments and trailing commas, such as the settings of editors.

    from devkeel.source import jsonc

    edited = jsonc.set(data, ("mcpServers", "devkeel", "command"), "devkeel")
    edited.data, edited.spans

A path is a sequence of keys. An edit is a splice, so that order, comments and layout of everything else stay. The
result is read again: it must say what the old file said, with the edit made on plain data; otherwise
`devkeel.errors.Refused` is raised.
"""

from __future__ import annotations

import copy
import json
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from devkeel.errors import Place, Refused
from devkeel.source.plain_data import Data, decode, dotted, names_of, position, require_data, same
from devkeel.source.splice import Edited, Span, Splice, apply

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Data", "Document", "Edited", "Span", "Splice", "get", "set"]

_TRIVIA = re.compile(r"(?:[ \t\r\n]+|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\.)*+"')
_SCALAR = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null")
# What may follow a value on its line and belongs to it.
_REST_OF_LINE = re.compile(r"[ \t]*(?:/\*(?:(?!\*/)[^\n])*\*/[ \t]*)*(?://[^\n\r]*)?(?=\r?\n)")
_INDENT = re.compile(r"^([ \t]+)\S", re.MULTILINE)
_MAX_DEPTH = 64


@dataclass(frozen=True)
class _Node:
    """A value: where it is in the text, what it says, and the values of an object's keys in their order.

    comma: the index behind a comma that follows the last of them.
    """

    start: int
    end: int
    value: Any
    members: dict[str, _Node] = field(default_factory=dict)
    comma: int | None = None


@dataclass(frozen=True)
class Document:
    """A JSON file. data: its bytes; none but white space is an empty object. name: what errors call it."""

    data: bytes
    name: str = "settings.json"

    @cached_property
    def _decoded(self) -> tuple[int, str]:
        return decode(self.data, self.name)

    @property
    def text(self) -> str:
        """The text without its byte order mark."""
        return self._decoded[1]

    @cached_property
    def root(self) -> _Node:
        """The value of the file. Raises Refused `syntax_error`."""
        return _Reader(self).read()

    @property
    def newline(self) -> str:
        """The line ending of the file: that of its first line."""
        return "\r\n" if self.text.partition("\n")[0].endswith("\r") else "\n"

    @property
    def unit(self) -> str:
        """One step of indentation, as the first indented line has it."""
        found = _INDENT.search(self.text)
        return found[1] if found else "  "

    def offset(self, index: int) -> int:
        """Return the byte offset of an index of the text."""
        return self._decoded[0] + len(self.text[:index].encode())

    def wrong(self, index: int, why: str) -> Refused:
        """Return the refusal of a file that does not parse."""
        place = Place(self.name, *position(self.text, index))
        return Refused("syntax_error", f"The file does not parse: {why}.", place=place, remedy="Repair its syntax.")


@dataclass
class _Reader:
    document: Document
    at: int = 0

    def read(self) -> _Node:
        self._skip()
        if self.at == len(self.document.text):
            return _Node(0, self.at, {})
        found = self._value(0)
        self._skip()
        if self.at != len(self.document.text):
            raise self.document.wrong(self.at, "something follows its value")
        return found

    def _skip(self) -> str:
        match = _TRIVIA.match(self.document.text, self.at)
        self.at = match.end() if match else self.at
        return self.document.text[self.at : self.at + 1]

    def _value(self, depth: int) -> _Node:
        if depth > _MAX_DEPTH:
            raise self.document.wrong(self.at, f"it nests deeper than {_MAX_DEPTH}")
        sign = self._skip()
        if sign == "{":
            return self._object(depth)
        if sign == "[":
            return self._array(depth)
        return self._scalar(_STRING if sign == '"' else _SCALAR)

    def _scalar(self, pattern: re.Pattern[str]) -> _Node:
        match = pattern.match(self.document.text, self.at)
        try:
            value = json.loads(match[0]) if match else None
        except ValueError:
            match = None
        if match is None:
            raise self.document.wrong(self.at, "a value is expected here")
        self.at = match.end()
        return _Node(match.start(), match.end(), value)

    def _array(self, depth: int) -> _Node:
        start, items = self.at, []
        self.at += 1
        while self._skip() != "]":
            items.append(self._value(depth + 1).value)
            self._comma("]")
        self.at += 1
        return _Node(start, self.at, items)

    def _object(self, depth: int) -> _Node:
        start, comma = self.at, None
        members: dict[str, _Node] = {}
        self.at += 1
        while self._skip() != "}":
            key = self._scalar(_STRING).value
            if self._skip() != ":":
                raise self.document.wrong(self.at, "a colon is expected here")
            if key in members:
                raise self.document.wrong(self.at, f"the key {key!r} is there twice")
            self.at += 1
            members[key] = self._value(depth + 1)
            comma = self._comma("}")
        self.at += 1
        return _Node(start, self.at, {key: item.value for key, item in members.items()}, members, comma)

    def _comma(self, closing: str) -> int | None:
        sign = self._skip()
        if sign == ",":
            self.at += 1
            return self.at
        if sign != closing:
            raise self.document.wrong(self.at, f"a comma or {closing} is expected here")
        return None


def get(data: bytes | Document, path: Sequence[str]) -> Any:  # noqa: ANN401  (data)
    """Return the value at a path; KeyError when nothing defines it."""
    node = _open(data).root
    for name in names_of(path):
        node = node.members[name]
    return node.value


def set(data: bytes | Document, path: Sequence[str], value: Data) -> Edited:  # noqa: A001  (as users know it)
    """Set a path to a value, in place or as the last key of its object; missing objects on the way are made.

    Raises Refused `syntax_error`, `would_replace_set` where a value on the way is no object, `unproven`.
    """
    document, names = _open(data), names_of(path)
    require_data(value)
    node, rest = document.root, names
    while rest and rest[0] in node.members:
        node, rest = node.members[rest[0]], rest[1:]
    if not rest and same(node.value, value):
        return Edited(document.data)
    if rest and not isinstance(node.value, dict):
        raise Refused(
            "would_replace_set",
            f"{dotted(names[: -len(rest)]) or 'The file'} is not an object, so that nothing can be set below it.",
            place=Place(document.name, *position(document.text, node.start)),
            remedy="Correct that value first.",
        )
    wanted: Any = value
    for name in reversed(rest[1:]):
        wanted = {name: wanted}
    if not rest:
        splices = [_splice(document, node.start, node.end, _print(document, wanted, node.start))]
    elif not document.text[node.start : node.end].strip():
        text = json.dumps({rest[0]: wanted}, indent=document.unit, ensure_ascii=False)
        splices = [_splice(document, 0, len(document.text), text + "\n")]
    else:
        splices = _insert(document, node, rest[0], wanted)
    return _prove(document, names, value, apply(document.data, splices))


def _insert(document: Document, node: _Node, key: str, value: Any) -> list[Splice]:  # noqa: ANN401  (data)
    """Return the splices that add a member behind the last one of an object."""
    text, newline = document.text, document.newline
    around = _indent_at(text, node.start)
    if not node.members:
        member = f"{json.dumps(key, ensure_ascii=False)}: {_print(document, value, around + document.unit)}"
        inside = f"{newline}{around}{document.unit}{member}{newline}{around}"
        kept = text[node.start + 1 : node.end - 1].rstrip()
        return [_splice(document, node.start + 1 + len(kept), node.end - 1, inside)]
    last = next(reversed(node.members.values()))
    several = "\n" in text[node.start : node.end]
    indent = _indent_at(text, last.start) if several else around
    member = f"{json.dumps(key, ensure_ascii=False)}: {_print(document, value, indent, flat=not several)}"
    behind = node.comma or last.end
    rest = _REST_OF_LINE.match(text, behind)
    at = rest.end() if rest and several else behind
    added = f"{newline}{indent}{member}" if several else f" {member}"
    comma = [] if node.comma else [_splice(document, last.end, last.end, ",")]
    return [*comma, _splice(document, at, at, added + ("," if node.comma else ""))]


def _print(document: Document, value: Any, near: int | str, *, flat: bool = False) -> str:  # noqa: ANN401  (data)
    indent = near if isinstance(near, str) else _indent_at(document.text, near)
    if flat or not isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    inner = indent + document.unit
    rows = [f"{inner}{json.dumps(key)}: {_print(document, item, inner)}" for key, item in value.items()]
    return document.newline.join(["{", f",{document.newline}".join(rows), f"{indent}}}"]) if rows else "{}"


def _indent_at(text: str, index: int) -> str:
    line = text[text.rfind("\n", 0, index) + 1 : index]
    return line[: len(line) - len(line.lstrip(" \t"))]


def _splice(document: Document, start: int, end: int, text: str) -> Splice:
    return Splice(document.offset(start), document.offset(end), text.encode())


def _prove(document: Document, names: Sequence[str], value: Any, edited: Edited) -> Edited:  # noqa: ANN401  (data)
    wanted = copy.deepcopy(document.root.value)
    table = wanted
    for name in names[:-1]:
        table = table.setdefault(name, {})
    table[names[-1]] = value
    if not same(Document(edited.data, document.name).root.value, wanted):
        raise Refused(
            "unproven",
            "This edit is not safe in this file. Nothing was changed.",
            place=Place(document.name),
            remedy="Write this change by hand.",
        )
    return edited


def _open(data: bytes | Document) -> Document:
    return data if isinstance(data, Document) else Document(data)
