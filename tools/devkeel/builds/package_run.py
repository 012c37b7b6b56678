"""Running a command with packages that are in no environment of the project, as the work of a job.

Their programs stand first on PATH, as `nix shell` has it (nix, src/nix/env.cc); nothing is declared or kept for it.
"""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import asdict, replace

from devkeel.builds.build import Derivation, derivation_of, not_built
from devkeel.builds.package_names import PackageNames, lock_of_nixpkgs
from devkeel.builds.subject import Subject
from devkeel.diagnosis.nix_messages import Translation
from devkeel.environments.held import sandbox_of
from devkeel.environments.run import Invocation, RunResult, directory_of, is_argument, perform
from devkeel.errors import CheckFailed, Unavailable, UsageError
from devkeel.nix_cli import build_log, derivations
from devkeel.nix_cli.build import on_time
from devkeel.nix_cli.outputs import program_directories
from devkeel.nix_cli.overrides import override_note
from devkeel.nix_cli.pinned_packages import PACKAGE, ask_packages, pinned_nixpkgs
from devkeel.nix_cli.progress import counting
from devkeel.runtime import Completed
from devkeel.runtime.holding import require_unheld
from devkeel.runtime.jobs import JobSpec
from devkeel.runtime.requests import LONGEST, TITLE, require_seconds
from devkeel.text.actions import do
from devkeel.text.clean import one_line
from devkeel.text.data import as_data
from devkeel.text.secrets import mask, mask_arguments

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from devkeel.context import Context
    from devkeel.runtime.jobs import Job
    from devkeel.sandbox.sandbox import Sandbox

__all__ = ["PackageCommand", "PackageRun", "RunPackage", "prepare", "run"]

_WORD = 2000


class PackageCommand(Struct, frozen=True):
    """What a caller wants to run, with which packages.

    file: whose attributes names without # are. cwd: relative to the root. pure: without the host's programs.
    """

    packages: tuple[str, ...]
    argv: tuple[str, ...]
    file: str | None = None
    cwd: str | None = None
    pure: bool = False


class RunPackage(Struct, frozen=True):
    """A package as it was there: as the caller named it, its derivation, the paths of its outputs."""

    name: str
    derivation: str
    paths: tuple[str, ...]


class PackageRun(RunResult, frozen=True, kw_only=True):
    """A command that ran with packages. origin: `packages`, `project` or `host`. preparing: seconds before it ran."""

    packages: tuple[RunPackage, ...] = ()
    preparing: float = 0.0


class _Prepared(Struct, frozen=True):
    """A command with the packages that are built for it, and whose program it is; see `PackageRun`."""

    packages: tuple[RunPackage, ...]
    invocation: Invocation
    origin: str


def run(context: Context, wanted: PackageCommand, timeout: float) -> Job:
    """Begin to build the packages and to run the command; see the verb of `Environment` that calls it."""
    begun = time.monotonic()
    work, title = _begin(context, wanted, timeout)

    def whole(job: Job) -> PackageRun:
        prepared = work(job)
        called = prepared.invocation
        took = round(time.monotonic() - begun, 3)
        job.tell("running")
        left = max(0.0, timeout - took)
        result, late = perform(job, called.argv, called.place, called.variables, left, _sandbox(context, called))
        late_note = (f"Its deadline ended it, {timeout:g} s after the call.",) * late
        shown = replace(
            result,
            argv=mask_arguments(result.argv),
            stdout=mask(result.stdout),
            stderr=mask(result.stderr),
            origin=prepared.origin,
            notes=(*called.notes, *late_note),
        )
        return PackageRun(**asdict(shown), packages=prepared.packages, preparing=took)

    spec = JobSpec("run", title, reads=counting(), plain=as_data, failed=lambda result: result.exit_code != 0)
    with context.building():
        return context.begin(spec, whole)


def _sandbox(context: Context, called: Invocation) -> Sandbox | None:
    held = context.sandboxing()
    return None if held is None else sandbox_of(context, None, called.argv[0], network=held.network)


def prepare(context: Context, wanted: PackageCommand, timeout: float) -> Job:
    """Begin to build the packages; the job ends with what `run` would run, for who runs it in a process of its own."""
    require_unheld(
        "What becomes the command is not held in a sandbox, and this caller may run things only in one.",
        "Run it as an agent would: with a time limit, or for a program.",
    )
    work, title = _begin(context, wanted, timeout)

    def whole(job: Job) -> Invocation:
        return work(job).invocation

    with context.building():
        return context.begin(JobSpec("build", title, reads=counting(), echoes=("stderr",)), whole)


