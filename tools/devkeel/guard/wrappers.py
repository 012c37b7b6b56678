"""What a command really runs: through sudo, env, a shell's -c, and what enters an environment first."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from devkeel.guard import downloads, spoken
from devkeel.guard.words import split
from devkeel.source import shell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["SCRIPT", "Unwrapped", "invocations"]

# The name under which an installer of the network is run, with its address as the one word.
SCRIPT = "\0script"

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
    "runuser": ("-u", "-g", "-G", "--user", "--group", "--supp-group"),
    "pkexec": ("--user",),
    "run0": ("-u", "-g", "-D", "--user", "--group", "--chdir", "--setenv", "--unit", "--property"),
    "systemd-run": ("-p", "-u", "-E", "--property", "--unit", "--setenv", "--uid", "--gid", "--working-directory"),
    "flock": ("-w", "--timeout", "-E", "--conflict-exit-code"),
    "strace": ("-o", "-e", "-s", "-u", "-E", "-P", "-a", "-I", "-b", "-O", "-S", "-X"),
    "caffeinate": ("-t", "-w"),
    "fakeroot": ("-l", "-s", "-i", "-b", "--lib", "--faked"),
    "screen": ("-S", "-c", "-e", "-h", "-p", "-s", "-t", "-T"),
    "xvfb-run": ("-n", "-s", "-e", "-f", "-p", "-w", "--server-args", "--server-num"),
    **dict.fromkeys(
        (
            *("nohup", "setsid", "builtin", "coproc", "unbuffer", "chronic", "busybox", "arch", "dbus-run-session"),
            *("chrt", "taskset", "gosu", "su-exec", "proxychains", "proxychains4", "torsocks", "unshare", "catchsegv"),
        ),
        (),
    ),
}
# How many words stand between their options and the command.
_BEFORE = {"timeout": 1, "flock": 1, "chrt": 1, "taskset": 1, "gosu": 1, "su-exec": 1}
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
    **{(name, "run"): () for name in ("poetry", "pipenv", "pdm", "rye", "pixi", "hatch", "doppler", "infisical", "op")},
    **{(name, "exec"): () for name in ("pyenv", "rbenv", "nodenv", "asdf", "bundle")},
    **{(name, "run"): ("-n", "--name", "-p", "--prefix", "--cwd") for name in ("conda", "mamba", "micromamba")},
    ("devkeel", "run"): ("--env", "--root"),
    ("devenv", "shell"): (),
    ("direnv", "exec"): (),
}
_BEFORE_ENTERED = {("direnv", "exec"): 1}
# With -c they run a text of shell too: as another user, with a lock, into a record.
_WITH_TEXT = frozenset({"su", "runuser", "flock", "script"})
_SUPERUSER = frozenset({"sudo", "doas", "pkexec", "run0"})
_SHELLS = frozenset({"sh", "bash", "dash", "zsh", "ksh", "ash"})
_LINE = {
    **dict.fromkeys((("nix", "develop"), ("nix", "shell")), ("-c", "--command")),
    **dict.fromkeys((("mise", "exec"), ("mise", "x"), ("rtx", "exec"), ("aws-vault", "exec")), ("--",)),
}
_TMUX = re.compile(r"new(?:-session|-window|w)?|split(?:-window|w)|respawn-(?:pane|window)")
_TMUX_VALUED = ("-t", "-s", "-n", "-c", "-e", "-F", "-x", "-y", "-l", "-p")
_KEYS = re.compile(r"(?:[CMS]-.|Enter|KPEnter|Escape|Tab|Space|BSpace)")
_PYTHON = re.compile(r"(?:python|pypy)(?:\d(?:\.\d+)?)?|py")
# Its options without a value in one word with -m, and what follows that.
_MODULE = re.compile(r"-[bBdEhiIOqsSuvVxP3]*m(.*)")
_ASSIGNED = re.compile(r"[A-Za-z_]\w*=")


class Unwrapped(Struct, frozen=True):
    """A program with its arguments. place: the directory by which the line names it, `` for none.

    folder: where the line changed to before, `` for nowhere. entered: the virtual environment that it activated before.
    superuser: whether as another user. assigned: the variables that the line gives it, with what each is. line: where
    it stands in the text, from 0; of a text within it, where that begins.
    """

    program: str
    arguments: tuple[str, ...]
    place: str = ""
    folder: str = ""
    entered: str = ""
    superuser: bool = False
    assigned: dict[str, str] = {}
    line: int = 0


class _Bare(Struct, frozen=True):
    """Words without what wraps them."""

    words: tuple[str, ...]
    superuser: bool = False
    assigned: tuple[tuple[str, str], ...] = ()


def invocations(text: str, depth: int = 0) -> Iterator[Unwrapped]:
    """Yield what a text of shell runs, each without what wraps it; nothing is guessed of what expansions give."""
    if depth > _MOST_DEPTH:
        return
    folder = entered = ""
    exported, saved = dict[str, str](), dict[str, str]()
    for command in shell.commands(text):
        yield from _fed_to_a_shell(command, saved, depth)
        if command.words == ("export",):
            exported.update(command.assigned)
        for bare in _unwrapped(_Bare(command.words, assigned=command.assigned), depth):
            words, program, place = bare.words, posixpath.basename(bare.words[0]), posixpath.dirname(bare.words[0])
            if program == "cd" and len(words) > 1:
                folder = posixpath.join(folder, words[-1])
            elif program in ("source", ".") and len(words) > 1 and words[1].endswith("/bin/activate"):
                entered = posixpath.join(folder, words[1].removesuffix("/bin/activate"))
            inner = _inner(program, words[1:], command.fed)
            script = saved.get(_file_run(words))
            if inner is not None:
                for item in invocations(inner.replace(shell.UNKNOWN, "$_"), depth + 1):
                    yield replace(item, line=command.line)
            elif script is not None:
                yield Unwrapped(SCRIPT, (script,), line=command.line)
            else:
                given = exported | dict(bare.assigned)
                yield Unwrapped(program, words[1:], place, folder, entered, bare.superuser, given, command.line)


def _fed_to_a_shell(command: shell.Command, saved: dict[str, str], depth: int) -> Iterator[Unwrapped]:
    """Yield what a command's output runs where a shell reads that. saved: gets the installers that become files."""
    address = downloads.downloaded(command.words)
    file = None if address is None else downloads.saved(command)
    if address is not None and file is not None and file != "-":
        saved[posixpath.normpath(file)] = address
        return
    for reader in _unwrapped(_Bare(command.reader), depth):
        program = posixpath.basename(reader.words[0])
        if address is not None and (program in _SHELLS or program == "eval" or _is_interpreter(program)):
            yield Unwrapped(SCRIPT, (address,), line=command.line)
        elif program in _SHELLS and _inner(program, reader.words[1:], "") == "":
            for item in invocations(spoken.roughly(command) or "", depth + 1):
                yield replace(item, line=command.line)


