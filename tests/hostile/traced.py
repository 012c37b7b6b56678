"""What a command and all that it starts do, as strace has it."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

__all__ = ["Call", "Trace", "read", "strace", "traced"]

_STARTS = "execve,execveat"
_LOOKS = "open,openat,openat2,stat,lstat,newfstatat,access,faccessat,faccessat2,readlink,readlinkat"
_LINE = re.compile(r"^(?P<pid>\d+) +(?P<call>\w+)\((?P<rest>.*)$")
_TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"')
_AT = re.compile(r"^(?:AT_FDCWD|\d+)<(?P<place>[^>]*)>")


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a process: `path` absolute as far as strace tells it. failed: the error, or nothing."""

    pid: int
    name: str
    path: str
    arguments: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Trace:
    """What was called, in order; the first process is the command itself."""

    calls: tuple[Call, ...]

    @property
    def programs(self) -> tuple[Call, ...]:
        """The programs that were started."""
        return tuple(call for call in self.calls if call.name.startswith("execve") and not call.failed)

    def looked_up(self, root: Path) -> Iterator[Call]:
        """Yield what programs that the first one started looked for below a directory."""
        first, started = self.calls[0].pid, {call.pid for call in self.programs}
        for call in self.calls:
            if call.pid != first and call.pid in started and call.path.startswith(f"{root}/"):
                yield call


def traced(record: Path, *, looks: bool = True) -> list[str]:
    """Return the words before a command that have strace write down what it and all that it starts do.

    looks: which files they look for too, and not only what is started.
    """
    calls = f"{_STARTS},{_LOOKS}" if looks else _STARTS
    how = ("-f", "-qq", "-v", "-y", "-s", "4096", "--seccomp-bpf", "-e", f"trace={calls}", "-o", str(record))
    return ["strace", *how]


def strace(
    command: list[str], folder: Path, *, cwd: Path, environment: Mapping[str, str], looks: bool = True
) -> tuple[Trace, bytes]:
    """Run a command to its end, with all that it leaves in the background; return what was called, and its output."""
    record = folder / "trace"
    argv = [*traced(record, looks=looks), *command]
    done = subprocess.run(
        argv, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False
    )
    return read(record), done.stdout + done.stderr


def read(record: Path) -> Trace:
    """Return what strace wrote down."""
    return Trace(tuple(_calls(record)))


def _calls(record: Path) -> Iterator[Call]:
    begun: dict[int, str] = {}
    with record.open(errors="replace") as lines:
        for line in lines:
            found = _LINE.match(line)
            if found is None:
                if resumed := re.match(r"^(\d+) +<\.\.\. \w+ resumed>(.*)$", line):
                    found = _LINE.match(begun.pop(int(resumed[1]), "") + resumed[2])
                if found is None:
                    continue
            if found["rest"].endswith("<unfinished ...>"):
                begun[int(found["pid"])] = line.rstrip("\n").removesuffix("<unfinished ...>")
                continue
            yield _call(int(found["pid"]), found["call"], found["rest"])


def _call(pid: int, name: str, rest: str) -> Call:
    texts = _TEXT.findall(rest)
    path = texts[0] if texts else ""
    if not path.startswith("/") and (at := _AT.match(rest)):
        path = os.path.normpath(f"{at['place']}/{path}")
    failed = re.search(r"= -1 E[A-Z]+", rest) is not None
    if not name.startswith("execve"):
        return Call(pid, name, path, failed=failed)
    arguments, _, variables = rest.partition("], [")
    return Call(pid, name, path, tuple(_TEXT.findall(arguments)[1:]), tuple(_TEXT.findall(variables)), failed)
