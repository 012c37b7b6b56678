"""The shell code that enters an environment: for bash, zsh and sh, any number of times one after the other."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.state.directory import status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.backends.backend import Applied

__all__ = ["LEAVE", "Entering", "entered_by", "nothing_to_enter"]

# What an environment before this one has set goes first, so that who changes from one to the other, or enters the same
# one when it was applied again, is in that one alone. POSIX, 2.6.2: `%%` and `#` take patterns; between double quotes
# a path is no pattern. A list of names goes through `eval`, because zsh splits no parameter into words.
LEAVE = """\
if [ -n "${DEVKEEL_PATH:-}" ]; then
  case ":${PATH:-}:" in
  *":$DEVKEEL_PATH:"*)
    devkeel_path=":$PATH:"
    devkeel_path=${devkeel_path%%":$DEVKEEL_PATH:"*}:${devkeel_path#*":$DEVKEEL_PATH:"}
    devkeel_path=${devkeel_path#:}
    PATH=${devkeel_path%:}
    unset devkeel_path ;;
  esac
fi
if [ -n "${DEVKEEL_VARIABLES:-}" ]; then eval "unset $DEVKEEL_VARIABLES"; fi
case $- in *i*) PS1=${PS1-}; PS1=${PS1#"${DEVKEEL_PROMPT:+$DEVKEEL_PROMPT }"} ;; esac
unset DEVKEEL_PATH DEVKEEL_VARIABLES DEVKEEL_PROMPT DEVKEEL_ENVIRONMENT"""
# direnv-stdlib(1), watch_file; direnv says by this variable that it evaluates an .envrc (direnv, stdlib.sh).
_WATCH = 'if [ -n "${DIRENV_IN_ENVRC:-}" ]; then watch_file %s; fi'
_PATH = "PATH"
# POSIX, 3.216: a shell takes no other name in `export`.
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# inode(7): a copy has a number of its own, so that a clone at the place of a project that is gone is not taken for it.
_HELD = 'case " $(command ls -di %s 2>/dev/null)" in *" %d "*) ;; *) false ;; esac'
_ENTERED = re.compile(
    r"# devkeel: (?P<name>[\w-]+) \((?P<backend>\w+)\)\n(?:if .*; fi\n)?if \[ -e (?P<prefix>(?s:.+?)) \]"
    r'(?: && case " \$\(command ls -di (?P<held>(?s:.+)) 2>/dev/null\)" in \*" (?P<inode>\d+) "\*\).*)?; then\n'
)


class Entering(Struct, frozen=True):
    """An environment as a shell enters it.

    name: of the environment. prompt: what the shell's prompt shows, None for nothing. file: the file that changes when
    another environment is to be entered, which direnv then watches. held: the directory of the project that holds the
    environment, and its inode.
    """

    name: str
    applied: Applied
    prompt: str | None = None
    file: Path | None = None
    held: tuple[Path, int] | None = None

    @property
    def said(self) -> dict[str, str]:
        """What it says of itself, also to a command: its name, the prompt, and what it sets, by which it is left."""
        own = self._own
        path = own.pop(_PATH, "")
        said = {"DEVKEEL_ENVIRONMENT": self.name, "DEVKEEL_VARIABLES": " ".join(own)}
        said |= {"DEVKEEL_PATH": path} if path else {}
        return said if self.prompt is None else {**said, "DEVKEEL_PROMPT": self.prompt}

    @property
    def _own(self) -> dict[str, str]:
        return {name: value for name, value in self.applied.variables.items() if _NAME.fullmatch(name)}

    def code(self) -> str:
        """Return the code; it leaves a shell as it is, and says so, where the environment is gone by then."""
        watching = () if self.file is None else (_WATCH % shlex.quote(str(self.file)),)
        gone = f"devkeel: the environment {self.name} is gone from this machine: `devkeel apply` makes it again."
        return "\n".join(
            (
                f"# devkeel: {self.name} ({self.applied.backend})",
                *watching,
                f"if {self._is_there()}; then",
                LEAVE,
                *self._exports(),
                f"else printf '%s\\n' {shlex.quote(gone)} >&2; fi",
                "",
            )
        )

    def _is_there(self) -> str:
        there = f"[ -e {shlex.quote(self.applied.prefix)} ]"
        if self.held is None:
            return there
        place, inode = self.held
        return f"{there} && {_HELD % (shlex.quote(str(place)), inode)}"

    def _exports(self) -> Iterator[str]:
        yield from (f"unset {name}" for name in self.applied.unset)
        own = {name: value for name, value in self._own.items() if name != _PATH}
        # POSIX, 2.2.2: between single quotes nothing means anything, so that no value of a variable is a command.
        for name, value in {**own, **self.said}.items():
            yield f"export {name}={shlex.quote(value)}"
        if "DEVKEEL_PATH" in self.said:
            yield 'export PATH="$DEVKEEL_PATH${PATH:+:$PATH}"'
        if self.prompt is not None:
            yield 'case $- in *i*) PS1="$DEVKEEL_PROMPT $PS1" ;; esac'


def nothing_to_enter(why: str, file: Path | None = None) -> str:
    """Return code that enters nothing and says why."""
    watching = () if file is None else (_WATCH % shlex.quote(str(file)),)
    return "\n".join((*watching, f"printf '%s\\n' {shlex.quote(f'devkeel: {why}')} >&2", ""))


def entered_by(text: str) -> tuple[str, str] | None:
    """Return name and backend of the environment that a code enters now; None for none, or one that is not there."""
    found = _ENTERED.match(text)
    if found is None or not os.path.lexists(_unquoted(found["prefix"])):
        return None
    info = status(Path(_unquoted(found["held"]))) if found["held"] else None
    gone = bool(found["held"]) and (info is None or info.st_ino != int(found["inode"]))
    return None if gone else (found["name"], found["backend"])


def _unquoted(text: str) -> str:
    return "".join(shlex.split(text))
