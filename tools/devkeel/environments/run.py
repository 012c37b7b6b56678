"""Running a command in the applied environment."""

from __future__ import annotations

import os
import shutil
import stat
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from devkeel.backends.toolchain import absent, toolchains
from devkeel.diagnosis.causes import whole_ends
from devkeel.errors import ProjectError, Unavailable, UsageError
from devkeel.runtime import run
from devkeel.text.clean import clean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devkeel.backends.backend import Applied, Backend
    from devkeel.backends.toolchain import Toolchain
    from devkeel.project.root import Project
    from devkeel.runtime.jobs import Job

__all__ = ["RunResult", "Surroundings", "argv_of", "directory_of", "perform"]

# Bytes of each output that an answer has, head and tail together; the log has more.
_SHOWN = 24 * 1024


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a command sees. variables: beside those that every child has, with the whole search path.

    languages: those whose interpreters and installers are the environment's alone.
    """

    variables: Mapping[str, str] = field(default_factory=dict)
    languages: tuple[Toolchain, ...] = ()
    pure: bool = False

    @classmethod
    def of(cls, applied: Applied, files: Mapping[str, bytes], *, pure: bool) -> Surroundings:
        """Return what a command in an environment sees: its programs first, then the host's, unless it is pure.

        files: the declaration, which says what languages it is about.
        """
        own, languages = applied.variables.get("PATH", ""), toolchains(applied, files)
        host = "" if pure else os.environ.get("PATH", "")
        path = os.pathsep.join(filter(None, (own, absent(languages), host)))
        return cls({**applied.variables, "PATH": path}, languages, pure)

    def found(self, argv: tuple[str, ...], cwd: Path, applied: Applied, root: Path) -> Program:
        """Return the program that a command is, and whose it is.

        Raises Unavailable `not_in_environment` for an interpreter or installer that would be the host's,
        `program_missing` where there is none of this name.
        """
        name = argv[0]
        path = str(cwd / name) if "/" in name else shutil.which(name, path=self.variables.get("PATH", ""))
        names = {Path(name).name, Path(os.path.realpath(path or name)).name}
        language = next((item for item in self.languages if names & set(item.programs)), None)
        origin = None if path is None else _origin(path, applied, root)
        if language is not None and origin == "host":
            raise Unavailable(
                "not_in_environment",
                f"{Path(name).name} is not in the environment, and the host's is not run: the environment is about "
                f"{language.option}.",
                seen=name,
                remedy="Declare it, apply, and run it again; libraries are added to the declaration, not installed.",
            )
        if path is None:
            where = (
                "not in the environment; the host was left out"
                if self.pure
                else "neither in the environment nor on the host"
            )
            raise Unavailable(
                "program_missing",
                f"{name} is {where}.",
                seen=name,
                remedy="Add the package or library that has it, apply, run it again.",
            )
        return Program(path, origin or "host")


@dataclass(frozen=True, slots=True)
class Program:
    """A program. origin: `environment`, `project` or `host`."""

    path: str
    origin: str

    @property
    def notes(self) -> tuple[str, ...]:
        """What to know about it."""
        name = Path(self.path).name
        return (f"{name} is from the host: {self.path}.",) if self.origin == "host" else ()


def _origin(path: str, applied: Applied, root: Path) -> str:
    place = os.path.normpath(path)
    own = [*applied.variables.get("PATH", "").split(os.pathsep), applied.prefix]
    if any(place.startswith(f"{folder}/") for folder in own if folder):
        return "environment"
    if place.startswith("/nix/store/"):
        return "environment"
    if not place.startswith(f"{root}/"):
        return "host"
    # A link of the project to a program of the host is that program; a virtual environment's is its own.
    outside = not os.path.realpath(place).startswith((f"{os.path.realpath(root)}/", "/nix/store/"))
    return "host" if outside and not (Path(place).parent.parent / "pyvenv.cfg").is_file() else "project"


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
        found = run(argv, timeout=timeout, environment=variables, cwd=cwd, limit=_SHOWN)
    except Unavailable as error:
        if error.code != "timeout":
            raise
        text = _text(job.log.slice(-_SHOWN, _SHOWN).data)
        return RunResult(argv, None, True, _seconds(begun), text, "", 0, 0), True
    out, gone = _shown(found.stdout, found.omitted[0])
    err, lost = _shown(found.stderr, found.omitted[1])
    return RunResult(argv, found.returncode, False, _seconds(begun), out, err, gone, lost), False


def _seconds(begun: float) -> float:
    return round(time.monotonic() - begun, 3)


def _shown(data: bytes, omitted: int) -> tuple[str, int]:
    """Return what to show of an output, and how many bytes of it are left out."""
    if not omitted:
        return _text(data), 0
    head, tail = whole_ends(data, _SHOWN // 2)
    omitted += len(data) - len(head) - len(tail)
    return f"{_text(head).removesuffix(chr(10))}\n… {omitted} bytes left out …\n{_text(tail)}", omitted


def _text(data: bytes) -> str:
    return clean(data.decode("utf-8", "replace"))


@dataclass(frozen=True, slots=True)
class RunResult:
    """A command that ran in the applied environment.

    exit_code: negative where a signal ended it, None where the deadline did. stdout, stderr: head and tail, without
    control characters, secrets masked; after the deadline stdout is the tail of both. ended_too: processes that it
    left behind and that were ended. origin: whose program it was: `environment`, `project` or `host`.
    """

    argv: tuple[str, ...]
    exit_code: int | None
    timed_out: bool
    seconds: float
    stdout: str
    stderr: str
    omitted_stdout: int
    omitted_stderr: int
    revision: str | None = None
    origin: str = "environment"
    ended_too: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
