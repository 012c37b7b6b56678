"""Running a command with packages that are in no environment of the project, as the work of a job.

Their programs stand first on PATH, as `nix shell` has it (nix, src/nix/env.cc); nothing is declared or kept for it.
"""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import asdict, replace

from devkeel.builds.build import not_built
from devkeel.builds.package_names import PackageNames, nixpkgs_of
from devkeel.builds.subject import Subject
from devkeel.diagnosis.nix_messages import Translation
from devkeel.environments.run import Invocation, RunResult, directory_of, is_argument, perform
from devkeel.errors import CheckFailed, Unavailable, UsageError
from devkeel.nix_cli import attributes, build_log, derivations
from devkeel.nix_cli.build import on_time
from devkeel.nix_cli.outputs import program_directories
from devkeel.nix_cli.pinned_packages import PACKAGE, ask_packages
from devkeel.nix_cli.progress import progress_of
from devkeel.runtime import Completed
from devkeel.runtime.jobs import JobSpec
from devkeel.runtime.requests import LONGEST, TITLE, require_seconds
from devkeel.text.actions import do
from devkeel.text.clean import one_line
from devkeel.text.data import as_data
from devkeel.text.secrets import mask_arguments

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from devkeel.context import Context
    from devkeel.nix_cli.pinned_packages import PinnedNixpkgs
    from devkeel.runtime.jobs import Job

__all__ = ["PackageCommand", "PackageRun", "RunPackage", "prepare", "run"]

_WORD = 2000
_SHOWN = 20


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


class _Derivation(Struct, frozen=True):
    """What is built for a package, and which outputs of it are wanted."""

    path: str
    outputs: tuple[str, ...]


def run(context: Context, wanted: PackageCommand, timeout: float) -> Job:
    """Begin to build the packages and to run the command; see the verb of `Environment` that calls it."""
    begun = time.monotonic()
    work, title = _begin(context, wanted, timeout)

    def whole(job: Job) -> PackageRun:
        packages, called = work(job)
        took = round(time.monotonic() - begun, 3)
        job.tell("running")
        left = max(0.0, timeout - took)
        result, late = perform(job, called.argv, called.place, called.variables, left)
        origin, notes = _origin(called, context.project.root)
        if late:
            notes = (*notes, f"Its deadline ended it, {timeout:g} s after the call.")
        argv = mask_arguments(result.argv)
        known = asdict(replace(result, argv=argv, origin=origin, notes=(*called.notes, *notes)))
        return PackageRun(**known, packages=packages, preparing=took)

    spec = JobSpec("run", title, reads=progress_of, plain=as_data, failed=lambda result: result.exit_code != 0)
    with context.building():
        return context.jobs.start(spec, whole)


def prepare(context: Context, wanted: PackageCommand, timeout: float) -> Job:
    """Begin to build the packages; the job ends with what `run` would run, for who runs it in a process of its own."""
    work, title = _begin(context, wanted, timeout)

    def whole(job: Job) -> Invocation:
        _packages, called = work(job)
        _, notes = _origin(called, context.project.root)
        return replace(called, notes=(*called.notes, *notes))

    with context.building():
        return context.jobs.start(JobSpec("build", title, reads=progress_of, echoes=("stderr",)), whole)


