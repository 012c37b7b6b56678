"""Lines of a go.mod: directives, alone or in blocks (https://go.dev/ref/mod, "go.mod files")."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Block", "GoModLine", "read"]

# A word, or a text in either kind of quotes; comments run to the end of the line.
_WORD = re.compile(r"(?P<comment>//[^\r\n]*)|\"[^\"\r\n]*\"|`[^`\r\n]*`|=>|[(),\[\]]|(?:(?!//|=>)[^\s\"`(),\[\]])+")


class Block(Struct, eq=False):
    """A directive with its lines between parentheses. start, end: of the whole; close: where its `)` line begins."""

    verb: str
    start: int
    end: int = 0
    close: int = 0
    comments: int = 0


class GoModLine(Struct, frozen=True):
    """One directive. start, end: its line, with the line break. words: what it says, without the verb, with offsets."""

    verb: str
    start: int
    end: int
    words: tuple[tuple[str, int, int], ...]
    block: Block | None
    comment: str = ""

    @property
    def module(self) -> str:
        """What it is about."""
        return self.words[0][0] if self.words else ""

    @property
    def version(self) -> str | None:
        """The version behind that."""
        return self.words[1][0] if len(self.words) > 1 and self.words[1][0] != "=>" else None

    @property
    def indirect(self) -> bool:
        """Whether no package of this module imports it: it is there for another one."""
        return re.match(r"//\s*indirect\b", self.comment) is not None


def read(text: str) -> tuple[list[GoModLine], list[Block]]:
    """Return the directives of a go.mod, and its blocks."""
    lines, blocks, block = list[GoModLine](), list[Block](), None
    for start, end in _lines(text):
        found = [*_WORD.finditer(text, start, end)]
        comment = next((item[0] for item in found if item["comment"]), "")
        words = tuple((item[0].strip('"`'), item.start(), item.end()) for item in found if not item["comment"])
        if block is not None and words and words[0][0] == ")":
            block.close, block.end, block = start, end, None
        elif block is not None:
            block.comments += bool(comment) and not words
            if words:
                lines.append(GoModLine(block.verb, start, end, words, block, comment))
        elif len(words) > 1 and words[1][0] == "(" and len(words) == 2:  # noqa: PLR2004  (the verb and its parenthesis)
            block = Block(words[0][0], start)
            blocks.append(block)
        elif words:
            lines.append(GoModLine(words[0][0], start, end, words[1:], None, comment))
    return lines, blocks


def _lines(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    while start < len(text):
        end = text.find("\n", start) + 1 or len(text)
        yield start, end
        start = end
