"""What a backend is: whatever realises the environment that a project declares."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from devkeel.candidate.candidate import Candidate
    from devkeel.errors import Diagnostic
    from devkeel.project.root import Project

__all__ = ["Applied", "Backend", "Evidence", "Finding", "LockStatus", "Realisation"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why a project is a backend's: the files that say so, most telling first, and the sentence about it."""

    files: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class LockStatus:
    """What pins the declaration. `file` is None for a backend that has no lock; `reason` says why it is stale."""

    file: str | None
    state: Literal["current", "stale", "missing", "none"]
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor: what was looked at, whether it is well, and what to do where it is not."""

    ok: bool
    message: str
    remedy: str | None = None


@dataclass(frozen=True, slots=True)
class Realisation:
    """What is to be realised, and where its parts are kept.

    project: the root. subject: the declaration as it is, or as it would be; `subject.stage()` opens a directory where
    the project has these files, and programs are run as the stage wraps them. keep: the directory inside `.devkeel`
    that holds what must outlive the call (GC roots, environments), made by the caller; None in a dry run, which keeps
    and publishes nothing. timeout: seconds for everything.
    """

    project: Project
    subject: Candidate
    keep: Path | None
    timeout: float = 900.0


@dataclass(frozen=True, slots=True)
class Applied:
    """A realised environment.

    prefix: the store path or directory that is the environment; it is gone when this path is. variables: what a
    command in it sees beside the few variables that every child has; `PATH` is put before the caller's own. unset:
    names that a command must not see. judge: the program that realised it, such as `nix`, `devenv`, `uv`.
    """

    backend: str
    prefix: str
    variables: Mapping[str, str]
    judge: str
    unset: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())


class Backend(Protocol):
    """One kind of environment. A verb that it does not have raises Unavailable `backend_cannot`.

    Programs are run by `devkeel.runtime.run` and nothing else: the job that a call belongs to hears their output,
    stops them when it is cancelled, and tells the progress. Errors of the declaration raise CheckFailed with
    diagnostics; of the machine, Unavailable. Nothing of the project's own files is written.
    """

    @property
    def name(self) -> str:
        """Return how the backend is called."""

    @property
    def enters(self) -> bool:
        """Tell whether the commands for tasks and tests enter the environment themselves."""

    def detect(self, project: Project) -> Evidence | None:
        """Return why a project is this backend's, or None; reads no more than names and small files."""

    def declared(self, project: Project) -> tuple[str, ...]:
        """Return the files that declare the environment, relative to the root."""

    def manifests(self) -> tuple[str, ...]:
        """Return the files in which its environments name Python libraries, the most telling first.

        `devkeel.libraries` edits them; a backend that realises none of these files cannot have a library added there.
        """

    def check(self, realisation: Realisation) -> list[Diagnostic]:
        """Return what is wrong with the declaration, realising as little as that takes."""

    def apply(self, realisation: Realisation) -> Applied:
        """Realise the environment and capture its variables."""

    def alive(self, applied: Applied) -> bool:
        """Tell whether what was applied is still there; what was collected or removed is applied again."""

    def task(self, name: str) -> tuple[str, ...]:
        """Return the argv that runs one of the project's tasks by name."""

    def test(self) -> tuple[str, ...]:
        """Return the argv that runs the project's own test."""

    def lock_status(self, project: Project) -> LockStatus:
        """Return whether the lock file is there and fits the declaration; nothing is fetched."""

    def doctor(self, project: Project) -> tuple[Finding, ...]:
        """Return what this machine has and lacks for this backend, each tool with place and version, and the lock."""

    def health(self, prefix: Path) -> Iterable[Finding]:
        """Return what is wrong with an environment that was made; nothing where it is well."""
