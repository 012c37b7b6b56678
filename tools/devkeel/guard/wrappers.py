"""What a command really runs: through sudo, env, a shell's -c, and what enters an environment first."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.guard.words import split
from devkeel.source import shell

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Unwrapped", "invocations"]

_MOST_DEPTH = 5
# Their options that take a word of their own, as their manual pages have them.
_PLAIN = {
    "sudo": ("-u", "-g", "-h", "-p", "-C", "-T", "-D", "-R", "-r", "-t", "-U", "--user", "--group", "--chdir"),
    "doas": ("-u", "-C"),
    "env": ("-u", "-C", "--unset", "--chdir"),
    "nice": ("-n", "--adjustment"),
    "ionice": ("-c", "-n", "-p", "--class", "--classdata"),
    "stdbuf": ("-i", "-o", "-e", "--input", "--output", "--error"),
    "time": ("-f", "-o", "--format", "--output"),
    "xargs": ("-a", "-d", "-E", "-I", "-L", "-n", "-P", "-s", "--arg-file", "--delimiter", "--max-args", "--max-procs"),
    "timeout": ("-k", "-s", "--kill-after", "--signal"),
    "exec": ("-a",),
    **dict.fromkeys(("nohup", "setsid", "builtin", "coproc", "unbuffer", "chronic"), ()),
}
# How many words stand between their options and the command.
_BEFORE = {"timeout": 1}
# What runs a command in an environment: the words that lead to it, and options with a word of their own.
_UV_RUN = (
    "--with",
    "--with-editable",
    "-p",
    "--python",
    "--group",
    "--extra",
    "--project",
    "--directory",
    "--env-file",
)
_ENTERING = {
    ("uv", "run"): _UV_RUN,
    **{(name, "run"): () for name in ("poetry", "pipenv", "pdm", "rye", "pixi")},
    **{(name, "run"): ("-n", "--name", "-p", "--prefix", "--cwd") for name in ("conda", "mamba", "micromamba")},
    ("devkeel", "run"): ("--env", "--root"),
    ("devenv", "shell"): (),
    ("direnv", "exec"): (),
}
_BEFORE_ENTERED = {("direnv", "exec"): 1}
# With -c they run a text of shell too, as another user.
_AS_ANOTHER = frozenset({"su", "runuser"})
_SHELLS = frozenset({"sh", "bash", "dash", "zsh", "ksh", "ash"})
_LINE = dict.fromkeys((("nix", "develop"), ("nix", "shell")), ("-c", "--command"))
_PYTHON = re.compile(r"(?:python|pypy)(?:\d(?:\.\d+)?)?|py")
_ASSIGNED = re.compile(r"[A-Za-z_]\w*=")


class Unwrapped(Struct, frozen=True):
    """A program with its arguments. place: the directory by which the line names it, `` for none.

    folder: where the line changed to before, `` for nowhere. entered: the virtual environment that it activated before.
    superuser: whether as another user.
    """

    program: str
    arguments: tuple[str, ...]
    place: str = ""
    folder: str = ""
    entered: str = ""
    superuser: bool = False


def invocations(text: str, depth: int = 0) -> Iterator[Unwrapped]:
    """Yield what a text of shell runs, each without what wraps it; nothing is guessed of what expansions give."""
    if depth > _MOST_DEPTH:
        return
    folder = entered = ""
    for command in shell.commands(text):
        for words, superuser in _unwrapped(command.words, False, depth):
            program = posixpath.basename(words[0])
            place = posixpath.dirname(words[0])
            if program == "cd" and len(words) > 1:
                folder = posixpath.join(folder, words[-1])
            elif program in ("source", ".") and len(words) > 1 and words[1].endswith("/bin/activate"):
                entered = posixpath.join(folder, words[1].removesuffix("/bin/activate"))
            inner = _inner(program, words[1:], command.fed)
            if inner is not None:
                yield from invocations(inner.replace(shell.UNKNOWN, "$_"), depth + 1)
            else:
                yield Unwrapped(program, words[1:], place, folder, entered, superuser)


def _unwrapped(words: tuple[str, ...], superuser: bool, depth: int) -> Iterator[tuple[tuple[str, ...], bool]]:
    while words and _ASSIGNED.match(words[0]):
        words = words[1:]
    if not words or depth > _MOST_DEPTH:
        return
    program = posixpath.basename(words[0])
    superuser = superuser or program in ("sudo", "doas")
    inner = _wrapped(program, words[1:], posixpath.dirname(words[0]))
    if inner is None:
        yield words, superuser
    elif inner:
        yield from _unwrapped(inner, superuser, depth + 1)


def _wrapped(program: str, arguments: tuple[str, ...], place: str) -> tuple[str, ...] | None:
    """Return the command that another one runs, () where it runs none, None where it is no wrapper."""
    if program == "command":  # POSIX: with -v or -V it only says what the name is
        return () if arguments[:1] in (("-v",), ("-V",)) else split(arguments, ()).rest
    if program == "xargs":  # what it reads becomes words of the command
        return (*split(arguments, _PLAIN[program]).rest, shell.UNKNOWN)
    if program in _PLAIN:
        return split(arguments, _PLAIN[program]).rest[_BEFORE.get(program, 0) :]
    return _module(arguments, place) if _PYTHON.fullmatch(program) else _entered(program, arguments)


def _entered(program: str, arguments: tuple[str, ...]) -> tuple[str, ...] | None:
    """Return the command that runs in an environment which another one enters first."""
    leading = (program, *arguments[:1])
    if leading in _ENTERING:
        return split(arguments[1:], _ENTERING[leading]).rest[_BEFORE_ENTERED.get(leading, 0) :]
    if leading in _LINE:
        at = next((at for at, word in enumerate(arguments) if word in _LINE[leading]), None)
        return () if at is None else arguments[at + 1 :]
    return None


def _module(arguments: tuple[str, ...], place: str) -> tuple[str, ...] | None:
    """Return the module that Python runs with its arguments, as a program of that name beside it."""
    at = 0
    while at < len(arguments) and arguments[at].startswith("-"):
        if arguments[at] == "-m" and len(arguments) > at + 1:
            return (posixpath.join(place, arguments[at + 1]), *arguments[at + 2 :])
        at += 2 if arguments[at] in ("-W", "-X") else 1
    rest = arguments[at:]
    return rest if rest and posixpath.basename(rest[0]) == "setup.py" else None


def _inner(program: str, arguments: tuple[str, ...], fed: str | None) -> str | None:
    """Return the text of shell that a command runs, None where it runs none; `` for one that is not known."""
    if program == "eval":
        return " ".join(arguments)
    if program == "nix-shell":
        found = split(arguments, ("--run", "--command", "-p", "--packages", "-I", "--arg", "--argstr"))
        return next((item for name in ("--run", "--command") for item in found.values.get(name, ())), None)
    if program not in _SHELLS and program not in _AS_ANOTHER:
        return None
    for at, word in enumerate(arguments):
        if re.fullmatch(r"-[a-zA-Z]*c", word):
            return arguments[at + 1] if len(arguments) > at + 1 else ""
    found = split(arguments, ("-o", "-O", "--rcfile", "--init-file"))
    if program in _SHELLS and fed is not None and (not found.rest or "-s" in found.flags):
        return fed
    return None