def _is_interpreter(program: str) -> bool:
    return program == "php" or _PYTHON.fullmatch(program) is not None


def _file_run(words: tuple[str, ...]) -> str:
    """Return the script that words run, by its name or by a shell that is given it; `` for none."""
    program = posixpath.basename(words[0])
    given = split(words[1:], ("-o", "-O")).rest if program in {*_SHELLS, "source", "."} else words
    return posixpath.normpath(given[0]) if given else ""


def _unwrapped(bare: _Bare, depth: int) -> Iterator[_Bare]:
    words, assigned = bare.words, bare.assigned
    while words and _ASSIGNED.match(words[0]):
        name, _, value = words[0].partition("=")
        words, assigned = words[1:], (*assigned, (name, value))
    if not words or depth > _MOST_DEPTH:
        return
    program = posixpath.basename(words[0])
    superuser = bare.superuser or program in _SUPERUSER
    inner = _wrapped(program, words[1:], posixpath.dirname(words[0]))
    if inner is None:
        yield _Bare(words, superuser, assigned)
    elif inner:
        yield from _unwrapped(_Bare(inner, superuser, assigned), depth + 1)


def _wrapped(program: str, arguments: tuple[str, ...], place: str) -> tuple[str, ...] | None:
    """Return the command that another one runs, () where it runs none, None where it is no wrapper."""
    if program in _BY_RULES:
        return _BY_RULES[program](arguments)
    if program in _PLAIN and not (program in _WITH_TEXT and _text_of(arguments) is not None):
        return split(arguments, _PLAIN[program]).rest[_BEFORE.get(program, 0) :]
    return _module(arguments, place) if _PYTHON.fullmatch(program) else _entered(program, arguments)


