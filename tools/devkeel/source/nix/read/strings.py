"""Texts between quotes: what they say, with an interpolation as the source that it is, and how text is escaped.

Nix, src/libexpr/lexer.l and parser.y (`stripIndentation`): of an indented string the smallest indent of all lines goes,
counted in spaces only, so that a tab or the CR of a CRLF stays part of the text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

__all__ = ["Interpolation", "Said", "escape_indented", "lines_of", "plain_text", "said"]


class Interpolation(NamedTuple):
    """What is interpolated, as its source with the braces."""

    source: str


# What a text says: no two pieces of plain text follow each other, and none is empty.
Said = tuple[str | Interpolation, ...]


class _Token(NamedTuple):
    """A token of an indented string; `plain`: no escape, so that its blanks may be indent."""

    text: str | Interpolation
    plain: bool = True


def said(node: Node, data: bytes) -> Said:
    """Return what a string node says."""
    if node.type == "string_expression":
        return _joined(_quoted(node, data))
    return _joined(_stripped([*_tokens(node, data)]))


def _joined(pieces: Iterator[str | Interpolation]) -> Said:
    found: list[str | Interpolation] = []
    for piece in pieces:
        if isinstance(piece, str) and found and isinstance(found[-1], str):
            found[-1] += piece
        elif piece != "":
            found.append(piece)
    return tuple(found)


def _quoted(node: Node, data: bytes) -> Iterator[str | Interpolation]:
    start = node.start_byte + 1
    for child in node.named_children:
        if child.type == "interpolation":
            yield plain_text(data[start : child.start_byte])
            yield Interpolation(_source(data, child.start_byte, child.end_byte))
            start = child.end_byte
    yield plain_text(data[start : node.end_byte - 1])


_QUOTED_SIGNS = re.compile(r"\\(.)|\r\n?", re.DOTALL)


def plain_text(source: bytes) -> str:
    """Return what text between double quotes says."""

    # nix, src/libexpr/lexer.l, `unescapeStr`: CR and CRLF are LF, but for a CR behind a backslash.
    def sign(match: re.Match[str]) -> str:
        letter = match[1]
        return "\n" if letter is None else _ESCAPED.get(letter, letter)

    return _QUOTED_SIGNS.sub(sign, source.decode("utf-8", "replace"))


def _source(data: bytes, start: int, end: int) -> str:
    return data[start:end].decode("utf-8", "replace")


# nix, src/libexpr/lexer.l: IND_STRING_OPEN takes blanks and the first line feed with it; the rules of IND_STRING in
# their order.
_OPENING = re.compile(r" *\n")
_RAW = re.compile(r"(?:[^$']|\$[^{']|'[^'$])+")
_ESCAPE = re.compile(r"''\$|'''|''\\(.)|\$|'", re.DOTALL)
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t"}


def _tokens(node: Node, data: bytes) -> Iterator[_Token]:
    start = node.start_byte + 2
    for child in node.named_children:
        if child.type == "interpolation":
            yield from _lexed(_source(data, start, child.start_byte), opening=start == node.start_byte + 2)
            yield _Token(Interpolation(_source(data, child.start_byte, child.end_byte)), plain=False)
            start = child.end_byte
    yield from _lexed(_source(data, start, node.end_byte - 2), opening=start == node.start_byte + 2)


def _lexed(source: str, *, opening: bool) -> Iterator[_Token]:
    first = _OPENING.match(source) if opening else None
    position = first.end() if first else 0
    while position < len(source):
        raw = _RAW.match(source, position)
        if raw is not None:
            yield _Token(raw[0])
            position = raw.end()
            continue
        escape = _ESCAPE.match(source, position)
        if escape is None:
            return
        letter = escape[1]
        whole = {"''$": "$", "'''": "''"}.get(escape[0], escape[0])
        yield _Token(_ESCAPED.get(letter, letter) if letter is not None else whole, plain=False)
        position = escape.end()


def _smallest_indent(tokens: list[_Token]) -> int:
    # parser-state.hh, `stripIndentation`: spaces only, and a last line of blanks does not count.
    smallest, indent, fresh = 1 << 30, 0, True
    for token in tokens:
        if isinstance(token.text, Interpolation) or not token.plain:
            smallest = min(smallest, indent) if fresh else smallest
            fresh = False
            continue
        for number, row in enumerate(token.text.split("\n")):
            if number:
                fresh, indent = True, 0
            if fresh:
                solid = row.lstrip(" ")
                indent += len(row) - len(solid)
                fresh, smallest = (False, min(smallest, indent)) if solid else (fresh, smallest)
    return smallest


def _stripped(tokens: list[_Token]) -> Iterator[str | Interpolation]:
    """Yield the text without its indent, and without a last line of spaces only."""
    smallest, dropped, fresh = _smallest_indent(tokens), 0, True
    for token in tokens:
        if isinstance(token.text, Interpolation):
            fresh, dropped = False, 0
            yield token.text
            continue
        rows: list[str] = []
        for number, row in enumerate(token.text.split("\n")):
            if number:
                fresh, dropped = True, 0
            solid = row.lstrip(" ") if fresh else row
            blanks = len(row) - len(solid)
            rows.append(" " * max(0, blanks - max(0, smallest - dropped)) + solid)
            dropped += blanks
            if solid:
                fresh, dropped = False, 0
        last = token is tokens[-1] and len(rows) > 1 and not rows[-1].strip(" ")
        yield "\n".join([*rows[:-1], ""] if last else rows)


def lines_of(text: Said) -> list[Said]:
    """Return the lines of a text, without their line feeds; what an interpolation brings is part of its line."""
    rows: list[list[str | Interpolation]] = [[]]
    for piece in text:
        if isinstance(piece, Interpolation):
            rows[-1].append(piece)
            continue
        first, *others = piece.split("\n")
        rows[-1] += [first] if first else []
        rows += [[item] if item else [] for item in others]
    return [tuple(row) for row in rows]


_QUOTES = re.compile(r"'+")


def escape_indented(text: str) -> str:
    """Return the source of a line of text between '' and ''."""

    def quotes(match: re.Match[str]) -> str:
        pairs, single = divmod(len(match[0]), 2)
        # A quote that an escape or the end follows would be read as a part of it.
        safe = match.end() < len(text) and text[match.end()] not in "$\r"
        return "'''" * pairs + ("'" if safe else "''\\'") * single

    return _QUOTES.sub(quotes, text).replace("${", "''${").replace("\r", "''\\r")
