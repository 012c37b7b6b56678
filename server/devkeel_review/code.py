"""A diff as rows for the page: numbers of lines, colours by Pygments, words that differ within a line.

The one module of the page that makes markup: each piece of text is escaped by itself, and what stands around it is
written here. It takes any text for a diff and fails at none; what it cannot read it shows as it is.
"""

from __future__ import annotations

import posixpath
import re
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Literal

from markupsafe import Markup, escape
from msgspec import Struct

from devkeel.deferred import Deferred
from devkeel.text.clean import clean
from devkeel_review.alignment import aligned, differing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from devkeel_review import lexing
    from devkeel_review.lexing import Lexer

    _Pair = tuple["_Reading | None", "_Reading | None"]
else:
    lexing = Deferred("devkeel_review.lexing")

__all__ = ["Diff", "DiffLine", "FileDiff", "Hunk", "code", "diff_of", "unseen"]

_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_MOST_LINES = 3_000
_MOST_COLUMNS = 1_000
_MOST_COLOURED = 100_000
_MOST_TOKENS = 20_000


class DiffLine(Struct, frozen=True):
    """A line of a diff. old, new: its numbers, None where it is not there. code: what it says."""

    sign: Literal[" ", "+", "-", "\\"]
    old: int | None
    new: int | None
    code: Markup


class Hunk(Struct, frozen=True):
    """Lines that follow each other. lines: as a unified diff has them. pairs: what was beside what is."""

    title: str
    lines: tuple[DiffLine, ...]
    pairs: tuple[tuple[DiffLine | None, DiffLine | None], ...]


class FileDiff(Struct, frozen=True):
    """What became of one file. what: `added`, `removed` or `changed`. note: said in place of its lines.

    added, removed: lines, also those that are not shown.
    """

    name: str
    what: Literal["added", "removed", "changed"]
    added: int
    removed: int
    hunks: tuple[Hunk, ...]
    note: str | None = None


class Diff(Struct, frozen=True):
    """A diff of several files. cut: how many lines of it are not shown, for it is long. is_cut: or parts of lines."""

    files: tuple[FileDiff, ...]
    cut: int = 0
    is_cut: bool = False


def code(text: str, name: str) -> list[Markup]:
    """Return the lines of a text with colours. name: of the file, by which its language is known."""
    lines = text.split("\n")
    return [_marked(pieces, ()) for pieces in _pieces(lines, _Colours(name, len(text)))]


def unseen(text: str) -> int:
    """Return how many characters of a text are left out where it is shown, for they cannot be seen or change others."""
    return len(text) - len(clean(text))


def diff_of(text: str) -> Diff:
    """Return what unified diffs say, one behind the other; of a very long one what stands first on both sides."""
    rows = text.split("\n")
    if rows[-1] == "":
        rows.pop()
    room = _Room()
    size = sum(map(len, rows[:_MOST_LINES]))
    files = tuple(_file(part, size, room) for part in _by_file(rows))
    return Diff(files, room.cut, room.cut > 0 or any(len(row) > _MOST_COLUMNS for row in rows))


class _Room(Struct):
    """How many lines can still be shown, and how many were not."""

    left: int = _MOST_LINES
    cut: int = 0

    def take(self, pairs: Sequence[_Pair]) -> list[_Pair]:
        """Return the first pairs that there is room for: what was and what is are cut alike."""
        taken: list[_Pair] = []
        for pair in pairs:
            lines = len({id(row) for row in pair if row is not None})
            if self.left < lines:
                self.left = 0
                self.cut += lines
            else:
                self.left -= lines
                taken.append(pair)
        return taken


def _by_file(rows: Sequence[str]) -> Iterator[list[str]]:
    """Yield the rows of each file.

    A line that was taken out and began with `-- ` looks as a header does; only before a hunk it is one, and in front
    of the next hunk of a file there is a line that both sides have.
    """
    starts = [n for n in range(len(rows) - 2) if _is_header(rows, n)]
    for start, end in zip([0, *starts], [*starts, len(rows)], strict=True):
        if start < end:
            yield list(rows[start:end])


