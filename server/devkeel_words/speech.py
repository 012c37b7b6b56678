"""The words of each client for what a sentence of the library marks; see `devkeel.text.actions`."""

from __future__ import annotations

import json
import re
import shlex
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from devkeel.deferred import Deferred
from devkeel.text.actions import plainly
from devkeel_words.vocabulary import ACTIONS, ARGUMENTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from urllib import parse as addresses

    from devkeel.text.actions import Said
    from devkeel_words.vocabulary import Action, Argument

if not TYPE_CHECKING:
    addresses = Deferred("urllib.parse")

__all__ = ["Speech", "as_command", "as_link", "as_tool", "filled"]

_BLANK = re.compile(r"\{(\w+)\}$")
_PLAIN = re.compile(r"[\w./@:-]+")


def filled(column: str, arguments: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Return the words of a column that stand, in order, each with what is given in its place, or None."""
    for word in column.split():
        blank = _BLANK.search(word)
        if blank is None:
            yield word, None
        elif arguments.get(blank[1]) not in (None, False):
            yield word[: blank.start()].removesuffix("="), arguments[blank[1]]


def _blanks(row: Action) -> set[str]:
    return {found[1] for word in row.command.split() if (found := _BLANK.search(word))}  # the same in each column


class Speech(ABC):
    """How one client says what is marked. What the vocabulary does not have is said in the library's own words."""

    same: ClassVar[str]

    def __call__(self, said: Said) -> str:
        """Return the words for a marker: those that leave out none of its arguments."""
        if said.kind == "do" and said.name in ACTIONS and said.arguments.keys() <= _blanks(ACTIONS[said.name]):
            return self.do(said.name, said.arguments)
        if said.kind == "argument" and said.name in ARGUMENTS and said.arguments.keys() <= {said.name}:
            row = ARGUMENTS[said.name]
            return self.given(row, said.arguments[said.name]) if said.name in said.arguments else self.argument(row)
        if said.kind == "again" and not said.name and said.arguments.keys() <= ARGUMENTS.keys():
            return self.again(said.arguments)
        return plainly(said)

    def again(self, arguments: Mapping[str, object]) -> str:
        """Return what to call the caller's own call with other arguments."""
        given = [self.given(ARGUMENTS[name], value) for name, value in arguments.items() if value is not False]
        left_out = [self.argument(ARGUMENTS[name]) for name, value in arguments.items() if value is False]
        parts = [f"with {' and '.join(given)}"] if given else []
        parts += [f"without {' and '.join(left_out)}"] if left_out else []
        return " ".join([self.same, *parts])

    @abstractmethod
    def do(self, action: str, arguments: Mapping[str, object]) -> str:
        """Return what to call an action with arguments."""

    @abstractmethod
    def argument(self, row: Argument) -> str:
        """Return what to call an argument."""

    @abstractmethod
    def given(self, row: Argument, value: object) -> str:
        """Return what to call an argument that has a value."""


class _Tools(Speech):
    """An agent's: tools with their arguments. What is not for an agent is a command that the user can run."""

    same = "the same call"

    def do(self, action: str, arguments: Mapping[str, object]) -> str:
        column = ACTIONS[action].tool
        if column is None:
            return f"{as_command.do(action, arguments)} (the user's command, no tool)"
        (name, _), *given = filled(column, arguments)
        said = [word if value is None else f"{word}={_as_json(value)}" for word, value in given]
        return f"{name} with {', '.join(said)}" if said else name

    def argument(self, row: Argument) -> str:
        return row.tool

    def given(self, row: Argument, value: object) -> str:
        return f"{row.tool}={_as_json(value)}"


class _Commands(Speech):
    """A person's: command lines, with quotes for what a shell would take apart."""

    same = "the same command"

    def do(self, action: str, arguments: Mapping[str, object]) -> str:
        typed = ["devkeel"]
        for word, value in filled(ACTIONS[action].command, arguments):
            typed += [word] if word else []
            typed += _typed(value)
        return f"`{shlex.join(typed)}`"

    def argument(self, row: Argument) -> str:
        return row.command

    def given(self, row: Argument, value: object) -> str:
        return shlex.join([row.command, *_typed(value)])


class _Links(Speech):
    """A page's: where it has what is meant, and what to fill in there; the command for what it has not."""

    same = "the same"

    def do(self, action: str, arguments: Mapping[str, object]) -> str:
        address = next(_addresses(ACTIONS[action], arguments), None)
        if address is None:
            return as_command.do(action, arguments)
        given = "".join(f", {name} {_as_json(value)}" for name, value in arguments.items())
        return f"[{action.replace('_', ' ')}{given}]({address})"

    def argument(self, row: Argument) -> str:
        return row.link

    def given(self, row: Argument, value: object) -> str:
        return f"{row.link} {_as_json(value)}"


def _addresses(row: Action, arguments: Mapping[str, object]) -> Iterator[str]:
    """Yield the addresses of the page whose values are given, in the order of their column."""
    for word in (row.link or "").split():
        blank = _BLANK.search(word)
        if blank is None:
            yield word
        elif arguments.get(blank[1]) not in (None, False):
            yield f"{word[: blank.start()]}{addresses.quote(str(arguments[blank[1]]), safe='')}"


def _as_json(value: object) -> str:
    """Return a value as an agent gives it: text without quotes where it cannot be read as something else."""
    return value if isinstance(value, str) and _is_plain(value) else json.dumps(value, ensure_ascii=False)


def _is_plain(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return _PLAIN.fullmatch(text) is not None
    return False


def _typed(value: object) -> list[str]:
    if value is None or value is True:
        return []
    if isinstance(value, list):
        return [word for item in value for word in _typed(item)]
    return [value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)]


as_tool, as_command, as_link = _Tools(), _Commands(), _Links()
