"""A verified repair: the smallest change of requirements with which a project's Python libraries resolve and import.

What is offered was resolved, installed and imported in an environment that is thrown away. The search is bounded in
time and trials, and goes no further once its job is cancelled.
"""

from __future__ import annotations

import posixpath
import re
import time
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from devkeel.change import changes
from devkeel.diagnosis.reading import read
from devkeel.edits.vocabulary import parse_edits
from devkeel.errors import CheckFailed, DevkeelError
from devkeel.libraries.resolve.imports import CANNOT
from devkeel.remedies.fix import Fix
from devkeel.remedies.known_causes import KnownCause
from devkeel.remedies.repairing.declared import merged
from devkeel.remedies.repairing.holding_back import held_back
from devkeel.remedies.repairing.relaxing import Relaxed, relaxed
from devkeel.remedies.repairing.trials import Outcome, SearchBounds, Spent, Trials
from devkeel.runtime.jobs import JobSpec
from devkeel.text.data import as_data

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from devkeel.context import Context
    from devkeel.edits.base import Edit
    from devkeel.project.contents import Contents
    from devkeel.runtime.jobs import Job

__all__ = [
    "WHILE_APPLYING",
    "WHILE_EDITING",
    "Repair",
    "RepairRequest",
    "SearchBounds",
    "begin",
    "explain",
    "repair",
    "with_taken_back",
]

_NEEDS = ("build", "network")
_CODES = ("import_failed", "unresolvable")
# What a call waits for that has failed: an apply is a job that may be cancelled, and an edit is none.
WHILE_APPLYING = SearchBounds(seconds=90, each=45, installs=10, resolutions=30, fixes=1)
WHILE_EDITING = SearchBounds(seconds=20, each=15, installs=3, resolutions=15, fixes=1)
_ROUNDS = 3  # libraries that are mended one after the other
# No version of what is not there helps: uv, crates/uv-resolver/src/pubgrub/report.rs; pip, resolvelib/factory.py.
_UNKNOWN = re.compile(r"was not found in the package registry|from versions: none\b")
_SCHEMA, _BUILD, _VENV = "schema", "build", "venv"
# What stands in the way of an import and is no matter of versions.
_NO_VERSION = frozenset({"soname", "program", "variable", "permission", "disk", "memory", "network", "service", "port"})


class Repair(Struct, frozen=True):
    """What a search for versions that go together came to.

    wrong: what could not be imported, with the reasons. reason: why it did not resolve or install, None where it did.
    fixes: the best first, each resolved, installed and imported. installs: environments that were made and thrown away;
    resolutions: that were asked for. stopped: why the search ended early, None where it did not. answer: in one
    sentence.
    """

    wrong: Mapping[str, str]
    reason: str | None
    fixes: tuple[Fix, ...]
    installs: int
    resolutions: int
    seconds: float
    stopped: str | None
    answer: str


class RepairRequest(Struct, frozen=True):
    """What is to be repaired. given: edits that are made first, as those of a call that was refused.

    bounds: of the search. contents, python: of the environment, None for the project's own.
    """

    given: tuple[dict[str, Any], ...] = ()
    bounds: SearchBounds = SearchBounds()
    contents: Contents | None = None
    python: str | None = None


def begin(context: Context, edits: Sequence[Edit], bounds: SearchBounds) -> Job:
    """Begin to search as a job; see `Environment.repair_libraries`."""
    wanted = RepairRequest(tuple(item.given() for item in edits), bounds)
    spec = JobSpec("repair", "Search for versions of libraries that go together", echoes=("stderr",), plain=as_data)
    with context.building():
        return context.begin(spec, lambda job: repair(context, wanted, job.tell))


def explain(
    context: Context, error: DevkeelError, wanted: RepairRequest, progress: Callable[[str], None] | None = None
) -> None:
    """Put into an error that libraries do not go together what mends it, where a search finds that.

    `causes` of its details has the cause with its fix, `searched` says what came of a search that found none. Nothing
    is searched for a caller who may not build and reach a network. Raises what ends a job that is cancelled.
    """
    if not isinstance(error, CheckFailed) or error.code not in _CODES or not _is_python(error):
        return
    if context.permission.lacks(_NEEDS):
        return
    wrong = {str(item.subject): item.message.partition(CANNOT)[2] for item in error.diagnostics if _is_import(item)}
    known = Outcome(True, wrong) if wrong else Outcome(False, {}, _told(error))
    try:
        found = repair(context, wanted, progress or _quietly, known)
    except DevkeelError as obstacle:
        if obstacle.code == "cancelled":
            raise
        return
    if not found.fixes:
        error.details["searched"] = found.answer
        return
    fix, subject = found.fixes[0], next(iter(wrong), None) or str(error.place)
    line = error.message.splitlines()[0]
    cause = KnownCause("conflict", subject, line, fix.sentence, fix.edits, lacks=fix.lacks, uncertain=fix.uncertain)
    error.details["causes"] = as_data((cause,))


def _is_python(error: CheckFailed) -> bool:
    """Return whether an error is about a file that the venv backend makes environments of."""
    name = posixpath.basename(error.place.file) if error.place is not None else ""
    return name == "pyproject.toml" or name.endswith((".txt", ".in"))


def _quietly(sentence: str) -> None:
    """Leave the progress of a search unsaid: an edit has no place for it."""


