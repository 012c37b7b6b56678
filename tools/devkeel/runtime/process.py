"""The one subprocess wrapper: argv only, a session of its own, a deadline, the whole group killed at its end."""

from __future__ import annotations

import os
import selectors
import subprocess
import threading
import time
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import IO, TYPE_CHECKING, Protocol

from msgspec import Struct

from devkeel.errors import Unavailable, UsageError
from devkeel.runtime.process_tree import OUTLIVES, end_tree, held
from devkeel.runtime.programs import child_environment, is_executing, located

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

__all__ = ["LIMIT", "Completed", "Watch", "run", "start", "start_detached", "watched"]

LIMIT = 16 * 1024 * 1024
"""Bytes of each output that are kept, unless a caller says otherwise."""

_GRACE = 2.0
_CHUNK = 64 * 1024
# Between looks at a process whose end cannot be waited for together with its output.
_POLL = 0.02
# Where a program runs that is not about a directory: most look for their settings in theirs and in those above it.
_NOWHERE = "/"
# How long the outputs of a program that has ended are waited for: what it started may hold them.
_LEFT_OPEN = 0.5


class Completed(Struct, frozen=True):
    """A program that ended: its argv, exit code (negative: killed by that signal), output as bytes.

    Output beyond the limit is left out in its middle; `omitted` has how many bytes, of stdout and of stderr.
    """

    argv: tuple[str, ...]
    returncode: int
    stdout: bytes
    stderr: bytes
    omitted: tuple[int, int] = (0, 0)


class Watch(Protocol):
    """Who follows the programs of a longer work, and may stop them: see `watched`."""

    def variables(self) -> Mapping[str, str]:
        """Return what each program sees beside its own variables."""

    def started(self, pid: int) -> None:
        """Hear of a program that leads a session of its own."""

    def heard(self, stream: str, data: bytes) -> None:
        """Hear what a program wrote to `stdout` or `stderr`."""

    def ending(self) -> None:
        """Hear that the program that was started last is about to be killed with its group."""

    def stopped(self) -> BaseException | None:
        """Return why nothing more may run, or None."""

    def fileno(self) -> int:
        """Return a descriptor that is readable as soon as programs must end."""


_WATCH: ContextVar[Watch | None] = ContextVar("watch", default=None)


@contextmanager
def watched(watch: Watch | None) -> Iterator[None]:
    """Let `watch` follow every program that this thread runs meanwhile; None stops that."""
    token = _WATCH.set(watch)
    try:
        yield
    finally:
        _WATCH.reset(token)


def run(
    argv: tuple[str, ...],
    *,
    stdin: bytes = b"",
    timeout: float,
    environment: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    limit: int = LIMIT,
    inherits: tuple[int, ...] = (),
) -> Completed:
    """Run a program to its end and return its output.

    timeout: seconds. environment: variables beside the few that every child sees. cwd: without one it is a directory
    that is no project's. limit: bytes of each output that are kept. inherits: descriptors that it keeps. Raises
    Unavailable `timeout` when it does not end in time (its group is killed), `program_missing` when it is not there,
    UsageError `bad_command` when the system refuses it, or what the watch says when it stops it. A failing exit code is
    a result, not an error.
    """
    watch = _WATCH.get()
    variables = child_environment(environment)
    if watch is not None:
        _refuse_stopped(watch)
        variables = {**watch.variables(), **variables}
    try:
        process = subprocess.Popen(  # noqa: S603  (argv is a tuple, no shell)
            _absolute(argv, variables),
            stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=variables,
            cwd=cwd or _NOWHERE,
            # setsid(2): it leads a new session and group, so that one signal reaches all of it, and it has no terminal
            # to ask at.
            start_new_session=True,
            # Every other descriptor is closed in the child (subprocess, `close_fds`): a lock of flock lives as long as
            # any copy of its descriptor (flock(2)).
            pass_fds=inherits,
            # The selector looks at the pipe alone, and would not see what a buffer of Python's had read already.
            bufsize=0,
        )
    # execve(2): ENOENT also says that the interpreter of a script is missing.
    except (FileNotFoundError, PermissionError) as error:
        raise Unavailable(
            "program_missing",
            f"{argv[0]} is not installed, or cannot be run.",
            seen=argv[0],
            remedy=f"Install {argv[0]} or leave it out.",
        ) from error
    # execve(2): E2BIG, too much on its command line; ENOEXEC, a file in no format that the kernel knows.
    except OSError as error:
        raise UsageError(
            "bad_command",
            f"The system does not run this: {error.strerror}.",
            seen=argv[0][:200],
            remedy="Give it less on its command line, for example a file; or name the interpreter of a script.",
        ) from error
    with process:
        try:
            if watch is not None:
                watch.started(process.pid)
            kept = _Conversation(process, stdin, limit, watch).hold(time.monotonic() + timeout)
        except BaseException as error:
            if watch is not None:
                watch.ending()
            _kill_group(process)
            if not isinstance(error, subprocess.TimeoutExpired):
                raise
            raise Unavailable(
                "timeout",
                f"{argv[0]} did not end within {round(timeout, 1):g} seconds and was stopped.",
                remedy="Try again, with more time where that can be given; a check may also have a lower level.",
            ) from error
    stdout, stderr = kept
    return Completed(argv, process.returncode, stdout.data(), stderr.data(), (stdout.omitted, stderr.omitted))


