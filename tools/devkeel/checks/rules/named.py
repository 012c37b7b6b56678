"""One thing that a file brings into a project, as a rule may mean it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devkeel.project.rules import NameRule

__all__ = ["Named", "broken_by", "line_at", "line_with"]


class Named(Struct, frozen=True):
    """What a file names. rule: the one that it is about. names: by any of which a glob may mean it, the plainest first.

    what: it is in words. line: from 1, None where it is not known. sure: whether it is certainly such a thing, so that
    an allow list counts. shorter: less of the name, by which it may be meant too: the set that a package is in. also:
    by what it may be forbidden, and not allowed.
    """

    rule: str
    names: tuple[str, ...]
    what: str
    file: str
    line: int | None = None
    sure: bool = True
    shorter: tuple[str, ...] = ()
    also: tuple[str, ...] = ()


def broken_by(rule: NameRule, item: Named) -> str | None:
    """Return which list of a rule keeps something out, `forbid` or `allow`; None where neither does."""
    if item.also and rule.broken_by(*item.also) == "forbid":
        return "forbid"
    part = rule.broken_by(*item.names, *item.shorter)
    return part if item.sure or part != "allow" else None


def line_at(data: bytes, offset: int) -> int:
    """Return the line of a byte."""
    return data.count(b"\n", 0, offset) + 1


def line_with(data: bytes, word: str, *others: str) -> int | None:
    """Return the first line that holds a text, in small letters, or one of others; None where no line does."""
    wanted = [item.lower() for item in (word, *others) if item]
    lines: Mapping[int, str] = dict(enumerate(data.decode("utf-8", "replace").lower().splitlines(), start=1))
    return next((number for item in wanted for number, text in lines.items() if item in text), None)
