"""devenv's own command: the one way to call it, and where it keeps what runs."""

from __future__ import annotations

import hashlib
import os
import re
import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from devkeel.nix_cli.settings import run_nix
from devkeel.runtime import find_program
from devkeel.runtime.holding import require_unheld
from devkeel.runtime.process import LIMIT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devkeel.candidate.stage import Stage
    from devkeel.runtime import Completed

__all__ = ["NAME", "ask_devenv", "command", "in_stage", "runtime_directory"]

NAME = "devenv"
_MEMORY = 8 * 1024**3
_TRIES = 5
_PAUSE = 0.2
# devenv keeps its evaluation cache in SQLite, which one process at a time may write.
_BUSY = re.compile(r"database is (?:locked|busy)")


def command(*arguments: str, program: str = NAME) -> tuple[str, ...]:
    """Return a call of devenv which draws nothing and says only what matters. program: its path, where it is known."""
    return (program, "--no-tui", "--quiet", *arguments)


def ask_devenv(
    argv: tuple[str, ...],
    *,
    cwd: Path,
    timeout: float,
    builds: bool,
    environment: Mapping[str, str] | None = None,
    limit: int = LIMIT,
) -> Completed:
    """Run a call of devenv; a database that another devenv holds is waited for, a few times.

    timeout: seconds for all of it. builds, environment, limit: as for `run_nix`.
    """
    require_unheld(
        "devenv's own command evaluates and builds what is declared, which no sandbox here holds; this caller is held.",
        "Have Nix alone evaluate it: leave out what only devenv evaluates; or a person does this without the role.",
    )
    deadline = time.monotonic() + timeout
    for left in reversed(range(_TRIES)):
        seconds = max(0.0, deadline - time.monotonic())
        found = run_nix(argv, builds=builds, timeout=seconds, environment=environment, cwd=cwd, limit=limit)
        if not (left and found.returncode and _BUSY.search(found.stderr.decode("utf-8", "replace"))):
            break
        time.sleep(_PAUSE)
    return found


def in_stage(
    stage: Stage, arguments: tuple[str, ...], timeout: float, *, builds: bool = False, limit: int = LIMIT
) -> Completed:
    """Run devenv on a staged project, with a limit on its memory; see `ask_devenv`."""
    argv = stage.wrap((*_limits(), *command(*arguments)))
    return ask_devenv(argv, cwd=stage.root, timeout=timeout, builds=builds, limit=limit)


@cache
def _limits() -> tuple[str, ...]:
    program = find_program("prlimit")
    # setrlimit(2), RLIMIT_AS; it is inherited by whatever devenv starts.
    return (program, f"--as={_MEMORY}", "--core=0") if program else ()


def runtime_directory(root: Path) -> Path:
    """Return where devenv keeps what runs for a project; it need not exist."""
    # devenv's own rule: the first 7 hexadecimal digits of the SHA-256 of the resolved path of `.devenv` (devenv,
    # devenv-core/src/paths.rs, `resolve_runtime_dir`: short, for the path of a socket has a limit; TMPDIR is ignored).
    name = hashlib.sha256(os.path.realpath(root / ".devenv").encode()).hexdigest()[:7]
    return Path(os.environ.get("XDG_RUNTIME_DIR") or "/tmp", f"devenv-{name}")  # noqa: S108
