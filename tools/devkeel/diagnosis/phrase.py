"""A sentence that programs print when they fail, as a row: what it looks like, and what it says is missing."""

from __future__ import annotations

import re
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from devkeel.diagnosis.cause import Kind

__all__ = ["Phrase"]

_SUBJECTS = 8


class Phrase(Struct, frozen=True):
    """A sentence of a program.

    name: the tool and what it says, `gcc.header`. kind: of the cause. hint: a text that every such sentence has, as it
    is written; only lines with it are looked at closer. pattern: what the line is like; its group `subject` is the
    cause's, all other groups are facts. lines: how many lines from that one on the pattern sees, joined by line ends,
    and before: how many before it. weight: greater is nearer to the root: 90 for what names the missing thing itself,
    50 for what names something around it, 10 for what only says that there was a failure. subject: what the cause is
    about where the text does not name it; it may be made of the other groups, as `git-{part}` is. facts: what is known
    beside the text. separator: a pattern of what stands between several subjects that one sentence has. judge: a last
    look at the match, with the whole text; it returns whether that is a cause at all.
    """

    name: str
    kind: Kind
    hint: str
    pattern: str
    lines: int = 1
    before: int = 0
    weight: int = 50
    subject: str = ""
    facts: Mapping[str, str] = MappingProxyType({})
    separator: str = ""
    judge: Callable[[re.Match[str], str], bool] | None = None

    def parted(self, said: str) -> tuple[str, ...]:
        """Return the subjects of a sentence, the first ones where it has very many."""
        if not self.separator:
            return (said,)
        parts = (item.strip() for item in _compiled(self.separator).split(said, maxsplit=_SUBJECTS))
        return tuple(dict.fromkeys(item for item in parts if item))[:_SUBJECTS]

    @property
    def expression(self) -> re.Pattern[str]:
        """The pattern, compiled once."""
        return _compiled(self.pattern)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.MULTILINE)
