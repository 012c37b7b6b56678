"""A lossless editor of JSON files, also with comments and trailing commas, such as the settings of editors.

    from devkeel.source import jsonc

    edited = jsonc.set(data, ("mcpServers", "devkeel", "command"), "devkeel")
    edited.data, edited.spans
    jsonc.unset(data, ("mcpServers", "devkeel"))

A path is a sequence of keys. An edit is a splice, so that order, comments and layout of everything else stay. The
result is read again: it must say what the old file said, with the edit made on plain data; otherwise
`devkeel.errors.Refused` is raised.
"""

from __future__ import annotations

import copy
import json
import re
from functools import cached_property
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from msgspec.structs import replace

from devkeel.errors import Place, Refused
from devkeel.source.plain_data import Data, decode, dotted, names_of, position, require_data, same
from devkeel.source.splice import Edited, Span, Splice, apply

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["Data", "Document", "Edited", "Span", "Splice", "append_element", "get", "remove_element", "set", "unset"]

# RFC 8259, section 2: these four are white space, and no other of Unicode's; comments are of editors' settings.
_TRIVIA = re.compile(r"(?:[ \t\r\n]+|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
# RFC 8259, section 7: a control character up to U+001F stands in no string unescaped.
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\.)*+"')
# RFC 8259, section 6: no leading zero, no plus, digits behind a point. Python's json also takes NaN and Infinity.
_SCALAR = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null")
# What may follow a value on its line and belongs to it.
_REST_OF_LINE = re.compile(r"[ \t]*(?:/\*(?:(?!\*/)[^\n])*\*/[ \t]*)*(?://[^\n\r]*)?(?=\r?\n)")
_COMMA = re.compile(r"[ \t\r\n]*,")
_INDENT = re.compile(r"^([ \t]+)\S", re.MULTILINE)
_MAX_DEPTH = 64


class _Node(Struct, frozen=True):
    """A value: where it is in the text, what it says, and the values of an object's keys in their order.

    comma: the index behind a comma that follows the last of them. key: where its own key starts, where it has one.
    items: the values of an array.
    """

    start: int
    end: int
    value: Any
    members: dict[str, _Node] = field(default_factory=dict)
    comma: int | None = None
    key: int = 0
    items: list[_Node] = field(default_factory=list)


class Document(Struct, frozen=True, dict=True):
    """A JSON file. data: its bytes; none but white space is an empty object. name: what errors call it.

    strict: whether comments and trailing commas are errors, as they are to what reads package.json.
    """

    data: bytes
    name: str = "settings.json"
    strict: bool = False

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
        if self.strict:
            try:
                json.loads(self.text)
            except (ValueError, RecursionError) as error:
                raise self.wrong(error.pos if isinstance(error, json.JSONDecodeError) else 0, str(error)) from error
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


class _Reader(Struct):
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
        start, items, comma = self.at, list[_Node](), None
        self.at += 1
        while self._skip() != "]":
            items.append(self._value(depth + 1))
            comma = self._comma("]")
        self.at += 1
        return _Node(start, self.at, [item.value for item in items], comma=comma, items=items)

    def _object(self, depth: int) -> _Node:
        start, comma = self.at, None
        members: dict[str, _Node] = {}
        self.at += 1
        while self._skip() != "}":
            name = self._scalar(_STRING)
            key = name.value
            if self._skip() != ":":
                raise self.document.wrong(self.at, "a colon is expected here")
            if key in members and not self.document.strict:
                raise self.document.wrong(self.at, f"the key {key!r} is there twice")
            # JSON.parse, by which npm reads, takes the last of two (ECMA-262, JSON.parse: the later value overwrites).
            members.pop(key, None)
            self.at += 1
            members[key] = replace(self._value(depth + 1), key=name.start)
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


