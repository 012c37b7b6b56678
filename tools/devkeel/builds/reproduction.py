"""The proof: what was built is built once more, and what differs is named and shown."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from devkeel.builds.build import derivation_of, not_built, outputs
from devkeel.builds.subject import Subject
from devkeel.builds.tree_comparison import FileDifference, compare_trees
from devkeel.errors import Unavailable
from devkeel.nix_cli import derivations
from devkeel.nix_cli.build import on_time
from devkeel.nix_cli.derivation_file import read_derivation
from devkeel.nix_cli.installables import Installable
from devkeel.nix_cli.outputs import hashes_of
from devkeel.nix_cli.progress import counting
from devkeel.nix_cli.rebuild import rebuilt
from devkeel.runtime.jobs import JobSpec
from devkeel.runtime.requests import LONGEST, TITLE, require_seconds
from devkeel.text.clean import one_line
from devkeel.text.data import as_data

if TYPE_CHECKING:
    from devkeel.context import Context
    from devkeel.nix_cli.rebuild import Rebuilt
    from devkeel.runtime.jobs import Job

__all__ = ["Reproduction", "prove"]

_ALONE = "the derivation itself was built again, and not what it is built from"


class Reproduction(Struct, frozen=True):
    """What came of a second build. same: whether it gave the hashes of the first.

    hashes: of the outputs of the first, by path. output: the one that differs. compared, differing: how many paths were
    compared and differ; `files` has the first of these. seconds: of the second build.
    """

    target: str
    same: bool
    derivation: str
    hashes: dict[str, str]
    seconds: float
    output: str | None = None
    compared: int = 0
    differing: int = 0
    files: tuple[FileDifference, ...] = ()
    notes: tuple[str, ...] = ()


def prove(context: Context, target: str, *, file: str | None, timeout: float) -> Job:
    """Begin to build what is named twice, as a job; see the verb of `Environment` that calls it."""
    require_seconds(timeout, LONGEST)
    wanted = Installable.parse(target, file)
    subject = Subject.of(context, wanted)
    title = one_line(f"Build twice {wanted.text}")[:TITLE]

    def work(job: Job) -> Reproduction:
        deadline = time.monotonic() + timeout
        job.tell("evaluating")
        found = derivation_of(subject, wanted, timeout)
        _require_provable(found.path)
        with on_time(timeout):
            job.tell("building")
            done = derivations.realise(found.path, deadline - time.monotonic())
            if done.returncode:
                not_built(subject, wanted.text, done)
            paths = tuple(item.path for item in outputs(found, done))
            job.tell("building it a second time")
            begun = time.monotonic()
            with rebuilt(found.path, paths, deadline - begun) as second:
                seconds = round(time.monotonic() - begun, 3)
                if second.first is None and second.done.returncode:
                    not_built(subject, wanted.text, second.done)
                job.tell("comparing")
                base = Reproduction(wanted.text, second.first is None, found.path, hashes_of(paths), seconds)
                result = _compared(base, second, len(paths))
        left = (f"it could not be taken away: {path}" for path in second.left)
        return _with_notes(result, (*result.notes, *left))

    with context.building():
        spec = JobSpec(
            "build",
            title,
            reads=counting(),
            echoes=("stderr",),
            plain=as_data,
            failed=lambda result: not result.same,
        )
        return context.begin(spec, work)


def _require_provable(path: str) -> None:
    """Raise Unavailable `not_provable` for what Nix builds again without comparing it."""
    derivation = read_derivation(path)
    if derivation is not None and derivation.is_content_addressed:
        # nix, src/libstore/build, `registerOutputs`: in a check, an output whose path is not known before is passed
        # over where that path is new, and the check succeeds.
        raise Unavailable(
            "not_provable",
            "Its content decides its path (__contentAddressed), and Nix' own check compares nothing of such a "
            "derivation: it would succeed whatever came of it.",
            seen=path,
            remedy="Prove it without __contentAddressed, or build it in a second store and compare the paths.",
        )


def _compared(base: Reproduction, second: Rebuilt, outputs: int) -> Reproduction:
    """Return the result with what differs, while both are there."""
    if second.first is None:
        return _with_notes(base, (_ALONE,))
    notes = [_ALONE, *(["Nix ends at the first output that differs: others were not compared"] if outputs > 1 else [])]
    if second.second is None:
        return _with_notes(base, (*notes, "this Nix kept no second output to compare"), str(second.first))
    found = compare_trees(second.first, second.second)
    return replace(
        base,
        output=str(second.first),
        compared=found.compared,
        differing=found.differing,
        files=found.files,
        notes=tuple(notes),
    )


def _with_notes(base: Reproduction, notes: tuple[str, ...], output: str | None = None) -> Reproduction:
    return replace(base, notes=notes, output=output or base.output)