def _begin(context: Context, wanted: PackageCommand, timeout: float) -> tuple[Callable[[Job], _Prepared], str]:
    """Refuse what cannot be meant, and return what makes the rest of it, with a title."""
    require_seconds(timeout, LONGEST)
    _require_command(wanted.argv)
    names = PackageNames.parse(wanted.packages, wanted.file)
    place = directory_of(context.project, wanted.cwd)
    subjects = {number: Subject.of(context, item) for number, item in names.own.items()}
    subject = next(iter(subjects.values()), None) or Subject.alone(context)
    lock = lock_of_nixpkgs(context, names) if names.pinned else None
    deadline = time.monotonic() + timeout

    def work(job: Job) -> _Prepared:
        with job.echoing("stderr"):
            job.tell("evaluating")
            found, notes = _of_nixpkgs(subject, *lock, names, deadline) if lock else ({}, [])
            for number, item in names.own.items():
                left = deadline - time.monotonic()
                found[number] = derivation_of(subjects[number], item, left, function=PACKAGE)
            job.tell("building")
            with on_time(timeout):
                packages = _built(subject, [(names.texts[number], found[number]) for number in sorted(found)], deadline)
        return _prepared(wanted, place, packages, subject.root, notes)

    said = mask_arguments([item[:_WORD] for item in wanted.argv[:TITLE]])
    return work, one_line(f"Run with {', '.join(names.texts)}: {' '.join(said)}")[:TITLE]


def _require_command(argv: Sequence[str]) -> None:
    if not argv or not argv[0] or not all(map(is_argument, argv)):
        raise UsageError(
            "bad_command",
            "A command has a name, and its arguments are text without NUL.",
            seen=" ".join(argv)[:200] or None,
            remedy="Give the program and its arguments as words of their own; for a line of a shell, run a shell.",
        )


def _of_nixpkgs(
    subject: Subject, lock: str, data: bytes, names: PackageNames, deadline: float
) -> tuple[dict[int, Derivation], list[str]]:
    """Return what is built for the names that are nixpkgs', each by its place, and what to know about that nixpkgs."""
    pin = pinned_nixpkgs(lock, data, subject.root, deadline)
    held = pin.revision[:12] or pin.hash or f"{pin.path}, as it is now"
    paths = tuple(names.pinned.values())
    answer = ask_packages(subject.nix, pin, paths, subject.root, deadline)
    if isinstance(answer, Completed):
        raise _not_evaluated(subject, answer, ", ".join(names.texts[number] for number in names.pinned))
    found = dict[int, Derivation]()
    for number, value in zip(names.pinned, answer[0], strict=True):
        if value is None:
            raise UsageError(
                "unknown_package",
                f"The nixpkgs that {lock} pins has no {names.texts[number]}.",
                seen=names.texts[number],
                remedy=f"Search for it with {do('search')}, or name one of the project's flake as #name.",
            )
        found[number] = Derivation.read(names.texts[number], value)
    return found, [f"nixpkgs is the one that {lock} pins ({held}), without overlays and settings of it."]


def _not_evaluated(subject: Subject, answer: Completed, what: str) -> CheckFailed:
    build_log.blame(answer)
    told = answer.stderr.decode("utf-8", "replace")
    translation = Translation(str(subject.root), subject.files, "evaluation", confined=True)
    finding = translation.failure(told, answer.returncode)
    return CheckFailed(
        "evaluation_failed",
        f"{what} does not evaluate: {finding.message}",
        seen=finding.subject,
        remedy="Name another package, or make it an attribute of the project's flake with the settings that it needs.",
        diagnostics=(finding,),
    )


def _built(subject: Subject, wanted: list[tuple[str, Derivation]], deadline: float) -> tuple[RunPackage, ...]:
    """Build the outputs that are wanted of each package, all in one call."""
    # The outputs of a derivation stand behind an exclamation mark (nix, src/libstore/path-with-outputs.cc).
    words = tuple(f"{item.path}!{','.join(item.outputs)}" for _, item in wanted)
    done = derivations.realise(words, deadline - time.monotonic())
    if done.returncode:
        not_built(subject, ", ".join(name for name, _ in wanted), done)
    paths = iter(done.stdout.decode("utf-8", "replace").split())
    return tuple(RunPackage(name, item.path, tuple(next(paths) for _ in item.outputs)) for name, item in wanted)


def _prepared(
    wanted: PackageCommand, place: Path, packages: tuple[RunPackage, ...], root: Path, notes: list[str]
) -> _Prepared:
    paths = [path for item in packages for path in item.paths]
    own = program_directories(paths)
    host = [] if wanted.pure else os.environ.get("PATH", "").split(os.pathsep)
    path = os.pathsep.join(filter(None, (*own, *host)))
    notes += [f"{item.name} has no programs." for item in packages if not program_directories(item.paths)]
    program = wanted.argv[0]
    found = str(place / program) if "/" in program else shutil.which(program, path=path)
    if found is None:
        raise Unavailable(
            "program_missing",
            f"{program} is in none of the packages{'; the host was left out' if wanted.pure else ', nor on the host'}.",
            seen=program,
            remedy="Name the package that has it.",
        )
    origin = _origin(os.path.normpath(found), [*paths, *own], root)
    if origin == "host":
        notes.append(f"{Path(found).name} is from the host: {found}.")
    return _Prepared(packages, Invocation(wanted.argv, place, {"PATH": path}, (), (*override_note(), *notes)), origin)


def _origin(program: str, own: list[str], root: Path) -> str:
    """Return whose program it is. own: where the packages, and what they bring, have theirs."""
    # The host's own may lie in the store too, as those of NixOS and of devenv do.
    if any(program.startswith(f"{folder}/") for folder in own):
        return "packages"
    return "project" if program.startswith(f"{root}/") else "host"