def _begin(
    context: Context, wanted: PackageCommand, timeout: float
) -> tuple[Callable[[Job], tuple[tuple[RunPackage, ...], Invocation]], str]:
    """Refuse what cannot be meant, and return what makes the rest of it, with a title."""
    require_seconds(timeout, LONGEST)
    _require_command(wanted.argv)
    names = PackageNames.parse(wanted.packages, wanted.file)
    place = directory_of(context.project, wanted.cwd)
    subjects = {number: Subject.of(context, item) for number, item in names.own.items()}
    subject = next(iter(subjects.values()), None) or Subject.alone(context)
    pinned = nixpkgs_of(context, names) if names.pinned else None
    deadline = time.monotonic() + timeout

    def work(job: Job) -> tuple[tuple[RunPackage, ...], Invocation]:
        with job.echoing("stderr"):
            job.tell("evaluating")
            found = dict[int, _Derivation]()
            for number, item in names.own.items():
                asked = attributes.AskedValue(item, PACKAGE, imports=True)
                value = subjects[number].evaluate(asked, deadline - time.monotonic())
                found[number] = _derivation(item.text, value)
            if pinned is not None:
                found |= _of_nixpkgs(subject, pinned, names, deadline)
            job.tell("building")
            with on_time(timeout):
                packages = _built(subject, [(names.texts[number], found[number]) for number in sorted(found)], deadline)
        return packages, _invocation(wanted, place, packages, pinned)

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
    subject: Subject, pinned: PinnedNixpkgs, names: PackageNames, deadline: float
) -> dict[int, _Derivation]:
    assert pinned.pin is not None  # noqa: S101  (`nixpkgs_of` has seen to it)
    paths = tuple(names.pinned.values())
    answer = ask_packages(subject.nix, pinned.pin, paths, subject.root, deadline)
    if isinstance(answer, Completed):
        raise _not_evaluated(subject, answer, ", ".join(names.texts[number] for number in names.pinned))
    found = dict[int, _Derivation]()
    for number, value in zip(names.pinned, answer[0], strict=True):
        if value is None:
            raise UsageError(
                "unknown_package",
                f"The nixpkgs that {pinned.lock} pins has no {names.texts[number]}.",
                seen=names.texts[number],
                remedy=f"Search for it with {do('search')}, or name one of the project's flake as #name.",
            )
        found[number] = _derivation(names.texts[number], value)
    return found


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


def _derivation(name: str, value: dict[str, Any]) -> _Derivation:
    if "drvPath" not in value:
        names = tuple(map(str, value["names"][:_SHOWN]))
        raise UsageError(
            "not_a_derivation",
            f"{name} is of the type {value['type']}, and no package.",
            seen=name,
            remedy="Name one of what it has." if names else "Name another attribute.",
            alternatives=names,
        )
    return _Derivation(value["drvPath"], tuple(value["outputs"]))


def _built(subject: Subject, wanted: list[tuple[str, _Derivation]], deadline: float) -> tuple[RunPackage, ...]:
    """Build the outputs that are wanted of each package, all in one call."""
    # The outputs of a derivation stand behind an exclamation mark (nix, src/libstore/path-with-outputs.cc).
    words = tuple(f"{item.path}!{','.join(item.outputs)}" for _, item in wanted)
    done = derivations.realise(words, deadline - time.monotonic())
    if done.returncode:
        not_built(subject, ", ".join(name for name, _ in wanted), done)
    paths = iter(done.stdout.decode("utf-8", "replace").split())
    return tuple(RunPackage(name, item.path, tuple(next(paths) for _ in item.outputs)) for name, item in wanted)


def _invocation(
    wanted: PackageCommand, place: Path, packages: tuple[RunPackage, ...], pinned: PinnedNixpkgs | None
) -> Invocation:
    own = program_directories(path for item in packages for path in item.paths)
    host = [] if wanted.pure else os.environ.get("PATH", "").split(os.pathsep)
    path = os.pathsep.join(filter(None, (*own, *host)))
    notes = []
    if pinned is not None and pinned.pin is not None:
        held = pinned.pin.revision[:12] or pinned.pin.hash
        notes.append(f"nixpkgs is the one that {pinned.lock} pins ({held}), without overlays and settings of it.")
    notes += [f"{item.name} has no programs." for item in packages if not program_directories(item.paths)]
    program = wanted.argv[0]
    if "/" not in program and shutil.which(program, path=path) is None:
        raise Unavailable(
            "program_missing",
            f"{program} is in none of the packages{'; the host was left out' if wanted.pure else ', nor on the host'}.",
            seen=program,
            remedy="Name the package that has it.",
        )
    return Invocation(wanted.argv, place, {"PATH": path}, (), tuple(notes))


def _origin(called: Invocation, root: Path) -> tuple[str, tuple[str, ...]]:
    """Return whose program a command is, and what to know about it."""
    name, path = called.argv[0], str(called.variables["PATH"])
    found = str(called.place / name) if "/" in name else shutil.which(name, path=path) or name
    if found.startswith("/nix/store/"):
        return "packages", ()
    if os.path.normpath(found).startswith(f"{root}/"):
        return "project", ()
    return "host", (f"{Path(found).name} is from the host: {found}.",)
