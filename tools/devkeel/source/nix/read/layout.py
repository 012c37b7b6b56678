"""Layout: where in a bracketed group something new goes, and what goes away with something old.

Bindings in a set and elements in a list are the same to this module: items between two brackets, with comments
among them.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.source.nix.read.literal import Style
from devkeel.source.splice import Splice

if TYPE_CHECKING:
    from collections.abc import Callable

    from tree_sitter import Node

__all__ = ["Group", "is_prose", "line_end", "line_start", "style_at"]

WIDTH = 100
_BLANK = b" \t"


def line_start(data: bytes, offset: int) -> int:
    """Return the offset of the first byte of a line."""
    return data.rfind(b"\n", 0, offset) + 1


def line_end(data: bytes, offset: int) -> int:
    """Return the offset behind the last byte of a line, before its line ending."""
    end = data.find(b"\n", offset)
    end = len(data) if end < 0 else end
    return end - 1 if end > offset and data[end - 1 : end] == b"\r" else end


def next_line(data: bytes, offset: int) -> int:
    """Return the offset of the first byte of the next line, or the end of the data."""
    end = data.find(b"\n", offset)
    return len(data) if end < 0 else end + 1


def indent_at(data: bytes, offset: int) -> bytes:
    """Return the white space that a line begins with."""
    start = line_start(data, offset)
    end = start
    while end < len(data) and data[end] in _BLANK:
        end += 1
    return data[start:end]


def is_first(data: bytes, offset: int) -> bool:
    """Return whether only white space is before an offset on its line."""
    return not data[line_start(data, offset) : offset].strip(_BLANK)


def newline(data: bytes, offset: int) -> str:
    """Return the line ending of a line, or that of the line before where it is the last one."""
    end = data.find(b"\n", offset)
    end = data.rfind(b"\n") if end < 0 else end
    return "\r\n" if end > 0 and data[end - 1 : end] == b"\r" else "\n"


_INDENTED = re.compile(rb"^([ \t]+)[^\s#]", re.MULTILINE)


def unit_of(data: bytes) -> str:
    """Return one step of indent as the file has it: the first indented line's, two spaces without one."""
    found = _INDENTED.search(data)
    return found[1].decode() if found and len(found[1]) <= 8 else "  "  # noqa: PLR2004


def style_at(data: bytes, offset: int) -> Style:
    """Return the style of the line at an offset."""
    return Style(indent_at(data, offset).decode(), unit_of(data), newline(data, offset), WIDTH)


def is_blank_line(data: bytes, offset: int) -> bool:
    """Return whether the line at an offset has only white space; there is none behind the end of the data."""
    if offset < 0 or offset >= len(data):
        return False
    return not data[line_start(data, offset) : line_end(data, offset)].strip()


