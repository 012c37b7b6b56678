"""Which rungs run, in which order, and what they say together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from devkeel.checks.durations import timed
from devkeel.checks.findings import merged
from devkeel.checks.report import CheckReport, Skipped
from devkeel.deferred import Deferred
from devkeel.errors import Diagnostic, Unavailable, UsageError
from devkeel.runtime import find_program
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Callable

    from devkeel.candidate.candidate import Candidate
    from devkeel.checks import build, evaluation, schema, syntax
    from devkeel.checks import second_opinion as nix_parse
    from devkeel.checks.evaluation import Verdict
    from devkeel.nix_cli import confinement, evaluate
else:
    syntax = Deferred("devkeel.checks.syntax")
    schema = Deferred("devkeel.checks.schema")
    evaluation = Deferred("devkeel.checks.evaluation")
    build = Deferred("devkeel.checks.build")
    nix_parse = Deferred("devkeel.checks.second_opinion")
    confinement = Deferred("devkeel.nix_cli.confinement")
    evaluate = Deferred("devkeel.nix_cli.evaluate")

__all__ = ["LEVELS", "available_levels", "run_checks", "unavailable"]

LEVELS = ("syntax", "schema", "evaluation", "build")
# Each rung is imported when it runs: a verb that checks nothing does not wait for the catalogue.


def _syntax(subject: Candidate) -> list[Diagnostic]:

    return syntax.check(subject)


def _schema(subject: Candidate) -> list[Diagnostic]:

    return schema.check(subject)


def _evaluation(subject: Candidate) -> Verdict:

    return evaluation.check(subject)


def _build(subject: Candidate) -> Verdict:

    return build.check(subject)


# What the text alone shows, and what programs say of the staged project.
_RUNGS: dict[str, Callable[[Candidate], list[Diagnostic]]] = {"syntax": _syntax, "schema": _schema}
_PROGRAMS: dict[str, Callable[[Candidate], Verdict]] = {"evaluation": _evaluation, "build": _build}
_MISSING = "this version of devkeel does not check it"
_CANNOT = "The evaluation cannot run: "
_UNJUDGED = "the evaluation did not come to its end"
_UNPARSED = "the files do not parse"


def available_levels(subject: Candidate | None = None) -> tuple[str, ...]:
    """Return the rungs that can run on this machine: for a declaration, or for one whose inputs are there."""
    programs = unavailable(subject) is None
    return tuple(level for level in LEVELS if level in _RUNGS or (programs and level in _PROGRAMS))


def unavailable(subject: Candidate | None = None) -> str | None:
    """Return why the rungs that run programs cannot run, None where they can. Nothing is run to know."""
    if find_program("devenv") is not None:
        return None
    if find_program("nix-instantiate") is None:
        return "neither Nix nor devenv is on PATH"
    if subject is None:
        return None

    try:
        evaluate.require_nix(subject)
    except Unavailable as error:
        return error.message.removeprefix(_CANNOT).rstrip(".")
    return None


def run_checks(
    subject: Candidate, *, level: str | None = None, second_opinion: bool = False, reading: bool = False
) -> CheckReport:
    """Judge a candidate.

    level: the deepest rung to run; None means the deepest up to evaluation that this machine can run in its time.
    Raises UsageError `unknown_level`, or Unavailable for a level that was asked for and cannot run:
    `check_unavailable`, or the code of what went wrong.
    second_opinion: ask Nix to parse too; where it disagrees, that is a diagnostic.
    reading: run what needs no program, whatever the level.
    """
    if level is not None and level not in LEVELS:
        raise UsageError(
            "unknown_level",
            f"There is no check level {level!r}.",
            seen=level,
            remedy="Use one of the levels.",
            alternatives=LEVELS,
        )
    wanted = LEVELS[: LEVELS.index(level or "evaluation") + 1]
    ran, skipped, found = list[str](), list[Skipped](), list[Diagnostic]()
    stage, judge, unjudged = None, None, False
    for rung in LEVELS:
        reason = _UNJUDGED if unjudged and rung in wanted else _reason(rung, wanted, found, reading=reading)
        if reason is not None:
            if rung == level and reason is _MISSING:
                raise _cannot(rung, reason)
            skipped.append(Skipped(rung, reason))
        elif rung in _RUNGS:
            with timed(rung):
                found += _to_take(_RUNGS[rung](subject), found)
            ran.append(rung)
        else:
            try:
                with timed(rung):
                    verdict = _PROGRAMS[rung](subject)
            except Unavailable as error:
                if level in LEVELS[LEVELS.index(rung) :]:
                    raise
                skipped.append(Skipped(rung, error.message.removeprefix(_CANNOT).rstrip(".")))
                found += _to_fetch(error, rung)
                continue
            found = merged(found, verdict.diagnostics)
            stage, judge = verdict.way, verdict.judge
            if verdict.unjudged is None:
                ran.append(rung)
            else:
                # What would lock the input needs the file that declares it: refusing the write would be a circle.
                skipped.append(Skipped(rung, verdict.unjudged))
                unjudged = True
    if second_opinion:
        found += nix_parse.check(subject)
        ran.append("nix-parse")
    ok = not any(item.severity == "error" for item in found)
    return CheckReport(ok, tuple(ran), tuple(skipped), tuple(found), judge, stage, _held(judge))


def _held(judge: str | None) -> str | None:
    """Return what is to be said of how an evaluation by Nix was held."""
    return confinement.by_convention() if judge == "nix" else None


def _to_take(items: list[Diagnostic], earlier: list[Diagnostic]) -> list[Diagnostic]:
    """Return findings without suggestions for files that do not parse: what leaves one so is not published."""
    broken = {item.place.file for item in earlier if item.severity == "error" and item.place is not None}
    return [replace(item, suggestions=_elsewhere(item, broken)) if item.suggestions else item for item in items]


def _elsewhere(item: Diagnostic, broken: set[str]) -> tuple[dict[str, Any], ...]:
    return tuple(edit for edit in item.suggestions if edit.get("file") not in broken)


def _to_fetch(error: Unavailable, rung: str) -> list[Diagnostic]:
    """Return what a rung that did not run would have to have fetched, and what came instead of it."""
    if error.code == "hash_mismatch":
        return [Diagnostic(error.code, "error", f"{error.message} {error.remedy}", rung, error.place, error.seen)]
    if error.code != "not_fetched":
        return []
    return [Diagnostic(error.code, "info", f"{error.message} {error.remedy}", rung, error.place, error.seen)]


def _reason(rung: str, wanted: tuple[str, ...], found: list[Diagnostic], *, reading: bool) -> str | None:
    """Return why a rung does not run, or None."""
    if rung not in wanted:
        return "it was not asked for"
    if rung not in _RUNGS and rung not in _PROGRAMS:
        return _MISSING
    if rung in _PROGRAMS and reading:
        return f"reading does not run it; {do('check')} does"
    errors = {source for item in found if item.severity == "error" for source in (item.source, item.also)}
    if rung in _PROGRAMS and "syntax" in errors:
        return _UNPARSED
    return "the evaluation failed" if rung == "build" and "evaluation" in errors else None


def _cannot(level: str, reason: str) -> Unavailable:
    return Unavailable(
        "check_unavailable",
        f"The level {level} cannot run: {reason}.",
        seen=level,
        remedy="Ask for a level that can run, or leave the level out.",
        alternatives=available_levels(),
    )
