"""Running a command in the applied environment."""

from __future__ import annotations

import os
import stat
import time
from typing import TYPE_CHECKING

from devkeel.backends.shell import with_path
from devkeel.display import clean
from devkeel.errors import ProjectError, Unavailable, UsageError
from devkeel.results import RunResult
from devkeel.runtime import run

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from devkeel.backends.backend import Backend
    from devkeel.project import Project
    from devkeel.runtime.jobs import Job

__all__ = ["argv_of", "directory_of", "perform"]

# Bytes of each output that an answer has, head and tail together; the log has more.
_SHOWN = 24 * 1024


def argv_of(backend: Backend, argv: tuple[str, ...], task: str | None, *, test: bool) -> tuple[str, ...]:
    """Return what to run, of three ways to say it. Raises UsageError `bad_command`."""
    if sum((bool(argv), task is not None, test)) != 1:
        raise UsageError(
            "bad_command",
            "Say what to run in one way: argv, or task, or test=true.",
            seen=" ".join(argv)[:200] or None,
            remedy='For example argv=["pytest", "-q"]; a shell is argv=["bash", "-c", "…"].',
        )
    if not all(map(_is_argument, (*argv, task or ""))) or argv[:1] == ("",) or (task or "").startswith("-"):
        raise UsageError(
            "bad_command",
            "A command has a name, its arguments are text without NUL, and no task begins with a dash.",
            remedy='For example argv=["pytest", "-q"].',
        )
    if task is not None:
        return backend.task(task)
    return backend.test() if test else argv


def _is_argument(text: str) -> bool:
    try:
        return b"\0" not in os.fsencode(text)
    except UnicodeEncodeError:  # half a character, as JSON may have it
        return False


def directory_of(project: Project, name: str | None) -> Path:
    """Return the directory to run in, inside the root."""
    place = project.directory(name or ".", beyond=False)
    info = project.room.status(place.name)
    if info is None or not stat.S_ISDIR(info.st_mode):
        raise ProjectError("missing_directory", f"There is no directory {name}.", seen=name, remedy="Name another one.")
    return project.root / place.name


def perform(
    job: Job, argv: tuple[str, ...], cwd: Path, variables: Mapping[str, str], timeout: float
) -> tuple[RunResult, bool]:
    """Run a command in a job; an end by the deadline is a result too."""
    begun = time.monotonic()
    try:
        found = run(argv, timeout=timeout, environment=with_path(variables), cwd=cwd, limit=_SHOWN)
    except Unavailable as error:
        if error.code != "timeout":
            raise
        text = _text(job.log.slice(-_SHOWN, _SHOWN).data)
        return RunResult(argv, None, True, _seconds(begun), text, "", 0, 0), True
    return (
        RunResult(
            argv,
            found.returncode,
            False,
            _seconds(begun),
            _shown(found.stdout, found.omitted[0]),
            _shown(found.stderr, found.omitted[1]),
            *found.omitted,
        ),
        False,
    )


def _seconds(begun: float) -> float:
    return round(time.monotonic() - begun, 3)


def _shown(data: bytes, omitted: int) -> str:
    if not omitted:
        return _text(data)
    half = _SHOWN // 2
    return f"{_text(data[:half])}\n… {omitted} bytes left out …\n{_text(data[half:])}"


def _text(data: bytes) -> str:
    return clean(data.decode("utf-8", "replace"))
