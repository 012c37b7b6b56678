"""What a caller can do next, as data inside a sentence: each client says it in its own words, where it answers.

`f"Apply it with {do('apply')}, then repeat the command."` is one sentence for every client. A marker is text, so it
survives joining and JSON: a job's error may be stored by one client and read by another.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Literal

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["MARKS", "Said", "again", "argument", "do", "plainly", "say"]

# Two noncharacters, which Unicode leaves to programs for their own use and never assigns (chapter 23.7).
# `text.clean` drops them, so that text of a repository holds no marker where it was cleaned.
MARKS = "\ufdd0\ufdd1"
_MARKED = re.compile(f"{MARKS[0]}([^{MARKS}]*){MARKS[1]}")


class Said(Struct, frozen=True):
    """What a marker stands for.

    kind: do is a call of `name`; again is the caller's own call with other arguments, and has no name; argument is the
    name of an argument, which may have a value. arguments: by the library's names; False: to be left out.
    """

    kind: Literal["do", "again", "argument"]
    name: str = ""
    arguments: Mapping[str, object] = field(default_factory=dict)


def do(action: str, /, **arguments: object) -> str:
    """Return a marker for a call: `do("make", environment="dev")`. It reads as the name of a thing does."""
    return _marker("do", action, {name: value for name, value in arguments.items() if value is not None})


def again(**arguments: object) -> str:
    """Return a marker for the caller's own call with other arguments: `again(level="schema")`; False leaves one out."""
    return _marker("again", "", arguments)


def argument(name: str, value: object = None) -> str:
    """Return a marker for the name of an argument, or for the argument with a value, for messages about it."""
    return _marker("argument", name, {} if value is None else {name: value})


def say(text: str, speaker: Callable[[Said], str]) -> str:
    """Return text with the words of a client in place of the markers. What is no marker of ours stays as it is."""
    if MARKS[0] not in text:
        return text

    def spoken(found: re.Match[str]) -> str:
        said = _read(found[1])
        return found[0] if said is None else speaker(said)

    return _MARKED.sub(spoken, text)


def said_in(text: str) -> list[Said]:
    """Return what the markers of a text stand for, in their order."""
    found = list[Said]()

    def kept(said: Said) -> str:
        found.append(said)
        return ""

    say(text, kept)
    return found


def plainly(said: Said) -> str:
    """Return what is said where there is no client: the library's own names."""
    given = ", ".join(
        f"no {name}" if value is False else f"{name}={json.dumps(value)}" for name, value in said.arguments.items()
    )
    name = "the same call" if said.kind == "again" else said.name
    return f"{name} with {given}" if given else name


def _marker(kind: str, name: str, arguments: Mapping[str, object]) -> str:
    # ASCII only: a value that holds a mark of ours is escaped, so that markers do not nest.
    return f"{MARKS[0]}{json.dumps([kind, name, arguments], default=str)}{MARKS[1]}"


def _read(text: str) -> Said | None:
    try:
        kind, name, arguments = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return None
    if kind not in ("do", "again", "argument") or not isinstance(name, str) or not isinstance(arguments, dict):
        return None
    if not all(_is_given(value) for value in arguments.values()):
        return None
    return Said(kind, name, arguments)


def _is_given(value: object) -> bool:
    # What `do` is given, no deeper: a forged nest of lists would exhaust the stack of the client that says it.
    return not isinstance(value, dict) and not (
        isinstance(value, list) and any(isinstance(item, (dict, list)) for item in value)
    )