def _named(arguments: tuple[str, ...]) -> tuple[str, ...]:
    """Return what `command` runs. POSIX: with -v or -V it only says what the name is."""
    return () if arguments[:1] in (("-v",), ("-V",)) else split(arguments, ()).rest


def _with_more(arguments: tuple[str, ...]) -> tuple[str, ...]:
    """Return what xargs(1) runs: what it reads becomes words of the command."""
    return (*split(arguments, _PLAIN["xargs"]).rest, shell.UNKNOWN)


def _of_each_file(arguments: tuple[str, ...]) -> tuple[str, ...]:
    """Return the command that find(1) runs with each file, () where it runs none."""
    at = next((at for at, word in enumerate(arguments) if word in ("-exec", "-execdir", "-ok", "-okdir")), None)
    if at is None:
        return ()
    until = next((n for n in range(at, len(arguments)) if arguments[n] in (";", "+")), len(arguments))
    return tuple(shell.UNKNOWN if "{}" in word else word for word in arguments[at + 1 : until])


def _in_parallel(arguments: tuple[str, ...]) -> tuple[str, ...]:
    """Return the command of GNU parallel: with the words behind `:::`, or with some that are not known."""
    words = split(arguments, ("-j", "--jobs", "-a", "--arg-file", "-C", "--colsep", "--joblog", "-n", "-N")).rest
    at = next((at for at, word in enumerate(words) if word.startswith(":::")), len(words))
    given = words[at + 1 :] if words[at : at + 1] == (":::",) else (shell.UNKNOWN,)
    command = tuple(word for word in words[:at] if word != "{}")
    return (*(command[0].replace("{}", "").split() if len(command) == 1 else command), *given)


_BY_RULES = {
    "command": _named,
    "xargs": _with_more,
    "find": _of_each_file,
    "parallel": _in_parallel,
}


def _text_of(arguments: tuple[str, ...]) -> str | None:
    """Return the text behind an option `-c`, among others in one word too; None where there is none."""
    for at, word in enumerate(arguments):
        if re.fullmatch(r"-[a-zA-Z]*c|--command", word):
            return arguments[at + 1] if len(arguments) > at + 1 else ""
        if word.startswith("--command="):
            return word.partition("=")[2]
    return None


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
        found = _MODULE.fullmatch(arguments[at])
        if found is not None:
            words = (found[1], *arguments[at + 1 :]) if found[1] else arguments[at + 1 :]
            return (posixpath.join(place, words[0]), *words[1:]) if words else None
        at += 2 if arguments[at] in ("-W", "-X") else 1
    rest = arguments[at:]
    return rest if rest and posixpath.basename(rest[0]) == "setup.py" else None


def _inner(program: str, arguments: tuple[str, ...], fed: str | None) -> str | None:
    """Return the text of shell that a command runs, None where it runs none; `` for one that is not known."""
    if program in _TEXTS:
        return _TEXTS[program](arguments)
    if program not in _SHELLS and program not in _WITH_TEXT:
        return None
    text = _text_of(arguments)
    if text is not None or program not in _SHELLS:
        return text
    found = split(arguments, ("-o", "-O", "--rcfile", "--init-file"))
    reads = found.rest in ((), ("-",), ("/dev/stdin",)) or "-s" in found.flags
    return fed if reads else None


def _in_nix_shell(arguments: tuple[str, ...]) -> str | None:
    found = split(arguments, ("--run", "--command", "-p", "--packages", "-I", "--arg", "--argstr"))
    return next((item for name in ("--run", "--command") for item in found.values.get(name, ())), None)


def _typed(arguments: tuple[str, ...]) -> str:
    """Return what tmux(1) starts in a window, or types into one."""
    verb, rest = (arguments[0], arguments[1:]) if arguments else ("", ())
    found = split(rest, _TMUX_VALUED)
    if verb in ("send-keys", "send"):
        return " ".join(word for word in found.positional if not _KEYS.fullmatch(word))
    return " ".join(found.rest) if _TMUX.fullmatch(verb) else ""


_TEXTS: dict[str, Callable[[tuple[str, ...]], str | None]] = {
    "eval": " ".join,
    "nix-shell": _in_nix_shell,
    "tmux": _typed,
    "watch": lambda arguments: " ".join(split(arguments, ("-n", "--interval")).rest),
    "trap": lambda arguments: next(iter(arguments), ""),
}