class Group(Struct, frozen=True):
    """Items and comments between two brackets."""

    data: bytes
    opening: int  # behind the opening bracket
    closing: int  # at the closing bracket
    items: tuple[Node, ...]
    comments: tuple[Node, ...]
    own_lines: dict[int, Node]  # the comments on lines of their own, by the row that they end on

    @classmethod
    def of(cls, node: Node, data: bytes) -> Group:
        """Return the group of a set or a list node."""
        children = node.children
        inner: list[Node] = []
        for child in children:
            inner += child.children if child.type == "binding_set" else [child]
        named = [child for child in inner if child.is_named]
        comments = tuple(child for child in named if child.type == "comment")
        opening = next(child for child in children if child.type in {"{", "["})
        return cls(
            data,
            opening.end_byte,
            children[-1].start_byte,
            tuple(child for child in named if child.type != "comment"),
            comments,
            {item.end_point[0]: item for item in comments if is_first(data, item.start_byte)},
        )

    @property
    def one_line(self) -> bool:
        """Whether both brackets are on one line."""
        return b"\n" not in self.data[self.opening : self.closing]

    @property
    def tight(self) -> bool:
        """Whether no blank is inside the brackets, as in `{a=1;}`."""
        return self.data[self.opening : self.opening + 1] not in {b" ", b"\t", b""} or (
            bool(self.items) and self.closing == self.items[-1].end_byte
        )

    def style(self) -> Style:
        """Return the style that a new line in this group has."""
        data = self.data
        outer = style_at(data, self.opening)
        both = (*reversed(self.items), *reversed(self.comments))
        last = next((node for node in both if is_first(data, node.start_byte)), None)
        if last is None or self.one_line:
            return outer.deeper()
        return Style(indent_at(data, last.start_byte).decode(), outer.unit, outer.newline, WIDTH)

    def after(self, item: Node) -> int:
        """Return the offset behind an item and its remark: the comments on its line, and what goes on below them."""
        data, end, remark = self.data, _end(item, self.data), None
        first = bisect_left(self.comments, end, key=_start)
        for comment in self.comments[first:]:
            between = data[end : comment.start_byte]
            if between.strip(b" \t;") and (between.strip() or not _goes_on(remark, comment)):
                break
            end, remark = _end(comment, data), comment if item.type != "comment" else None
        return end

    def leading(self, item: Node) -> list[Node]:
        """Return the comments on lines of their own directly above an item, top first."""
        found: list[Node] = []
        row = item.start_point[0] - 1
        while (comment := self.own_lines.get(row)) is not None and is_first(self.data, item.start_byte):
            found.insert(0, comment)
            row = comment.start_point[0] - 1
        return found

    def insert(
        self,
        render: Callable[[Style], str],
        *,
        after: Node | None,
        before: Node | None = None,
        blank: bool = False,
    ) -> Splice:
        """Return the splice that puts a new item behind `after` (an item or a comment) or before `before`.

        With neither it becomes the last one. `blank` asks for an empty line between it and its neighbour.
        """
        data, style = self.data, self.style()
        if self.one_line and after is None and before is None and not self.items:
            return self._fill(render)
        if before is not None and is_first(data, before.start_byte) and not self.one_line:
            at = line_start(data, (self.leading(before) or [before])[0].start_byte)
            gap = style.newline if blank else ""
            return Splice(at, at, f"{style.indent}{render(style)}{style.newline}{gap}".encode())
        anchor = after or (self.items[-1] if self.items else None)
        if anchor is None and self.comments:
            anchor = self.comments[-1]
        if anchor is None:
            at = self.opening
            return Splice(at, self.closing, self._own_line(render, style, at))
        at = anchor.end_byte if self.one_line else self.after(anchor)
        rest = data[at : line_end(data, at)].strip()
        if self.one_line or (rest and at < self.closing < line_end(data, at) and not self._lines(anchor)):
            listed = self.data[self.opening - 1 : self.opening] == b"["
            lead = "" if self.tight and not listed else " "
            return Splice(at, at, (lead + render(style)).encode())
        gap = style.newline if blank else ""
        at = at if rest else line_end(data, at)  # blanks at the end of a line are the neighbour's
        return Splice(at, at, f"{style.newline}{gap}{style.indent}{render(style)}".encode())

    def _lines(self, anchor: Node) -> bool:
        return is_first(self.data, anchor.start_byte)

    def _own_line(self, render: Callable[[Style], str], style: Style, at: int) -> bytes:
        own = is_first(self.data, self.closing)
        closing = indent_at(self.data, self.closing if own else at).decode()
        return f"{style.newline}{style.indent}{render(style)}{style.newline}{closing}".encode()

    def _fill(self, render: Callable[[Style], str]) -> Splice:
        """Fill an empty pair of brackets: on its line where that fits, else on lines of its own."""
        style = style_at(self.data, self.opening)
        line = render(style)
        start = line_start(self.data, self.opening)
        width = len(self.data[start : line_end(self.data, self.closing)].decode("utf-8", "replace")) + len(line)
        if "\n" in line or width + 1 > WIDTH:
            return Splice(self.opening, self.closing, self._own_line(render, style.deeper(), self.opening))
        return Splice(self.opening, self.closing, f" {line} ".encode())

    def open(self, render: Callable[[Style], str]) -> Splice:
        """Fill an empty pair of brackets with an item on a line of its own."""
        style = style_at(self.data, self.opening).deeper()
        return Splice(self.opening, self.closing, self._own_line(render, style, self.opening))

    def remove(self, *items: Node) -> list[Splice]:
        """Return the splices that take items away, with what belongs to them and the blank lines that they leave."""
        data = self.data
        splices: list[Splice] = []
        rows: list[tuple[int, int]] = []  # from the last to the first
        for item in sorted(items, key=_start, reverse=True):
            end, head = self.after(item), self._head(item)
            if self.one_line or not is_first(data, head) or data[end : line_end(data, end)].strip():
                splices.append(self._remove_inline(item, end, items))
                continue
            start, stop = line_start(data, head), next_line(data, end)
            below = rows[-1][1] if rows and rows[-1][0] == stop else stop
            if self._belongs(item, below):
                start = line_start(data, (self.leading(item) or [item])[0].start_byte)
            if rows and not data[stop : rows[-1][0]].strip():
                rows[-1] = start, rows[-1][1]
            else:
                rows.append((start, stop))
        return self._apart([*(self._remove_rows(start, stop) for start, stop in rows), *splices])

    def _head(self, item: Node) -> int:
        """Return the offset of an item, or of the comments before it on its line."""
        start = item.start_byte
        for comment in reversed(self.comments[: bisect_left(self.comments, start, key=_start)]):
            if self.data[comment.end_byte : start].strip(_BLANK):
                break
            start = comment.start_byte
        return start

    def _apart(self, splices: list[Splice]) -> list[Splice]:
        """Cut removals that would take the same blank: the later one takes the blank behind itself instead."""
        found: list[Splice] = []
        for item in sorted(splices, key=lambda item: item.start):
            start, end = item.start, item.end
            if found and start < found[-1].end:
                start = found[-1].end
                while end < self.closing and self.data[end] in _BLANK:
                    end += 1
            found.append(Splice(start, max(start, end), item.text))
        return found

    def _remove_rows(self, start: int, stop: int) -> Splice:
        """Remove whole lines, and a blank line that would open the group, close it, or follow another."""
        data = self.data
        at_start = not data[self.opening : start].strip()
        at_end = not data[stop : self.closing].strip()
        if at_start and at_end:
            return Splice(next_line(data, self.opening), line_start(data, self.closing), b"")
        blank_below = is_blank_line(data, stop)
        if not at_start and (blank_below or at_end):
            while start > self.opening and is_blank_line(data, line_start(data, start - 1)):
                start = line_start(data, start - 1)
        while is_blank_line(data, stop) and (at_start or is_blank_line(data, next_line(data, stop))):
            stop = next_line(data, stop)
        return Splice(start, stop, b"")

    def _remove_inline(self, item: Node, end: int, gone: tuple[Node, ...]) -> Splice:
        data, start = self.data, item.start_byte
        end = end if self._has_its_lines(item, gone) else item.end_byte
        while start > self.opening and data[start - 1] in _BLANK:
            start -= 1
        if start == self.opening and self.items[0] == item:
            return self._remove_first(item, end)
        if is_first(data, item.start_byte):
            before = self._before(item)
            if not data[end : self.closing].strip() and not data[before:start].strip():
                return Splice(before, end, b"")  # the closing bracket goes up with the last one that stays
            start = item.start_byte
            while end < self.closing and data[end] in _BLANK:
                end += 1
        return Splice(start, end, b"")

    def _remove_first(self, item: Node, end: int) -> Splice:
        """Remove what follows the bracket on its line; of several the next one takes its place."""
        data = self.data
        rest = data[end : self.closing]
        if len(self.items) == 1 and not rest.strip() and b"\n" in rest:
            return Splice(self.opening, self.closing, b" ")
        following = self.items[1].start_byte if len(self.items) > 1 else end
        if not data[end:following].strip() and following > end:
            return Splice(item.start_byte, following, b"")
        return Splice(self.opening, end, b"")

    def _before(self, item: Node) -> int:
        """Return the end of the item before, or the offset behind the opening bracket."""
        index = bisect_left(self.items, item.start_byte, key=_start)
        return self.items[index - 1].end_byte if index else self.opening

    def _has_its_lines(self, item: Node, gone: tuple[Node, ...]) -> bool:
        """Return whether no item that stays is on the lines of one that goes, so that a comment there is about it."""
        kept = [other for other in self.items if other == item or other not in gone]
        index = kept.index(item)
        before = kept[index - 1].end_point[0] if index else -1
        behind = kept[index + 1].start_point[0] if index + 1 < len(kept) else item.end_point[0] + 1
        return before < item.start_point[0] and item.end_point[0] < behind

    def _belongs(self, item: Node, below: int) -> bool:
        """Return whether the comments above an item are about it alone, or about those removed with it.

        below: the offset of the line behind. They are not when the next item follows without a blank line (the
        comment heads a group), when they hold an assignment that is commented out, or a link to the documentation (a
        section's heading).
        """
        data = self.data
        prose = all(is_prose(node, data) for node in self.leading(item))
        return prose and (is_blank_line(data, below) or below >= line_start(data, self.closing))


def is_prose(comment: Node, data: bytes) -> bool:
    """Return whether a comment says something: no commented-out assignment and no link that heads a section."""
    return _NO_PROSE.match(data[comment.start_byte : comment.end_byte]) is None


_NO_PROSE = re.compile(rb"""#\s*(https?://|[A-Za-z_][\w'-]*(\.([\w'-]+|"[^"]*"))*\s*=)""")


def _end(node: Node, data: bytes) -> int:
    """Return the offset behind a node; the grammar takes the CR of a CRLF into a comment."""
    return node.end_byte - (node.type == "comment" and data[node.end_byte - 1 : node.end_byte] == b"\r")


def _goes_on(remark: Node | None, comment: Node) -> bool:
    """Return whether a comment is the next line of a remark: right below it, and in its column."""
    if remark is None:
        return False
    row, column = remark.start_point
    return tuple(comment.start_point) == (row + 1, column)


def _start(node: Node) -> int:
    return node.start_byte
