"""The one subprocess wrapper: argv only, a session of its own, a deadline, the whole group killed at its end."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import threading
from dataclasses import dataclass

from devkeel.errors import Unavailable
from devkeel.runtime.tree import end_tree, spare

__all__ = ["Completed", "find_program", "run", "start_detached"]

# What a child may see of our environment.
_BASE = ("HOME", "PATH", "USER", "LANG", "LC_ALL", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME")
_NIX = ("NIX_PATH", "NIX_REMOTE", "NIX_CONF_DIR", "NIX_SSL_CERT_FILE")
_GRACE = 2.0


@dataclass(frozen=True, slots=True)
class Completed:
    """A program that ended: its argv, exit code (negative: killed by that signal), output as bytes."""

    argv: tuple[str, ...]
    returncode: int
    stdout: bytes
    stderr: bytes


def find_program(name: str) -> str | None:
    """Return the path of a program, or None when it is not on PATH."""
    return shutil.which(name)


def run(argv: tuple[str, ...], *, stdin: bytes = b"", timeout: float) -> Completed:
    """Run a program to its end and return its output.

    timeout: seconds. Raises Unavailable `timeout` when it does not end in time (its group is killed), or
    `program_missing` when it is not there. A failing exit code is a result, not an error.
    """
    environment = {name: value for name, value in os.environ.items() if name in {*_BASE, *_NIX}} | {"NO_COLOR": "1"}
    try:
        process = subprocess.Popen(  # noqa: S603  (argv is a tuple, no shell)
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            start_new_session=True,
        )
    except FileNotFoundError as error:
        raise Unavailable(
            "program_missing", f"{argv[0]} is not installed.", remedy=f"Install {argv[0]} or leave it out."
        ) from error
    with process:
        try:
            stdout, stderr = process.communicate(stdin, timeout=timeout)
        except subprocess.TimeoutExpired as error:
            _kill_group(process)
            raise Unavailable(
                "timeout",
                f"{argv[0]} did not end within {timeout:g} seconds and was stopped.",
                remedy="Try again, or ask for a lower level.",
            ) from error
        except BaseException:
            _kill_group(process)
            raise
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
    threading.Thread(target=_feed, args=(process, stdin), daemon=True).start()


def _feed(process: subprocess.Popen[bytes], stdin: bytes) -> None:
    with contextlib.suppress(OSError):
        process.communicate(stdin)


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """End a process and all that it started, in its session or out of it: SIGTERM, a grace, SIGKILL."""
    end_tree(process.pid, _GRACE)
    process.wait(_GRACE)
