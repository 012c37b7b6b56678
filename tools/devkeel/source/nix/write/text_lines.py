"""Texts: appending a line to the text that an option's value is, in its own quotes and with its own indent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.source.nix.read.index import operator
from devkeel.source.nix.read.layout import is_first, line_end, line_start, next_line, style_at
from devkeel.source.nix.read.literal import print_value
from devkeel.source.nix.read.strings import Interpolation, Said, escape_indented, lines_of, said
from devkeel.source.nix.write.bindings import insert_value, require_editable, require_no_set, set_value
from devkeel.source.nix.write.proof import prove
from devkeel.source.path import format_path, quote
from devkeel.source.splice import Edited, Splice, apply

if TYPE_CHECKING:
    from tree_sitter import Node

    from devkeel.source.nix.read.document import Document
    from devkeel.source.nix.read.index import Definition
    from devkeel.source.path import AttrPath

__all__ = ["append_line"]

_TEXTS = frozenset({"string_expression", "indented_string_expression"})
_INDENTED = "indented_string_expression"


class _Addition(Struct, frozen=True):
    """Splices, and the lines that the text then has; `indent`: what may stand before each line that is new."""

    splices: tuple[Splice, ...]
    kept: list[Said]
    added: list[str]
    tail: list[Said]
    indent: str = ""

    def holds(self, text: Said) -> bool:
        """Return whether a text is the one before with the new lines."""
        rows, first = lines_of(text), len(self.kept)
        new = rows[first : len(rows) - len(self.tail)]
        return (
            rows[:first] == self.kept
            and rows[len(rows) - len(self.tail) :] == self.tail
            and len(new) == len(self.added)
            and all(self._is(row, wanted) for row, wanted in zip(new, self.added, strict=True))
        )

    def _is(self, row: Said, wanted: str) -> bool:
        plain = "".join(piece for piece in row if isinstance(piece, str))
        return len(row) < 2 and plain.endswith(wanted) and self.indent.endswith(plain[: len(plain) - len(wanted)])  # noqa: PLR2004


def append_line(document: Document, path: AttrPath, line: str) -> Edited:
    """Append a line to the text at an option path (enterShell and the like); a text of several lines as they are."""
    raw = require_editable(document, path)
    print_value(line)
    found = [item for item in document.focus(raw).bindings if item.raw == raw and not item.conditions]
    if not found:
        require_no_set(document, raw)
        return insert_value(document, path, f"{line}\n")
    item = found[0]
    if item.layers is None or len(found) > 1:
        raise document.refuse("ambiguous", f"{format_path(path)} is not one text.", item.node)
    if item.layers.shared or item.container.shared:
        raise document.refuse("shared_name", f"{format_path(path)} is a name that is used elsewhere too.", item.node)
    node = _text_node(item.layers.core, document.data)
    if node is None:
        raise document.refuse("opaque_value", f"{format_path(path)} is not a literal text.", item.node)
    text, lines = said(node, document.data), line.removesuffix("\n").split("\n")
    if _has(text, lines):
        return Edited(document.data, notes=(f"The line is already in {format_path(path)}.",))
    plain = _plain(text)
    one_line = b"\n" not in document.data[node.start_byte : node.end_byte]
    if plain is not None and node == item.layers.core and (node.type != _INDENTED or one_line or not plain.strip()):
        start = f"{plain.removesuffix(chr(10))}\n" if plain.strip() else ""
        return set_value(document, path, start + "\n".join(lines) + "\n")
    addition = _addition(document.data, node, text, lines)

    def holds(after: Document) -> bool:
        return any(addition.holds(said(other, after.data)) for other in _texts_at(after, item))

    return prove(document, apply(document.data, addition.splices), [raw], holds)


def _texts_at(document: Document, item: Definition) -> list[Node]:
    """Return the texts at a definition's path under the same conditions."""
    found = [other for other in document.focus(item.raw).definitions if other.raw == item.raw]
    nodes = [
        _text_node(other.layers.core, document.data)
        for other in found
        if other.layers is not None and other.conditions == item.conditions
    ]
    return [node for node in nodes if node is not None]


def _text_node(node: Node, data: bytes) -> Node | None:
    """Return the text that a line can follow: the value, or the last operand of texts that are joined with `+`."""
    if node.type in _TEXTS:
        return node
    first = last = node
    while operator(first, data) == "+" and (left := first.child_by_field_name("left")) is not None:
        first = left
    if first.type not in _TEXTS or operator(last, data) != "+":  # a path + a text is a path
        return None
    right = last.child_by_field_name("right")
    return right if right is not None and right.type in _TEXTS else None