def _is_header(rows: Sequence[str], n: int) -> bool:
    return rows[n].startswith("--- ") and rows[n + 1].startswith("+++ ") and rows[n + 2].startswith("@@ ")


def _file(rows: list[str], size: int, room: _Room) -> FileDiff:
    name, what = "", "changed"
    if len(rows) > 2 and _is_header(rows, 0):  # noqa: PLR2004  (the rows of a header)
        old, new = rows[0][4:], rows[1][4:]
        what = "added" if old == "/dev/null" else "removed" if new == "/dev/null" else "changed"
        name = (old if what == "removed" else new).partition("/")[2]
        rows = rows[2:]
    colours = _Colours(name, size)
    starts = [n for n, row in enumerate(rows) if row.startswith("@@ ")]
    notes, hunks = rows[: starts[0]] if starts else rows, list[Hunk]()
    added = removed = 0
    for start, end in zip(starts, [*starts, len(rows)][1:], strict=True):
        if _HUNK.match(rows[start]):
            read = _read(rows[start], rows[start + 1 : end])
            added += sum(row.sign == "+" for row in read)
            removed += sum(row.sign == "-" for row in read)
            pairs = room.take(list(_pairs(read)))
            hunks += [_hunk(rows[start], pairs, read, colours)] if pairs else []
        else:  # of a long change of a lock there is this line alone
            notes = [*notes, rows[start].strip("@ "), *rows[start + 1 : end]]
    return FileDiff(name, what, added, removed, tuple(hunks), "\n".join(notes) or None)  # type: ignore[arg-type]


class _Colours:
    """Colours the lines of one file, as far as that takes no long time: lexers do as much as a hostile text wants."""

    def __init__(self, name: str, size: int) -> None:
        self._lexer: Lexer | None = lexing.lexer_of(posixpath.basename(name)) if size <= _MOST_COLOURED else None
        self._left = _MOST_TOKENS

    def of(self, lines: Sequence[str]) -> list[list[tuple[str, str]]] | None:
        """Return the pieces of each line by the lexer's tokens; None where those are not all of the text."""
        found: list[list[tuple[str, str]]] = [[]]
        text, seen = "\n".join(lines), 0
        # Not get_tokens: it makes other line ends of those that are there.
        for at, kind, value in self._lexer.get_tokens_unprocessed(text) if self._lexer is not None else ():
            self._left -= 1
            if at != seen or self._left < 0:
                return None
            seen += len(value)
            first, *others = value.split("\n")
            name = lexing.short_name(kind)
            found[-1] += [(name, first)] if first else []
            found += [[(name, other)] if other else [] for other in others]
        return found if seen == len(text) and len(found) == len(lines) else None


class _Reading(Struct):
    """A row while it is read: marks are the columns of what differs from its counterpart."""

    sign: str
    text: str
    old: int | None
    new: int | None
    pieces: list[tuple[str, str]] = []
    marks: Sequence[tuple[int, int]] = ()

    def line(self) -> DiffLine:
        return DiffLine(self.sign, self.old, self.new, _marked(self.pieces, self.marks, self.sign))  # type: ignore[arg-type]


def _read(header: str, rows: Sequence[str]) -> list[_Reading]:
    """Return the rows of a hunk with their numbers."""
    found = _HUNK.match(header)
    old, new = (int(found[1][:9]), int(found[3][:9])) if found else (0, 0)
    read = list[_Reading]()
    for row in rows:
        sign, text = (row[0], row[1:]) if row[:1] in ("+", "-", "\\", " ") else (" ", row)
        took = sign in "- ", sign in "+ "
        read.append(_Reading(sign, text, old if took[0] else None, new if took[1] else None))
        old, new = old + took[0], new + took[1]
    return read