def start(
    argv: tuple[str, ...],
    *,
    stdin: bytes = b"",
    environment: Mapping[str, str] | None = None,
    cwd: Path | str | None = None,
    outputs: tuple[int | IO[bytes], int | IO[bytes]] = (subprocess.DEVNULL, subprocess.DEVNULL),
) -> subprocess.Popen[bytes]:
    """Start a program that goes on when this process ends, in a session of its own.

    environment, cwd: as for `run`. outputs: where its stdout and its stderr go. Raises OSError when the system does
    not start it. Who has it has to collect its exit, or to end.
    """
    variables = child_environment(environment)
    process = subprocess.Popen(  # noqa: S603  (argv is a tuple, no shell)
        _absolute(argv, variables),
        stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
        stdout=outputs[0],
        stderr=outputs[1],
        start_new_session=True,
        env=variables,
        cwd=cwd or _NOWHERE,
    )
    if stdin:
        # The thread hands over the input and collects the child's exit; it dies with this process, the child does not.
        threading.Thread(target=_hand_over, args=(process, stdin), daemon=True).start()
    return process


def start_detached(argv: tuple[str, ...], *, stdin: bytes) -> None:
    """Start a program that goes on when this process ends; nothing is heard of it. A failing start is no error.

    It sees what every child sees, and no more: not this process' tokens, nor its directory.
    """
    with suppress(OSError):
        start(argv, stdin=stdin, environment=OUTLIVES)


def _absolute(argv: tuple[str, ...], variables: Mapping[str, str]) -> tuple[str, ...]:
    """Return a command with the path of its program; raises FileNotFoundError.

    What the caller asked to run may also be on a part of PATH that is relative to the directory of the child.
    """
    name, *rest = argv
    found = name if "/" in name else located(name, variables.get("PATH", ""))
    if found is None and not is_executing():
        raise FileNotFoundError(name)
    return (found or name, *rest)


def _hand_over(process: subprocess.Popen[bytes], stdin: bytes) -> None:
    with suppress(OSError):
        process.communicate(stdin)


def _refuse_stopped(watch: Watch) -> None:
    reason = watch.stopped()
    if reason is not None:
        raise reason


