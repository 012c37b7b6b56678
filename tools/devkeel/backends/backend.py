"""What a backend is: whatever realises the environment that a project declares."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, Protocol

from msgspec import Struct

from devkeel.errors import Unavailable
from devkeel.project.contents import Contents
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from devkeel.backends.installed import Installed
    from devkeel.candidate.candidate import Candidate
    from devkeel.errors import Diagnostic
    from devkeel.project.root import Project, Reader

__all__ = ["Applied", "Backend", "Evidence", "HealthFinding", "LockStatus", "Realisation"]


class Evidence(Struct, frozen=True):
    """Why a project is a backend's: the files that say so, most specific first, and the sentence about it."""

    files: tuple[str, ...]
    reason: str


class LockStatus(Struct, frozen=True):
    """What pins the declaration. `file` is None for a backend that has no lock; `reason` says why it is stale."""

    file: str | None
    state: Literal["current", "stale", "missing", "none"]
    reason: str | None = None


class HealthFinding(Struct, frozen=True):
    """One line of the doctor: what was looked at, whether it is well, and what to do where it is not."""

    ok: bool
    message: str
    remedy: str | None = None


class Realisation(Struct, frozen=True):
    """What is to be realised, and where its parts are kept.

    project: the root. subject: the declaration as it is, or as it would be; `subject.stage()` opens a directory where
    the project has these files, and programs are run as the stage wraps them. keep: the directory of the environment
    inside `.devkeel`, in which a generation is made that holds what must outlive the call (GC roots, a prefix); None in
    a dry run, which keeps and publishes nothing. timeout: seconds for everything. python: the interpreter that is asked
    for, where the backend makes environments of Python. contents: what is asked for beside what the declaration says by
    itself. ports: numbers that processes have in place of those that the declaration wishes for, by process and name.
    """

    project: Project
    subject: Candidate
    keep: Path | None
    timeout: float = 900.0
    python: str | None = None
    contents: Contents = Contents()
    ports: Mapping[str, Mapping[str, int]] = {}


class Applied(Struct, frozen=True):
    """A realised environment.

    prefix: the store path or directory that is the environment; it is gone when this path is. variables: what a command
    in it sees beside the few variables that every child has; `PATH` is put before the caller's own. unset: names that a
    command must not see. judge: the program that realised it, such as `nix`, `devenv`, `uv`. generation: the name of
    the directory in the environment's own that holds it, None where nothing is kept. installed: what is in it, None
    where that is the store's to say. overridden: inputs that it was made with from elsewhere than the files say.
    """

    backend: str
    prefix: str
    variables: Mapping[str, str]
    judge: str
    unset: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    generation: str | None = None
    installed: Installed | None = None
    overridden: tuple[str, ...] = ()


class Backend(Protocol):
    """One kind of environment; a class of its own says so by naming this one as its base.

    A method with a body here is what a backend does that says nothing else. A verb that it does not have raises
    Unavailable `backend_cannot`. Programs are run by `devkeel.runtime.run` and nothing else: the job that a call
    belongs to hears their output, stops them when it is cancelled, and reads the progress. Errors of the declaration
    raise CheckFailed with diagnostics; of the machine, Unavailable. No file of the project's own is written.

    name: how the backend is called, as its row in the registry has it. enters: whether the commands for tasks and tests
    enter the environment themselves. named: whether it makes more than one environment of a declaration, each with a
    name. languages: those that every environment of it is about, by their names below `languages` in devenv.
    overrides: whether one call may take inputs from other places than the files say.
    """

    name: ClassVar[str]
    enters: ClassVar[bool] = False
    named: ClassVar[bool] = False
    languages: ClassVar[tuple[str, ...]] = ()
    overrides: ClassVar[bool] = False

    def detect(self, project: Reader) -> Evidence | None:
        """Return why a project is this backend's, or None; reads no more than names and small files."""

    def declared(self, project: Project) -> tuple[str, ...]:
        """Return the files that declare the environment, relative to the root."""

    def manifests(self) -> tuple[str, ...]:
        """Return the files in which its environments name Python libraries, the most specific first.

        `devkeel.libraries` edits them; a backend that realises none of these files cannot have a library added there.
        """
        return ()

    def realises(self, files: Mapping[str, bytes]) -> bool:  # noqa: ARG002  (the one that does looks)
        """Return whether its environments have what a devenv.nix declares. files: of the declaration."""
        return False

    def check(self, realisation: Realisation) -> list[Diagnostic]:
        """Return what is wrong with the declaration, realising as little as that takes."""

    def apply(self, realisation: Realisation) -> Applied:
        """Realise the environment and capture its variables; who calls puts the generation that was made in use."""

    def applied_at(self, prefix: Path) -> Applied:
        """Return a named environment that was made before, as `apply` returned it."""
        raise self.cannot("It makes no named environments.", str(prefix), "Apply the project's own environment.")

    def alive(self, applied: Applied) -> bool:
        """Return whether what was applied is still there; what was collected or removed is applied again."""

    def task(self, name: str) -> tuple[str, ...]:
        """Return the argv that runs one of the project's tasks by name."""
        raise self.cannot(f"The {self.name} backend has no tasks.", name, f"Run the command itself with {do('run')}.")

    def test(self) -> tuple[str, ...]:
        """Return the argv that runs the project's own test."""

    def require_own_commands(self, project: Reader) -> None:  # noqa: ARG002  (those that have such settings look)
        """Refuse tasks and tests where their own command takes settings from the project that no caller may give."""
        return

    def lock_status(self, project: Reader) -> LockStatus:  # noqa: ARG002  (those that have a lock look)
        """Return whether the lock file is there and fits the declaration; nothing is fetched."""
        return LockStatus(None, "none")

    def doctor(self, project: Project) -> tuple[HealthFinding, ...]:
        """Return what this machine has and lacks for this backend, each tool with place and version, and the lock."""

    def health(self, prefix: Path) -> Iterable[HealthFinding]:  # noqa: ARG002  (those that keep records look)
        """Return what is wrong with an environment that was made; nothing where it is well."""
        return ()

    def cannot(self, message: str, seen: str, remedy: str) -> Unavailable:
        """Return the error about a verb that the backend does not have."""
        return Unavailable("backend_cannot", message, seen=seen, remedy=remedy)
