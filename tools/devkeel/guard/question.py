"""What is asked of the guard, and what it answers: plain records, which load nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Answer", "Patch", "Question", "Replacement", "Replacing", "Running", "WholeFile"]


class WholeFile(NamedTuple):
    """A file is given a whole new content; or more of it, behind what is there."""

    path: str
    content: str
    appends: bool = False


class Replacement(NamedTuple):
    """One exact text by another. times: how often it must occur; 0 for as often as it does."""

    old: str
    new: str
    times: int = 1


class Replacing(NamedTuple):
    """Texts in a file are replaced, one after the other."""

    path: str
    replacements: tuple[Replacement, ...]


class Patch(NamedTuple):
    """Several files are changed by one text in the format of Codex (`*** Begin Patch`)."""

    text: str


class Running(NamedTuple):
    """A text is given to a shell."""

    command: str


class Question(NamedTuple):
    """What a tool of an agent is about to do, and the directory that it stands in."""

    act: WholeFile | Replacing | Patch | Running
    folder: str


class Answer(NamedTuple):
    """What is wrong with it and what to do instead. No answer at all: nothing is decided.

    decision: deny, ask (a person), or tell (and let it go on). reason: a sentence of the library. edits: what to ask
    devkeel for, as one change. creates: they begin a file that is missing. next: what to do where no edit says it.
    """

    decision: Literal["deny", "ask", "tell"]
    reason: str
    edits: tuple[Mapping[str, Any], ...] = ()
    creates: bool = False
    next: str = ""