class _Conversation:
    """What goes in and out of a process until it has ended, in one thread."""

    def __init__(self, process: subprocess.Popen[bytes], stdin: bytes, limit: int, watch: Watch | None) -> None:
        self.process = process
        self.waiting = memoryview(stdin)
        self.watch = watch
        self.kept = {"stdout": _Kept(limit), "stderr": _Kept(limit)}
        self.open = {"stdout", "stderr"}

    def hold(self, deadline: float) -> tuple[_Kept, _Kept]:
        """Return both outputs. Raises TimeoutExpired after the deadline, and what the watch says.

        Where something that left the session holds the outputs open, the program's own end is the end.
        """
        process = self.process
        with selectors.DefaultSelector() as selector, held(process.pid) as ended:
            for stream, name in ((process.stdout, "stdout"), (process.stderr, "stderr")):
                assert stream is not None  # noqa: S101
                selector.register(stream, selectors.EVENT_READ, name)
            if process.stdin is not None:
                # write(2) to a full pipe waits until its reader has read (pipe(7)), and this one may wait for us to
                # read its output.
                os.set_blocking(process.stdin.fileno(), False)
                selector.register(process.stdin, selectors.EVENT_WRITE, "stdin")
            if self.watch is not None:
                selector.register(self.watch.fileno(), selectors.EVENT_READ, "watch")
            if ended is not None:
                selector.register(ended, selectors.EVENT_READ, "exit")
                self.open.add("exit")
            until, gone = deadline, False
            while self.open:
                left = until - time.monotonic()
                if left <= 0 and gone:
                    break
                if left <= 0:
                    raise subprocess.TimeoutExpired(process.args, 0)
                self._once(selector, left)
                if ended is not None and not gone and "exit" not in self.open:
                    until, gone = min(deadline, time.monotonic() + _LEFT_OPEN), True
        self._wait(deadline)
        return self.kept["stdout"], self.kept["stderr"]

    def _once(self, selector: selectors.BaseSelector, timeout: float) -> None:
        for key, _ in selector.select(timeout):
            if key.data == "watch":
                assert self.watch is not None  # noqa: S101
                _refuse_stopped(self.watch)
            elif key.data == "stdin":
                if not self._feed(key.fd):
                    selector.unregister(key.fileobj)
                    _close(self.process.stdin)
            elif key.data == "exit" or not self._hear(key.fd, key.data):
                selector.unregister(key.fileobj)
                self.open.discard(key.data)

    def _hear(self, descriptor: int, name: str) -> bool:
        """Read some output; False at its end."""
        data = os.read(descriptor, _CHUNK)
        self.kept[name].add(data)
        if self.watch is not None and data:
            self.watch.heard(name, data)
        return bool(data)

    def _feed(self, descriptor: int) -> bool:
        """Write some input; False when there is no more, or the program has closed its end."""
        try:
            self.waiting = self.waiting[os.write(descriptor, self.waiting[:_CHUNK]) :]
        except BrokenPipeError:  # a program need not read what it is given
            return False
        return bool(self.waiting)

    def _wait(self, deadline: float) -> None:
        """Wait for a process that has closed its outputs; most have ended with that."""
        while True:
            left = deadline - time.monotonic()
            with suppress(subprocess.TimeoutExpired):
                # A program may close its outputs and go on.
                self.process.wait(max(0.0, left if self.watch is None else min(left, _POLL)))
                return
            if left <= 0:
                raise subprocess.TimeoutExpired(self.process.args, 0)
            if self.watch is not None:
                _refuse_stopped(self.watch)


def _close(stream: IO[bytes] | None) -> None:
    if stream is not None:
        with suppress(OSError):
            stream.close()


class _Kept:
    """The first and the last bytes of an output."""

    def __init__(self, limit: int) -> None:
        self.half = limit // 2
        self.head = bytearray()
        self.tail = bytearray()
        self.omitted = 0

    def add(self, data: bytes) -> None:
        room = max(0, self.half - len(self.head))
        self.head += data[:room]
        self.tail += data[room:]
        if len(self.tail) > self.half + max(self.half, _CHUNK):
            self._trim()

    def _trim(self) -> None:
        more = len(self.tail) - self.half
        if more > 0:
            del self.tail[:more]
            self.omitted += more

    def data(self) -> bytes:
        self._trim()
        return bytes(self.head + self.tail)


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """End a process and all that it started, in its session or out of it: SIGTERM, a grace, SIGKILL."""
    end_tree(process.pid, _GRACE)
    process.wait(_GRACE)