def set(  # noqa: A001  (as users know it)
    data: bytes | Document, path: Sequence[str], value: Data, *, order: Callable[[str], Any] | None = None
) -> Edited:
    """Set a path to a value, in place or as the last key of its object; missing objects on the way are made.

    order: by what the keys of its object are sorted: where they are, or by their characters, a new one goes among them;
    an object that is made on the way goes last. Raises Refused `syntax_error`, `would_replace_set` where a value on the
    way is no object, `unproven`.
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
        # RFC 8259, section 8.1: JSON is UTF-8 between programs, so that nothing but what the grammar wants is escaped.
        text = json.dumps({rest[0]: wanted}, indent=document.unit, ensure_ascii=False)
        splices = [_splice(document, 0, len(document.text), text + "\n")]
    else:
        next_key = _next_key(node, rest[0], order) if order and len(rest) == 1 else None
        splices = (
            _insert(document, node, rest[0], wanted)
            if next_key is None
            else [_insert_before(document, node.members[next_key], rest[0], wanted)]
        )
    said = copy.deepcopy(document.root.value)
    table = said
    for name in names[:-1]:
        table = table.setdefault(name, {})
    table[names[-1]] = value
    return _prove(document, said, apply(document.data, splices))


def unset(data: bytes | Document, path: Sequence[str]) -> Edited:
    """Remove a key with its value; KeyError when nothing defines it. Raises Refused `syntax_error`, `unproven`."""
    document, names = _open(data), names_of(path)
    parent = document.root
    for name in names[:-1]:
        parent = parent.members[name]
    if names[-1] not in parent.members:
        raise KeyError(dotted(names))
    spans = [(item.key, item.end) for item in parent.members.values()]
    splices = _take_out(document, spans, [*parent.members].index(names[-1]))
    said = copy.deepcopy(document.root.value)
    table = said
    for name in names[:-1]:
        table = table[name]
    del table[names[-1]]
    return _prove(document, said, apply(document.data, splices))


def append_element(data: bytes | Document, path: Sequence[str], value: Data) -> Edited:
    """Add a value behind the last one of the array at a path, which is made where it is missing.

    Raises Refused `syntax_error`, `would_replace_set` where something else is there, `unproven`.
    """
    document, names = _open(data), names_of(path)
    require_data(value)
    node: _Node | None = document.root
    for name in names:
        node = node.members.get(name) if node is not None else None
    if node is None:
        return set(document, names, [value])
    if not isinstance(node.value, list):
        raise Refused(
            "would_replace_set",
            f"{dotted(names)} is not an array, so that nothing can be added to it.",
            place=Place(document.name, *position(document.text, node.start)),
            remedy="Correct that value first.",
        )
    said = copy.deepcopy(document.root.value)
    held = said
    for name in names:
        held = held[name]
    held.append(value)
    return _prove(document, said, apply(document.data, _insert_last(document, node, "", value)))


def remove_element(data: bytes | Document, path: Sequence[str], value: Data) -> Edited:
    """Remove the first element of a value from the array at a path; KeyError where there is none of it.

    Raises Refused `syntax_error`, `unproven`.
    """
    document, names = _open(data), names_of(path)
    node = document.root
    for name in names:
        node = node.members[name]
    at = next((index for index, item in enumerate(node.items) if same(item.value, value)), None)
    if at is None:
        raise KeyError(dotted(names))
    said = copy.deepcopy(document.root.value)
    held = said
    for name in names:
        held = held[name]
    del held[at]
    splices = _take_out(document, [(item.start, item.end) for item in node.items], at)
    return _prove(document, said, apply(document.data, splices))


def _take_out(document: Document, spans: list[tuple[int, int]], at: int) -> list[Splice]:
    """Return the splices that take one out of the members of an object or the elements of an array, with its comma."""
    text, (first, last) = document.text, spans[at]
    start = len(text[:first].rstrip(" \t\r\n"))
    behind = _COMMA.match(text, last)
    if behind is not None and at == 0 and len(spans) > 1:
        gap = len(text[behind.end() :]) - len(text[behind.end() :].lstrip(" \t\r\n"))
        return [_splice(document, first, behind.end() + gap, "")]
    if behind is not None:
        return [_splice(document, start, behind.end(), "")]
    if at:
        # The comma before it would be one too many.
        comma = text.index(",", _skipped(text, spans[at - 1][1]))
        return [_splice(document, comma, comma + 1, ""), _splice(document, max(start, comma + 1), last, "")]
    alone = text[start - 1] in "{["
    end = len(text) - len(text[last:].lstrip(" \t\r\n")) if alone else last
    return [_splice(document, start, end, "")]


def _skipped(text: str, index: int) -> int:
    match = _TRIVIA.match(text, index)
    return match.end() if match else index


def _next_key(node: _Node, key: str, order: Callable[[str], Any]) -> str | None:
    """Return the key before which another one sorts, None where it is the last or they are not sorted."""
    known = [*node.members]
    for by in (order, str):
        if known == sorted(known, key=by):
            return next((item for item in known if by(item) > by(key)), None)
    return None


def _insert_before(document: Document, node: _Node, key: str, value: Any) -> Splice:  # noqa: ANN401  (data)
    text = document.text
    gap = text[len(text[: node.key].rstrip(" \t\r\n")) : node.key]
    member = f"{json.dumps(key, ensure_ascii=False)}: {_print(document, value, node.key, flat=chr(10) not in gap)}"
    return _splice(document, node.key, node.key, f"{member},{gap or ' '}")


def _insert(document: Document, node: _Node, key: str, value: Any) -> list[Splice]:  # noqa: ANN401  (data)
    """Return the splices that add a member behind the last one of an object."""
    return _insert_last(document, node, f"{json.dumps(key, ensure_ascii=False)}: ", value)


def _insert_last(document: Document, node: _Node, label: str, value: Any) -> list[Splice]:  # noqa: ANN401  (data)
    """Return the splices that add a value, with its key as a label, behind the last one of an object or an array."""
    text, newline = document.text, document.newline
    around = _indent_at(text, node.start)
    held = node.items or [*node.members.values()]
    if not held:
        member = f"{label}{_print(document, value, around + document.unit)}"
        inside = f"{newline}{around}{document.unit}{member}{newline}{around}"
        kept = text[node.start + 1 : node.end - 1].rstrip()
        return [_splice(document, node.start + 1 + len(kept), node.end - 1, inside)]
    last = held[-1]
    several = "\n" in text[node.start : node.end]
    indent = _indent_at(text, last.start) if several else around
    member = f"{label}{_print(document, value, indent, flat=not several)}"
    behind = node.comma or last.end
    rest = _REST_OF_LINE.match(text, behind)
    at = rest.end() if rest and several else behind
    added = f"{newline}{indent}{member}" if several else f" {member}"
    comma = [] if node.comma else [_splice(document, last.end, last.end, ",")]
    return [*comma, _splice(document, at, at, added + ("," if node.comma else ""))]


def _print(document: Document, value: Any, near: int | str, *, flat: bool = False) -> str:  # noqa: ANN401  (data)
    indent = near if isinstance(near, str) else _indent_at(document.text, near)
    inner = indent + document.unit
    if not flat and isinstance(value, dict) and value:
        rows = [f"{inner}{json.dumps(key)}: {_print(document, item, inner)}" for key, item in value.items()]
        return document.newline.join(["{", f",{document.newline}".join(rows), f"{indent}}}"])
    if not flat and isinstance(value, list) and any(isinstance(item, dict) for item in value):
        rows = [f"{inner}{_print(document, item, inner)}" for item in value]
        return document.newline.join(["[", f",{document.newline}".join(rows), f"{indent}]"])
    return json.dumps(value, ensure_ascii=False)


def _indent_at(text: str, index: int) -> str:
    line = text[text.rfind("\n", 0, index) + 1 : index]
    return line[: len(line) - len(line.lstrip(" \t"))]


def _splice(document: Document, start: int, end: int, text: str) -> Splice:
    return Splice(document.offset(start), document.offset(end), text.encode())


def _prove(document: Document, said: Any, edited: Edited) -> Edited:  # noqa: ANN401  (data)
    """Return an edit after which the file says what it has to."""
    if not same(replace(document, data=edited.data).root.value, said):
        raise Refused(
            "unproven",
            "This edit is not safe in this file. Nothing was changed.",
            place=Place(document.name),
            remedy="Write this change by hand.",
        )
    return edited


def _open(data: bytes | Document) -> Document:
    return data if isinstance(data, Document) else Document(data)