def _plain(text: Said) -> str | None:
    """Return a text without interpolations, None for another."""
    return "".join(map(str, text)) if all(isinstance(piece, str) for piece in text) else None


def _has(text: Said, lines: list[str]) -> bool:
    """Return whether a text has these lines, one after the other, with the indent of the whole text."""
    rows = lines_of(text)
    solid = [row for row in rows if row and not (len(row) == 1 and isinstance(row[0], str) and not row[0].strip())]
    indent = len(_shared([_blanks(row) for row in solid]))
    known = [None if len(row) > 1 else _line(row, indent) for row in rows]
    return any(known[start : start + len(lines)] == lines for start in range(len(rows)))


def _blanks(row: Said) -> str:
    first = row[0] if row else ""
    return "" if isinstance(first, Interpolation) else first[: len(first) - len(first.lstrip(" \t"))]


def _line(row: Said, indent: int) -> str | None:
    first = row[0] if row else ""
    return None if isinstance(first, Interpolation) else first[indent:].removesuffix("\r")


def _addition(data: bytes, node: Node, text: Said, lines: list[str]) -> _Addition:
    rows, closing = lines_of(text), node.end_byte - len(b"''")
    if node.type != _INDENTED:
        ended = rows[-1] == ()
        source = quote("\n".join([*lines, ""] if ended else ["", *lines]))[1:-1]
        splice = Splice(node.end_byte - 1, node.end_byte - 1, source.encode())
        return _Addition((splice,), rows[:-1] if ended else rows, lines, [()] if ended else [])
    if b"\n" not in data[node.start_byte : closing]:
        return _to_one_line(data, node, rows, lines)
    indent = _indent(data, node)
    if is_first(data, closing):
        start = line_start(data, closing)
        end = "\r\n" if data[start - 2 : start] == b"\r\n" else "\n"
        source = "".join((indent + escape_indented(line) if line else "") + end for line in lines)
        added = [line + end[:-1] for line in lines]
        return _Addition((Splice(start, start, source.encode()),), rows[:-1], added, rows[-1:], indent)
    end = style_at(data, node.start_byte).newline
    source = "".join(end + (indent + escape_indented(line) if line else "") for line in lines)
    added = [*(line + end[:-1] for line in lines[:-1]), lines[-1]]
    kept = [*rows[:-1], _ended(rows[-1], end[:-1])]
    return _Addition((Splice(closing, closing, source.encode()),), kept, added, [], indent)


def _ended(row: Said, end: str) -> Said:
    """Return a line with the CR before its line feed, if it has one."""
    last = row[-1] if row else ""
    if not end:
        return row
    return (*row, end) if isinstance(last, Interpolation) else (*row[:-1], last + end)


def _shared(texts: list[str]) -> str:
    """Return what several texts begin with alike."""
    first, last = min(texts, default=""), max(texts, default="")
    size = next((at for at, (one, other) in enumerate(zip(first, last, strict=False)) if one != other), len(first))
    return first[:size]


def _to_one_line(data: bytes, node: Node, rows: list[Said], lines: list[str]) -> _Addition:
    """Put a text that is on one line on several; where their indent or line ending would be text too, escape them."""
    style, opening, closing = style_at(data, node.start_byte), node.start_byte + 2, node.end_byte - 2
    if style.newline != "\n" or "\t" in style.indent + style.unit:
        source = "".join("''\\n" + escape_indented(line) for line in lines)
        return _Addition((Splice(closing, closing, source.encode()),), rows, lines, [])
    gap = "\n" + style.deeper().indent
    start = opening
    while data[start : start + 1] == b" ":
        start += 1
    source = "".join(gap + escape_indented(line) if line else "\n" for line in lines)
    return _Addition(
        (
            Splice(opening, start, gap.encode()),
            Splice(closing, closing, f"{source}\n{style.indent}".encode()),
        ),
        rows,
        lines,
        [()],
    )


def _indent(data: bytes, node: Node) -> str:
    """Return what all lines of an indented string begin with that are text."""
    inside = [(child.start_byte, child.end_byte) for child in node.named_children if child.type == "interpolation"]
    opening, closing = node.start_byte + 2, node.end_byte - 2
    starts, at = [opening], next_line(data, opening)
    while at <= closing:
        starts.append(at)
        at = next_line(data, at) if at < len(data) else closing + 1
    found = []
    for start in starts:
        row = data[start : min(closing, line_end(data, start))]
        if row.strip() and not any(first < start < last for first, last in inside):
            found.append(row[: len(row) - len(row.lstrip(b" \t"))].decode())
    return _shared(found)
