"""The one subprocess wrapper: argv only, a session of its own, a deadline, the whole group killed at its end."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from devkeel.errors import Unavailable
from devkeel.runtime.tree import end_tree, spare

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["Completed", "find_program", "run", "start_detached"]

# What a child may see of our environment.
_BASE = ("HOME", "PATH", "USER", "LANG", "LC_ALL", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME")
_NIX = ("NIX_PATH", "NIX_REMOTE", "NIX_CONF_DIR", "NIX_SSL_CERT_FILE")
_GRACE = 2.0
_LIMIT = 16 * 1024 * 1024
_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Completed:
    """A program that ended: its argv, exit code (negative: killed by that signal), output as bytes.

    Output beyond the limit is left out in its middle.
    """

    argv: tuple[str, ...]
    returncode: int
    stdout: bytes
    stderr: bytes


def find_program(name: str) -> str | None:
    """Return the path of a program, or None when it is not on PATH."""
    return shutil.which(name)


def run(
    argv: tuple[str, ...],
    *,
    stdin: bytes = b"",
    timeout: float,
    environment: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    limit: int = _LIMIT,
) -> Completed:
    """Run a program to its end and return its output.

    timeout: seconds. environment: variables beside the few that every child sees. limit: bytes of each output that are
    kept. Raises Unavailable `timeout` when it does not end in time (its group is killed), or `program_missing` when it
    is not there. A failing exit code is a result, not an error.
    """
    variables = {name: value for name, value in os.environ.items() if name in {*_BASE, *_NIX}} | {"NO_COLOR": "1"}
    try:
        process = subprocess.Popen(  # noqa: S603  (argv is a tuple, no shell)
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=variables | dict(environment or {}),
            cwd=cwd,
            start_new_session=True,
        )
    except FileNotFoundError as error:
        raise Unavailable(
            "program_missing", f"{argv[0]} is not installed.", remedy=f"Install {argv[0]} or leave it out."
        ) from error
    try:
        stdout, stderr = _communicate(process, stdin, timeout, limit)
    except subprocess.TimeoutExpired as error:
        raise Unavailable(
            "timeout",
            f"{argv[0]} did not end within {timeout:g} seconds and was stopped.",
            remedy="Try again, or ask for a lower level.",
        ) from error
    return Completed(argv, process.returncode, stdout, stderr)


def start_detached(argv: tuple[str, ...], *, stdin: bytes) -> None:
    """Start a program that goes on when this process ends; nothing is heard of it. A failing start is no error."""
    try:
        process = subprocess.Popen(  # noqa: S603  (argv is a tuple, no shell)
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError:
        return
    spare(process.pid)
    # The thread hands over the input and collects the child's exit; it dies with this process, the child does not.
    threading.Thread(target=_hand_over, args=(process, stdin), daemon=True).start()


def _hand_over(process: subprocess.Popen[bytes], stdin: bytes) -> None:
    with suppress(OSError):
        process.communicate(stdin)


def _communicate(process: subprocess.Popen[bytes], stdin: bytes, timeout: float, limit: int) -> tuple[bytes, bytes]:
    """Feed a process and read it until both outputs and the process have ended; on any other end kill its group."""
    assert process.stdin is not None  # noqa: S101
    assert process.stdout is not None  # noqa: S101
    assert process.stderr is not None  # noqa: S101
    deadline = time.monotonic() + timeout
    kept = _Kept(limit), _Kept(limit)
    threads = [
        threading.Thread(target=_feed, args=(process.stdin, stdin), daemon=True),
        threading.Thread(target=kept[0].read, args=(process.stdout,), daemon=True),
        threading.Thread(target=kept[1].read, args=(process.stderr,), daemon=True),
    ]
    try:
        for thread in threads:
            thread.start()
        _join(threads, deadline)
        process.wait(max(0.0, deadline - time.monotonic()))
    except BaseException:
        _kill_group(process)
        for thread in threads:
            if thread.ident is not None:  # a signal may come before all of them are started
                thread.join(_GRACE)
        raise
    return kept[0].data(), kept[1].data()


def _join(threads: list[threading.Thread], deadline: float) -> None:
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
        if thread.is_alive():
            raise subprocess.TimeoutExpired(thread.name, 0)


def _feed(stream: IO[bytes], data: bytes) -> None:
    with suppress(BrokenPipeError), stream:  # a program need not read what it is given
        stream.write(data)


class _Kept:
    """The first and the last bytes of an output."""

    def __init__(self, limit: int) -> None:
        self.half = limit // 2
        self.head = bytearray()
        self.tail = deque[bytes]()
        self.size = 0

    def read(self, stream: IO[bytes]) -> None:
        with stream:
            while data := os.read(stream.fileno(), _CHUNK):
                room = max(0, self.half - len(self.head))
                self.head += data[:room]
                if len(data) > room:
                    self.tail.append(data[room:])
                    self.size += len(data) - room
                while self.size - len(self.tail[0]) >= self.half if self.tail else False:
                    self.size -= len(self.tail.popleft())

    def data(self) -> bytes:
        return bytes(self.head) + b"".join(self.tail)


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """End a process and all that it started, in its session or out of it: SIGTERM, a grace, SIGKILL."""
    end_tree(process.pid, _GRACE)
    process.wait(_GRACE)
