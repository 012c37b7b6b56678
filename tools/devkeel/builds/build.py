"""Building an attribute of the project as a job: where its outputs are, how large, and what they need."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NoReturn

from msgspec import Struct

from devkeel.builds.subject import Subject
from devkeel.errors import CheckFailed, UsageError
from devkeel.nix_cli import attributes, build_log, derivations
from devkeel.nix_cli.build import on_time
from devkeel.nix_cli.confinement import by_convention
from devkeel.nix_cli.installables import Installable
from devkeel.nix_cli.outputs import StorePath, describe
from devkeel.nix_cli.overrides import override_note
from devkeel.nix_cli.progress import counting
from devkeel.runtime.jobs import JobSpec
from devkeel.runtime.requests import LONGEST, TITLE, require_seconds
from devkeel.text.clean import one_line
from devkeel.text.data import as_data

if TYPE_CHECKING:
    from devkeel.context import Context
    from devkeel.runtime import Completed
    from devkeel.runtime.jobs import Job

__all__ = ["BuildResult", "Derivation", "Output", "build", "derivation_of", "not_built", "outputs"]

_SHOWN = 20
# All that is asked of what is to be built, and enough to say what it is instead.
_DERIVATION = (
    "value: if builtins.isAttrs value && value ? drvPath then { inherit (value) drvPath; "
    'outputs = value.outputs or [ "out" ]; } else { type = builtins.typeOf value; '
    "names = if builtins.isAttrs value then builtins.attrNames value else [ ]; }"
)


class Output(StorePath, frozen=True):
    """An output of a derivation, such as out or dev."""

    name: str = "out"


class BuildResult(Struct, frozen=True):
    """What was built. seconds: of building, 0 and some where the store had it. derivation: its path."""

    target: str
    derivation: str
    outputs: tuple[Output, ...]
    seconds: float
    evaluation_seconds: float
    notes: tuple[str, ...] = ()


class Derivation(Struct, frozen=True):
    """What is to be built: its path, and the names of its outputs."""

    path: str
    outputs: tuple[str, ...]

    @classmethod
    def read(cls, named: str, found: dict[str, Any]) -> Derivation:
        """Return what an evaluation says of something. Raises UsageError `not_a_derivation`."""
        if "drvPath" not in found:
            raise _no_derivation(named, found)
        return cls(found["drvPath"], tuple(found["outputs"]))


def build(context: Context, target: str, *, file: str | None, timeout: float) -> Job:
    """Begin to build what is named; see `Environment.build`."""
    require_seconds(timeout, LONGEST)
    wanted = Installable.parse(target, file)
    subject = Subject.of(context, wanted)
    title = one_line(f"Build {wanted.text}")[:TITLE]

    def work(job: Job) -> BuildResult:
        begun = time.monotonic()
        job.tell("evaluating")
        found = derivation_of(subject, wanted, timeout)
        evaluated = time.monotonic()
        job.tell("building")
        left = timeout - (evaluated - begun)
        with on_time(timeout):
            done = derivations.realise(found.path, left)
        if done.returncode:
            not_built(subject, wanted.text, done)
        seconds = time.monotonic() - evaluated
        waiting = context.distribution.notes if context.distribution else ()
        held = by_convention(flake=wanted.file is None)
        notes = (*override_note(), *waiting, *_not_taken(done), *((held,) if held else ()))
        return BuildResult(
            wanted.text, found.path, outputs(found, done), round(seconds, 3), round(evaluated - begun, 3), notes
        )

    with context.building():
        return context.begin(JobSpec("build", title, reads=counting(), echoes=("stderr",), plain=as_data), work)


def derivation_of(
    subject: Subject, wanted: Installable, timeout: float, *, imports: bool = True, function: str = _DERIVATION
) -> Derivation:
    """Return what is to be built, by evaluating it. Raises CheckFailed, Unavailable, UsageError `not_a_derivation`.

    imports: build what the evaluation imports from derivations. function: what says it of the value, Nix text.
    """
    return Derivation.read(wanted.text, subject.evaluate(attributes.AskedValue(wanted, function, imports), timeout))


def outputs(found: Derivation, done: Completed) -> tuple[Output, ...]:
    """Return the outputs that were realised, in the order in which they are declared."""
    paths = tuple(done.stdout.decode("utf-8", "replace").split())
    known = describe(paths)
    # An output is called as its derivation, and with its own name behind that unless it is `out` (nix,
    # src/libstore/derivations.cc, `outputPathName`).
    stem = found.path.partition("-")[2].removesuffix(".drv")
    names = {stem if name == "out" else f"{stem}-{name}": name for name in found.outputs}
    items = [(names.get(path.partition("-")[2], "out"), known[path]) for path in paths]
    items.sort(key=lambda item: (found.outputs.index(item[0]), item[1].path))
    return tuple(Output(item.path, item.bytes, item.closure_bytes, item.references, name) for name, item in items)


def _not_taken(done: Completed) -> tuple[str, ...]:
    caches = build_log.unbelieved(done)
    return (f"Built, and not taken from {', '.join(caches)}: no key that is believed signed it there.",) * bool(caches)


def _no_derivation(named: str, found: dict[str, Any]) -> UsageError:
    names = tuple(map(str, found["names"][:_SHOWN]))
    return UsageError(
        "not_a_derivation",
        f"{named} is of the type {found['type']}, and no derivation: there is nothing to build.",
        seen=named,
        remedy="Name one of what it has." if names else "Name another attribute.",
        alternatives=names,
    )


def not_built(subject: Subject, named: str, done: Completed) -> NoReturn:
    """Raise what a build that failed says: CheckFailed `build_failed`, or Unavailable where the machine failed.

    named: what was to be built.
    """
    found = build_log.failures(subject.files, str(subject.root), done)
    first = found[0] if found else None
    raise CheckFailed(
        "build_failed",
        f"{first.message if first else f'{named} does not build'}.",
        seen=first.subject if first else None,
        place=first.place if first else None,
        remedy="Correct what its log says, then repeat the call; the log of the job has all of it.",
        diagnostics=tuple(found),
    )
