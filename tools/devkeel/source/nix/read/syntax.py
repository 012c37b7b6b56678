"""Parsing with tree-sitter-nix: a tree over the exact bytes, and what is wrong with it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import tree_sitter_nix
from msgspec import Struct
from tree_sitter import Language, Parser, Point

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tree_sitter import Node, Tree

    from devkeel.source.splice import Splice

__all__ = ["Problem", "brokenness", "children_of_type", "is_broken", "parse", "position", "problems", "reparse", "text"]

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
    broken = sorted(_broken(root), key=lambda item: item.node.start_byte)
    unclosed = next((item for item in broken if item.node.is_missing and item.node.type in _CLOSING), None)
    return sorted((_describe(item, data, unclosed) for item in broken[:20]), key=lambda item: item.offset)[:5]


def is_broken(root: Node) -> bool:
    """Return whether a tree has a syntax error, without describing it; a tree of no expression has none."""
    return root.has_error and next(_broken(root), None) is not None


class _Broken(NamedTuple):
    """What no rule covers, or what is missing, with what it stands among."""

    # To find a parent or a sibling from the node itself, tree-sitter walks down from the root, past all before it.
    node: Node
    parent: Node | None
    siblings: list[Node]
    place: int

    @property
    def before(self) -> Node | None:
        """The sibling before it that is no comment."""
        return next((item for item in reversed(self.siblings[: self.place]) if item.type != "comment"), None)

    @property
    def behind(self) -> Node | None:
        """The sibling behind it that is no comment."""
        return next((item for item in self.siblings[self.place + 1 :] if item.type != "comment"), None)


def _broken(root: Node) -> Iterator[_Broken]:
    stack = [_Broken(root, None, [root], 0)]
    while stack:
        item = stack.pop()
        node = item.node
        if node.is_error or node.is_missing:
            if not _is_gap(item):
                yield item
        elif node.has_error:
            children = node.children
            stack += [_Broken(child, node, children, place) for place, child in enumerate(children)]


def _is_gap(item: _Broken) -> bool:
    """Return whether Nix accepts what tree-sitter-nix 0.1.0 does not: `{ a, b, }:`, `{ a, }:`, `inherit;`."""
    node, parent = item.node, item.parent
    if parent is None:
        return False
    if node.is_missing:
        return node.type == "identifier" and parent.type in {"formal", "inherited_attrs"}
    return (
        parent.type == "formals"
        and [child.type for child in node.children] == [","]
        and [side.type if side else "" for side in (item.before, item.behind)] == ["formal", "}"]
    )


def _describe(item: _Broken, data: bytes, unclosed: _Broken | None) -> Problem:
    node = item.node
    if node.is_missing:
        # What is missing belongs after the last token, not before the next one and not behind a comment.
        before = item.before
        offset = before.end_byte if before is not None else node.start_byte
        wanted = node.type if not node.is_named else node.type.replace("_", " ")
        return Problem("syntax_error", offset, f"expected {wanted!r} here{_opened(item, data)}")
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


def _opened(item: _Broken, data: bytes) -> str:
    """Say where the bracket was opened that a missing one would close."""
    opening = _CLOSING.get(item.node.type)
    first = next((child for child in item.siblings if child.type == opening), None)
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
    broken = (item.node for item in _broken(parse(data).root_node))
    return sum(1 if node.is_missing else max(1, node.end_byte - node.start_byte) for node in broken)
