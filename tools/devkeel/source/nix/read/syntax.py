"""Parsing with tree-sitter-nix: a tree over the exact bytes, and what is wrong with it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

import tree_sitter_nix
from msgspec import Struct
from tree_sitter import Language, Parser, Point

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tree_sitter import Node, Tree

    from devkeel.source.splice import Splice

__all__ = ["Problem", "brokenness", "children_of_type", "parse", "position", "problems", "reparse", "text"]

_PARSER = Parser(Language(tree_sitter_nix.language()))


class Problem(Struct, frozen=True):
    """Something wrong at a byte offset: a stable code and a sentence."""

    code: str
    offset: int
    message: str


# What may be in a path. tree-sitter-nix looks through all of such a run for a slash, again at each token in it.
_PATH = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.+-_"
_BLANK = 32
_IN_PATH = bytes(sign if sign in _PATH else _BLANK for sign in range(256))
_LONG = 1000
_ONE_TOKEN = frozenset({"comment", "path_fragment", "path_expression", "string_fragment", "uri_expression"})


def parse(data: bytes) -> Tree:
    """Parse bytes; a tree always comes back, see `problems`. A run that `problems` refuses is read as one name."""
    return _PARSER.parse(_without_long_runs(data))


def _long_runs(data: bytes) -> list[tuple[int, int]]:
    """Return start and end of each run of signs of a path that is too long to have many tokens."""
    # One look at each thousandth byte: a long run cannot pass between two of them.
    signs, found, end = data.translate(_IN_PATH), list[tuple[int, int]](), 0
    for at in range(_LONG - 1, len(data), _LONG):
        if signs[at] != _BLANK and at >= end:
            start, end = signs.rfind(b" ", 0, at) + 1, signs.find(b" ", at)
            end = end if end >= 0 else len(data)
            if end - start > _LONG:
                found.append((start, end))
    return found


def _without_long_runs(data: bytes) -> bytes:
    runs = _long_runs(data)
    if not runs:
        return data
    masked = bytearray(data)
    for start, end in runs:
        masked[start:end] = b"a" * (end - start)
    return bytes(masked)


def _unbroken(data: bytes, root: Node) -> Iterator[Problem]:
    """Yield the runs without white space that are more than one token."""
    for start, end in _long_runs(data):
        node = root.descendant_for_byte_range(start, start + 1)
        one_name = _NAME.fullmatch(data, start, end) is not None
        if node is not None and node.type not in _ONE_TOKEN and not one_name:
            yield Problem("too_deep", start, f"more than {_LONG} characters without white space")


_NAME = re.compile(rb"[A-Za-z_][A-Za-z0-9_-]*")


def reparse(tree: Tree, data: bytes, splices: Iterable[Splice], result: bytes) -> Tree:
    """Parse what splices made of data, with what is left of its tree: the same tree as `parse` gives, only sooner.

    A tree with errors is not used: how tree-sitter recovers from one depends on what it reuses.
    """
    if tree.root_node.has_error or _long_runs(data) or _long_runs(result):
        return parse(result)
    edits: list[tuple[int, int, int, Point, Point, Point]] = []
    offset, point = 0, Point(0, 0)
    for item in sorted(splices, key=lambda item: (item.start, item.end)):
        start = _advance(point, data[offset : item.start])
        point, offset = _advance(start, data[item.start : item.end]), item.end
        edits.append((item.start, item.end, item.start + len(item.text), start, point, _advance(start, item.text)))
    old = tree.copy()
    # From the end backwards, so that each place is still where it was.
    for edit in reversed(edits):
        old.edit(*edit)
    return _PARSER.parse(result, old)


def _advance(point: Point, piece: bytes) -> Point:
    rows = piece.count(b"\n")
    return Point(point.row + rows, len(piece) - piece.rfind(b"\n") - 1 if rows else point.column + len(piece))


def text(node: Node, data: bytes) -> str:
    """Return the source of a node."""
    return data[node.start_byte : node.end_byte].decode("utf-8", "surrogateescape")


def position(data: bytes, offset: int) -> tuple[int, int]:
    """Return line and column of a byte offset, both from 1, the column in characters."""
    start = data.rfind(b"\n", 0, offset) + 1
    return data.count(b"\n", 0, offset) + 1, len(data[start:offset].decode("utf-8", "replace")) + 1


def children_of_type(node: Node, *types: str) -> Iterator[Node]:
    """Yield the direct children of the given types."""
    return (child for child in node.children if child.type in types)


def problems(data: bytes, root: Node) -> list[Problem]:
    """Return the syntax errors of a tree, the first place first; empty when it is Nix."""
    unbroken = list(_unbroken(data, root))
    if unbroken:
        return unbroken[:5]
    if not root.has_error:
        return [] if root.named_child_count else [Problem("syntax_error", 0, "The file has no expression.")]
    broken = sorted(_broken(root), key=lambda node: node.start_byte)
    unclosed = next((node for node in broken if node.is_missing and node.type in _CLOSING), None)
    return sorted((_describe(node, data, unclosed) for node in broken[:20]), key=lambda item: item.offset)[:5]


def _broken(root: Node) -> Iterator[Node]:
    # The parent comes along: to find it from below, tree-sitter walks down from the root.
    stack: list[tuple[Node, Node | None]] = [(root, None)]
    while stack:
        node, parent = stack.pop()
        if node.is_error or node.is_missing:
            if not _is_gap(node, parent):
                yield node
        elif node.has_error:
            stack += [(child, node) for child in node.children]


def _is_gap(node: Node, parent: Node | None) -> bool:
    """Return whether Nix accepts what tree-sitter-nix 0.1.0 does not: `{ a, b, }:`, `{ a, }:`, `inherit;`."""
    if parent is None:
        return False
    if node.is_missing:
        return node.type == "identifier" and parent.type in {"formal", "inherited_attrs"}
    return (
        parent.type == "formals"
        and [child.type for child in node.children] == [","]
        and [side.type if side else "" for side in (_beside(node, "prev_sibling"), _beside(node, "next_sibling"))]
        == ["formal", "}"]
    )


def _beside(node: Node, side: Literal["prev_sibling", "next_sibling"]) -> Node | None:
    """Return the sibling on a side that is no comment."""
    found: Node | None = getattr(node, side)
    while found is not None and found.type == "comment":
        found = getattr(found, side)
    return found


def _describe(node: Node, data: bytes, unclosed: Node | None) -> Problem:
    if node.is_missing:
        # What is missing belongs after the last token, not before the next one and not behind a comment.
        before = _beside(node, "prev_sibling")
        offset = before.end_byte if before is not None else node.start_byte
        wanted = node.type if not node.is_named else node.type.replace("_", " ")
        return Problem("syntax_error", offset, f"expected {wanted!r} here{_opened(node, data)}")
    open_at = _last_open(node)
    if open_at is not None:
        return Problem("syntax_error", open_at.start_byte, f"the {open_at.type!r} here is not closed")
    offset = node.start_byte
    fragment = data[offset : min(node.end_byte, offset + 40)].split(b"\n")[0].decode("utf-8", "replace").strip()
    hint = _opened(unclosed, data) if unclosed is not None else ""
    return Problem("syntax_error", offset, f"unexpected {fragment!r}{hint or _missing_semicolon(data, offset)}")


def _last_open(error: Node) -> Node | None:
    """Return the last bracket in an ERROR that spans lines and that nothing in it closes."""
    stack: list[Node] = []
    for child in error.children:
        if child.type in _CLOSING.values():
            stack.append(child)
        elif child.type in _CLOSING and stack:
            stack.pop()
    several = error.start_point[0] != error.end_point[0]
    return stack[-1] if stack and several else None


_CLOSING = {"]": "[", "}": "{", ")": "("}


def _opened(node: Node, data: bytes) -> str:
    """Say where the bracket was opened that a missing one would close."""
    opening = _CLOSING.get(node.type)
    first = next((child for child in node.parent.children if child.type == opening), None) if node.parent else None
    if first is None:
        return ""
    line, column = position(data, first.start_byte)
    return f", the {opening!r} at {line}:{column} is not closed"


_BEFORE_ASSIGNMENT = re.compile(rb"""([^\s;{}\[\]()=][^;{}=\n]*?)[ \t]*\r?\n\s*[\w.'"-]+[ \t]*\Z""")


def _missing_semicolon(data: bytes, offset: int) -> str:
    """Say that a semicolon may be missing when an assignment is where the value above it should have ended."""
    match = _BEFORE_ASSIGNMENT.search(data[max(0, offset - 400) : offset])
    if not data[offset:].startswith(b"=") or match is None:
        return ""
    line, _ = position(data, max(0, offset - 400) + match.end(1))
    return f", is a ';' missing at the end of line {line}?"


def brokenness(data: bytes) -> int:
    """Return how far bytes are from being Nix: 0 for Nix, else the bytes that no rule covers plus what is missing."""
    return sum(
        1 if node.is_missing else max(1, node.end_byte - node.start_byte) for node in _broken(parse(data).root_node)
    )