def _hunk(header: str, pairs: Sequence[_Pair], rows: Sequence[_Reading], colours: _Colours) -> Hunk:
    """Return the pairs of a hunk that are shown, which are of these rows."""
    taken = {id(row) for pair in pairs for row in pair}
    read = [row for row in rows if id(row) in taken]
    for side in ("- ", "+ "):  # the line that both have is coloured as it is now
        its = [item for item in read if item.sign in side]
        for item, pieces in zip(its, _pieces([item.text for item in its], colours), strict=True):
            item.pieces = pieces
    for item in read:  # what is about the file and not in it
        item.pieces = item.pieces or [("", item.text.strip())]
    for left, right in pairs:
        if left is not None and right is not None and left is not right:
            left.marks, right.marks = differing(left.text[:_MOST_COLUMNS], right.text[:_MOST_COLUMNS])
    made = {id(row): row.line() for row in read}
    shown = tuple(tuple(None if row is None else made[id(row)] for row in pair) for pair in pairs)
    return Hunk(header, tuple(made.values()), shown)  # type: ignore[arg-type]


def _pairs(rows: Sequence[_Reading]) -> Iterator[_Pair]:
    """Yield what stands side by side: a line that both have beside itself, others beside what they became."""
    gone, come = list[_Reading](), list[_Reading]()
    for row in [*rows, None]:
        if row is not None and row.sign in "-+\\" and not (row.sign == "-" and come and come[-1].sign == "+"):
            last = come or gone
            (gone if row.sign == "-" else come if row.sign == "+" else last).append(row)
            continue
        for a, b in aligned([item.text for item in gone], [item.text for item in come]):
            yield (None if a is None else gone[a], None if b is None else come[b])
        gone, come = [], []
        if row is not None and row.sign == "-":
            gone.append(row)
        elif row is not None:
            yield row, row


def _pieces(lines: Sequence[str], colours: _Colours) -> Iterator[list[tuple[str, str]]]:
    """Yield the pieces of each line: what a piece is, in short, and its text."""
    short = [line if len(line) <= _MOST_COLUMNS else line[:_MOST_COLUMNS] for line in lines]
    coloured = colours.of(short)
    for n, line in enumerate(lines):
        pieces = [("", short[n])] if coloured is None else coloured[n]
        if len(line) > _MOST_COLUMNS:
            pieces = [*pieces, ("muted", f" …  {len(line) - _MOST_COLUMNS} more characters")]
        yield pieces or [("", "")]


def _marked(pieces: Iterable[tuple[str, str]], marks: Sequence[tuple[int, int]], sign: str = " ") -> Markup:
    """Return pieces as markup, with marks around the columns that differ; all of their text is escaped."""
    around = Markup("<del>{}</del>") if sign == "-" else Markup("<ins>{}</ins>")
    shown = Markup("")
    for is_marked, parts in groupby(_cut(pieces, marks), key=itemgetter(0)):
        by_name = groupby(parts, key=itemgetter(1))
        part = Markup("").join(_piece(name, "".join(text for *_, text in same)) for name, same in by_name)
        shown += around.format(part) if is_marked else part
    return shown


def _cut(pieces: Iterable[tuple[str, str]], marks: Sequence[tuple[int, int]]) -> Iterator[tuple[bool, str, str]]:
    """Yield pieces, cut where a mark begins or ends: whether marked, what it is, its text."""
    edges, at = sorted({edge for mark in marks for edge in mark}), 0
    for name, text in pieces:
        inner = [edge for edge in edges if at < edge < at + len(text)]
        for start, end in zip([at, *inner], [*inner, at + len(text)], strict=True):
            yield any(low <= start < high for low, high in marks), name, text[start - at : end - at]
        at += len(text)


def _piece(name: str, text: str) -> Markup:
    return Markup('<span class="{}">{}</span>').format(name, text) if name else escape(text)
