"""What a command says on its output, as far as its text shows: `echo`, `printf`, `cat` of a heredoc."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from devkeel.source.shell import UNKNOWN

if TYPE_CHECKING:
    from devkeel.source.shell import Command

__all__ = ["literally", "roughly"]

_FLAGS = re.compile(r"-[neE]+")
_STRINGS = re.compile(r"%s(?:\\n)?")


def literally(command: Command) -> str | None:
    """Return the text that a command certainly says, None where a shell or an escape decides it."""
    name, arguments = command.words[0] if command.words else "", command.words[1:]
    if command.words == ("cat",):
        return command.fed if command.plain else None
    if any(UNKNOWN in item for item in arguments):
        return None
    if name in (":", "true"):
        return ""
    if name == "printf":
        return _formatted(arguments)
    if name != "echo":
        return None
    flags = [item for item in arguments[:1] if _FLAGS.fullmatch(item)]
    text = " ".join(arguments[len(flags) :])
    # POSIX leaves to each shell what echo makes of a backslash.
    return None if "\\" in text else text + ("" if flags and "n" in flags[0] else "\n")


def roughly(command: Command) -> str | None:
    """Return the same with what is not known left in it: enough to find what a shell would run of it."""
    name, arguments = command.words[0] if command.words else "", command.words[1:]
    if command.words == ("cat",):
        return command.fed
    if name not in ("echo", "printf"):
        return None
    words = [item for item in arguments if not _FLAGS.fullmatch(item) and not _STRINGS.fullmatch(item)]
    return " ".join(words).replace("\\n", "\n")


def _formatted(arguments: tuple[str, ...]) -> str | None:
    form, given = (arguments[0], arguments[1:]) if arguments else ("", ())
    if _STRINGS.fullmatch(form):
        return "".join(f"{item}{'' if form == '%s' else chr(10)}" for item in given)
    text = form.replace("\\n", "\n").replace("\\t", "\t")
    return None if given or "%" in text or "\\" in text else text
