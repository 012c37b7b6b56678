"""Texts of several lines: an edit of the lines, put back into the literal that has them, rows that stay as they are."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from devkeel.source.nix.read.layout import indent_at, style_at, unit_of
from devkeel.source.nix.read.literal import print_value, read_value
from devkeel.source.nix.read.syntax import parse, text
from devkeel.source.nix.write.proof import prove
from devkeel.source.splice import Edited, Splice, apply, compose

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tree_sitter import Node

    from devkeel.source.nix.read.document import Document
    from devkeel.source.nix.read.index import Definition

__all__ = ["TEXTS", "computed_rows", "edit_text"]

TEXTS = frozenset({"string_expression", "indented_string_expression"})
# nix, src/libexpr/lexer.l, IND_STRING: what is written otherwise between two pairs of quotes.
_ESCAPED = re.compile(r"'''|''\$|''\\(?P<sign>.)|\$\$", re.DOTALL)
_STANDS_FOR = {"'''": "''", "''$": "$"}
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}
# What stands in the text for a row that is computed: a comment to whoever reads lines.
_COMPUTED = "#\ufdd0"


class _Row(Struct, frozen=True):
    """A line of an indented string. source: as it is written. said: what it says; computed: it has an interpolation."""

    source: str
    said: str
    computed: bool = False


def edit_text(document: Document, item: Definition, node: Node, change: Callable[[bytes], Edited]) -> Edited:
    """Change the lines of a text in a definition; a row that is computed is a comment to the change, and stays.

    node: the string in the definition's value. change: bytes of the text in, an edit of them out. Raises Refused where
    the literal cannot hold the result.
    """
    data = document.data
    if node.type == "indented_string_expression" and "\n" in text(node, data):
        splices, notes, wanted = _of_rows(node, data, change)
    else:
        splices, notes, wanted = _of_string(document, node, change)
    if not splices:
        return Edited(data, notes=notes)
    start, before = node.start_byte, text(node, data)

    def holds(after: Document) -> bool:
        now = after.root.descendant_for_byte_range(start, start + 1)
        while now is not None and now.type not in TEXTS:
            now = now.parent
        if now is None or now.start_byte != start:
            return False
        tail = after.data[now.end_byte :] == data[node.end_byte :]
        says = wanted is None or _lines(read_value(now, after.data)) == _lines(wanted)
        return tail and says and text(now, after.data) != before

    whole = apply(data, splices, notes)
    # As one of two steps it comes back as what differs alone: names in rows that stay are not looked at anew.
    return prove(document, compose(data, (whole, Edited(whole.data))), [item.raw], holds)


def _lines(value: object) -> list[str]:
    """Return the lines of a text without the space round them, which the layout of a literal may give or take."""
    return [line.strip() for line in value.split("\n") if line.strip()] if isinstance(value, str) else []


def computed_rows(node: Node, data: bytes) -> Iterator[str]:
    """Yield the lines of a text that have an interpolation, as they are written."""
    if node.type == "indented_string_expression":
        yield from (row.source.strip() for row in _rows(node, data) if row.computed)
    elif _interpolations(node):
        yield from (line for line in text(node, data)[1:-1].replace("\\n", "\n").split("\n") if "${" in line)


def _interpolations(node: Node) -> list[Node]:
    return [child for child in node.named_children if child.type == "interpolation"]


def _of_string(
    document: Document, node: Node, change: Callable[[bytes], Edited]
) -> tuple[list[Splice], tuple[str, ...], str | None]:
    """Return the splices for a literal on one line, which becomes one of several where it needs them."""
    data, value = document.data, read_value(node, document.data)
    if isinstance(value, str):
        edited = change(value.encode())
        wanted = edited.data.decode()
        style = replace(style_at(data, node.start_byte), indent=indent_at(data, node.start_byte).decode())
        put = print_value(wanted, style).encode()
        return [Splice(node.start_byte, node.end_byte, put)] * edited.changed, edited.notes, wanted
    if node.type != "string_expression" or re.search(r"\n|\\\\", text(node, data)):
        raise document.refuse("opaque_value", "The text is computed in part.", node)
    parts = text(node, data)[1:-1].split(_NEWLINE)
    computed = [part for part in parts if "${" in part]
    lines = [_COMPUTED if "${" in part else _said(part) for part in parts]
    edited = change("\n".join(lines).encode())
    after = edited.data.decode().split("\n")
    if after.count(_COMPUTED) != len(computed):
        raise document.refuse("opaque_value", "The text is computed in part.", node)
    written = [computed.pop(0) if line == _COMPUTED else print_value(line)[1:-1] for line in after]
    put = f'"{_NEWLINE.join(written)}"'.encode()
    return [Splice(node.start_byte, node.end_byte, put)] * edited.changed, edited.notes, None


_NEWLINE = "\\n"  # as a string between double quotes has it


def _said(part: str) -> str:
    """Return what a part of a text between double quotes says."""
    source = f'"{part}"'.encode()
    value = read_value(parse(source).root_node.named_children[0], source)
    return value if isinstance(value, str) else part


def _of_rows(
    node: Node, data: bytes, change: Callable[[bytes], Edited]
) -> tuple[list[Splice], tuple[str, ...], str | None]:
    """Return the splice for a literal of several lines."""
    value, rows = read_value(node, data), _rows(node, data)
    edited = change("\n".join(row.said for row in rows).encode())
    after = edited.data.decode().split("\n")
    source, own = text(node, data)[2:-2], indent_at(data, node.start_byte).decode()
    first, carriage = source.partition("\n")[0], "\r" if "\r\n" in source else ""
    solid = next((row.source for row in rows if row.said), None)
    lead = own + unit_of(data) if solid is None else solid[: len(solid) - len(solid.lstrip())]
    written = _written(rows, after, lead)
    if not after[-1]:
        written[-1] = own if rows[-1].said else rows[-1].source
    elif after[-1].endswith("'"):
        written.append(own)  # the line break keeps a quote apart from the two that end the text
        after.append("")
    head = "" if first.strip(" \r") else f"{first}\n"
    whole = head + "\n".join([*(line.removesuffix("\r") + carriage for line in written[:-1]), written[-1]])
    wanted = "\n".join(after) if isinstance(value, str) else None
    return [Splice(node.start_byte + 2, node.end_byte - 2, whole.encode())] * edited.changed, edited.notes, wanted


def _written(rows: list[_Row], after: list[str], lead: str) -> list[str]:
    """Return the source of the rows as they are after the edit: those that stay as they were, new ones indented."""
    said = [row.said for row in rows]
    written = list[str]()
    for kind, first, last, start, end in difflib.SequenceMatcher(None, said, after, autojunk=False).get_opcodes():
        if kind == "equal":
            written += [row.source for row in rows[first:last]]
        else:
            written += [lead + _escape(line) if line.strip() else "" for line in after[start:end]]
    return written


def _escape(line: str) -> str:
    return line.replace("''", "'''").replace("${", "''${")


def _rows(node: Node, data: bytes) -> list[_Row]:
    source = text(node, data)[2:-2]
    offset, spans = node.start_byte + 2, [(item.start_byte, item.end_byte) for item in _interpolations(node)]
    found = list[_Row]()
    for number, line in enumerate(source.split("\n")):
        end = offset + len(line.encode())
        computed = any(start < end + 1 and offset < stop for start, stop in spans)
        # nix, src/libexpr/parser-state.hh, `stripIndentation`: the first line goes where it is blank.
        if number or line.strip(" \r"):
            found.append(_Row(line, _COMPUTED if computed else _unescape(line.strip()), computed))
        offset = end + 1
    return found or [_Row("", "")]


def _unescape(line: str) -> str:
    def value(match: re.Match[str]) -> str:
        sign = match["sign"]
        return _ESCAPES.get(sign, sign) if sign else _STANDS_FOR.get(match[0], match[0])

    return _ESCAPED.sub(value, line.removesuffix("\r"))
