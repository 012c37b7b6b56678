"""Evidence: what one line of one file says about the environment that a repository needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

if TYPE_CHECKING:
    from devkeel.errors import Place

__all__ = ["About", "Certainty", "Clue"]

# `left`: what a file asks for and devkeel knows no edit of.
About = Literal["language", "service", "package", "variable", "port", "process", "task", "test", "left"]
# certain: the file says it in so many words, and devkeel knows what that is called; likely: it follows from what the
# file says, by convention; possible: a trace that may have another reason.
Certainty = Literal["certain", "likely", "possible"]


class Clue(Struct, frozen=True):
    """What a place in a file says. Two of the same `about` and `name` that differ in the rest disagree.

    name: as the catalogue calls it: `javascript` of `languages.javascript`, `postgres` of `services.postgres`, the
    attribute of a package in nixpkgs, a variable, the service or process whose port it is, a task. version: as it is
    written there, None where it says none. value: of a variable or port, or the command of a process, task or test.
    options: further settings of that language or service, by their path below it; paths: those of them that take a
    file, with it relative to the root. seen: the words that say it, cleaned
    and masked. why: what follows from them, as a clause.
    """

    about: About
    name: str
    place: Place
    certainty: Certainty
    seen: str
    why: str
    version: str | None = None
    value: str | int | None = None
    options: dict[str, Any] = {}
    paths: dict[str, str] = {}