def with_taken_back(error: DevkeelError, taken_back: Sequence[Mapping[str, Any]]) -> None:
    """Let the fix in an error stand for a declaration from which edits were taken back: it makes these as well."""
    if not taken_back:
        # What else was taken back is not known as edits: the fix is told, and is none that can be made as it stands.
        for cause in error.details.get("causes", ()):
            cause.pop("edits", None)
    for cause in error.details.get("causes", ()) if taken_back else ():
        edits = tuple(dict(item) for item in taken_back)
        for edit in cause.get("edits", ()):
            edits = merged(edits, edit)
        cause["edits"] = list(edits)


def _is_import(item: Any) -> bool:  # noqa: ANN401  (a Diagnostic)
    return bool(item.code == "import_failed" and item.subject)


def _told(error: CheckFailed) -> str:
    return "\n".join([error.message, *(item.message for item in error.diagnostics)])


def repair(
    context: Context, wanted: RepairRequest, progress: Callable[[str], None], known: Outcome | None = None
) -> Repair:
    """Search for the smallest change with which all resolves and imports. progress: is called with what is done.

    known: what is wrong already, None where that is to be found out. Raises Unavailable where no search is possible.
    """
    began = time.monotonic()
    trials = Trials(context, wanted.given, wanted.bounds, progress, contents=wanted.contents, python=wanted.python)
    fixes, outcome = list[Fix](), known or Outcome(False, {})
    try:
        if trials.manifest(trials.candidate()) is None:
            return _told_as(trials, outcome, [], began, "No file of this project names Python libraries.")
        outcome = known or trials.outcome()
        for fix in _fixes(context, trials, outcome):
            fixes.append(fix)
            if len(fixes) >= wanted.bounds.fixes:
                break
    except Spent:
        pass
    return _told_as(trials, outcome, fixes, began)


def _fixes(context: Context, trials: Trials, outcome: Outcome) -> Iterator[Fix]:
    if outcome.well:
        return
    found = _importing(trials, outcome) if outcome.resolved else _resolving(trials, outcome)
    for fix in found:
        if (tried := _tried(context, fix)) is not None:
            yield tried


def _tried(context: Context, fix: Fix) -> Fix | None:
    """Return a fix with what its dry run changes; None where the project's rules refuse it."""
    asked = changes.Asked(None, dry_run=True, expected_revision=None)
    edits = parse_edits([dict(item) for item in fix.edits])
    try:
        result = changes.change(context.trying(), edits, asked, level=_SCHEMA, create=False, direnv=False)
    except DevkeelError:
        return None
    level = _BUILD if context.selection.name == _VENV else result.checks.ran[-1]
    lacks = context.permission.why_not({"write"}) or None
    return replace(fix, level=level, diff=result.diff, lacks=lacks) if result.changed else None


def _resolving(trials: Trials, outcome: Outcome) -> Iterator[Fix]:
    if _UNKNOWN.search(outcome.reason or ""):
        return
    for found in relaxed(trials, outcome.reason or "", frozenset()):
        yield Fix(f"With {_moved(found)}, all of it resolves and imports.", found.edits, uncertain=_OPEN)


def _importing(trials: Trials, outcome: Outcome) -> Iterator[Fix]:
    """Yield what lets each broken library import: others held back, else another version of itself."""
    searched = {name: why for name, why in outcome.broken.items() if _is_of_versions(why)}
    left, allowed = dict(searched), frozenset(outcome.broken)
    base = dict[str, str]()
    for _ in range(_ROUNDS):
        if not left:
            break
        found = held_back(trials, base, next(iter(left.items())), allowed)
        if found is None:
            break
        base = {**found.requirements}
        left = {key: value for key, value in found.outcome.broken.items() if key in searched}
    if base and not left:
        was = trials.versions()
        now = ", ".join(f"{name} {was.held[name]}" for name in base if name in was.held) if was is not None else ""
        instead = f" in place of {now}" if now else ""
        sentence = f"With {', '.join(base.values())}{instead}, {' and '.join(searched)} can be imported."
        yield Fix(sentence, merged(trials.given, trials.edit([*base.values()])), uncertain=_OPEN)
        return
    for name in searched:
        for item in relaxed(trials, name, allowed - {name}, only=(name,)):
            yield Fix(f"With {_moved(item)}, it can be imported.", item.edits, uncertain=_OPEN)


def _moved(found: Relaxed) -> str:
    return " and ".join(f"{new} in place of {old}" for old, new in found.changed.items())


_OPEN = "It was installed and imported; whether the rest of what your code calls is there too was not tried."


def _is_of_versions(why: str) -> bool:
    """Return whether other versions may mend an import: not where the reason names what the system lacks."""
    return not any(cause.kind in _NO_VERSION for cause in read(why).causes)


def _told_as(trials: Trials, outcome: Outcome, fixes: Iterable[Fix], began: float, answer: str | None = None) -> Repair:
    found = tuple(fixes)
    return Repair(
        wrong=outcome.broken,
        reason=outcome.reason,
        fixes=found,
        installs=trials.installs,
        resolutions=trials.resolutions,
        seconds=round(time.monotonic() - began, 1),
        stopped=trials.stopped,
        answer=answer or _answer(outcome, found, trials),
    )


def _answer(outcome: Outcome, fixes: tuple[Fix, ...], trials: Trials) -> str:
    if outcome.well:
        return "All libraries resolve and can be imported: there is nothing to repair."
    if fixes:
        return fixes[0].sentence
    if outcome.resolved and not any(_is_of_versions(why) for why in outcome.broken.values()):
        return "What cannot be imported fails for a reason that is no matter of versions: see it."
    early = f" The search ended early: {trials.stopped}." if trials.stopped else ""
    return f"No change of requirements was found with which all resolves and imports.{early}"
