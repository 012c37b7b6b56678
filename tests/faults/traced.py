"""Injects a fault at the Nth system call that strace sees: also what SQLite does, out of sight of Python.

strace counts the calls of each process by itself. One warmed process forks a child for each N; to be hit at its Nth
call, a child first makes as many futile calls as are missing to the number that strace waits for.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["INJECTIONS", "run_all", "strace_works"]

ROOT = Path(__file__).parents[2]
AIM = 50
NO_FILE = 9999

INJECTIONS = (
    *(("fdatasync", fault) for fault in ("signal=KILL", "error=EIO", "error=ENOSPC")),
    *(("pwrite64", fault) for fault in ("signal=KILL", "error=EIO", "error=ENOSPC", "error=EROFS", "error=EINTR")),
    *(("ftruncate", fault) for fault in ("signal=KILL", "error=EIO", "error=ENOSPC")),
    *(("fsync", fault) for fault in ("signal=KILL", "error=EIO", "error=EINTR")),
    *(("renameat2", fault) for fault in ("signal=KILL", "error=EIO", "error=EROFS", "error=EXDEV")),
)

FUTILE: dict[str, Callable[[], object]] = {
    "fdatasync": lambda: os.fdatasync(NO_FILE),
    "pwrite64": lambda: os.pwrite(NO_FILE, b"x", 0),
    "ftruncate": lambda: os.ftruncate(NO_FILE, 0),
    "fsync": lambda: os.fsync(NO_FILE),
}


def _command(call: str, fault: str, *, lasting: bool) -> list[str]:
    when = f"{AIM}+" if lasting else str(AIM)
    quiet = ("-qqq", "-o", os.devnull, "-e", "signal=none")
    return ["strace", "-f", "--seccomp-bpf", *quiet, "-e", f"trace={call}", "-e", f"inject={call}:{fault}:when={when}"]


def strace_works() -> bool:
    """Tell whether this machine lets strace trace and inject."""
    try:
        found = subprocess.run(
            [*_command("fsync", "error=EIO", lasting=False), "/bin/true"], capture_output=True, check=False, timeout=60
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return found.returncode == 0


def run_all(case: str, call: str, fault: str, roots: Sequence[Path], *, lasting: bool) -> list[int]:
    """Do the work of a case in each root, with the fault at the 1st, 2nd, ... call; return how each child ended."""
    found = subprocess.run(
        [*_command(call, fault, lasting=lasting), sys.executable, "-m", "tests.faults.traced", case, call, *roots],
        capture_output=True,
        check=False,
        cwd=ROOT,
        timeout=120,
        text=True,
    )
    assert found.returncode == 0, found.stderr
    return [int(line) for line in found.stdout.split()]


def _futile(call: str) -> None:
    from devkeel.transaction import rename

    try:
        if call == "renameat2":
            rename.exchange(NO_FILE, "a", "b")
        else:
            FUTILE[call]()
    except OSError:
        pass


def _main(name: str, call: str, *roots: str) -> None:
    from .cases import CASES

    case = next(item for item in CASES if item.name == name)
    for number, root in enumerate(roots, start=1):
        child = os.fork()
        if child == 0:
            status = 71
            try:
                for _ in range(AIM - number):
                    _futile(call)
                status = case.run(Path(root))
            finally:
                os._exit(status)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)  # noqa: T201


if __name__ == "__main__":
    _main(*sys.argv[1:])
