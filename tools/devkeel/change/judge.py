"""Judging a candidate: what the checks say of it, and what of that stands in the way of publishing it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct, field
from msgspec.structs import replace

from devkeel.backends.registry import backend_named
from devkeel.checks import LEVELS, added_errors, available_levels, run_checks, unavailable
from devkeel.checks.report import Skipped
from devkeel.deferred import Deferred
from devkeel.errors import CheckFailed, Unavailable
from devkeel.project.root import DECLARATION
from devkeel.runtime import executing
from devkeel.source import nix
from devkeel.text.data import as_data

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from devkeel.candidate.candidate import Candidate
    from devkeel.change.resolution import Asked
    from devkeel.checks.report import CheckReport
    from devkeel.context import Context
    from devkeel.edits import corrections, vocabulary
    from devkeel.errors import Diagnostic
    from devkeel.nix_cli import confinement
else:
    corrections = Deferred("devkeel.edits.corrections")
    vocabulary = Deferred("devkeel.edits.vocabulary")
    confinement = Deferred("devkeel.nix_cli.confinement")

__all__ = ["Intent", "corrected", "judge", "levels_of", "report_on"]

_FLAKE = "flake.nix"
_EVALUATION, _BUILD = "evaluation", "build"
_GOING_BACK = ("undo", "redo", "restore")
# With one of these a file is not Nix, YAML or text at all, so that no edit of it is certain.
_UNPARSED = frozenset({"syntax_error", "too_deep", "not_utf8"})


class Intent(Struct, frozen=True):
    """What a write is for: its kind, reason, edits as given; how far to check it and whether to publish it.

    agreed: a person has agreed to it, so that it may change the policy.
    """

    kind: Literal["edit", "undo", "redo", "restore", "create", "lock", "configure", "generate", "template"]
    reason: str | None
    dry_run: bool
    level: str | None = None
    edits: list[dict[str, Any]] = field(default_factory=list)
    reverts: int | None = None
    agreed: bool = False


def levels_of(subject: Candidate) -> tuple[tuple[str, ...], tuple[Skipped, ...]]:
    """Return the rungs that can run here for a declaration, and why others cannot; only a devenv.nix is evaluated."""
    if DECLARATION not in subject.files:
        return (*LEVELS[:2], _BUILD), ()
    reason = unavailable(subject)
    return available_levels(subject), tuple(Skipped(level, reason) for level in (_EVALUATION, _BUILD) if reason)


def report_on(context: Context, subject: Candidate, level: str | None, asked: Asked = ((), ())) -> CheckReport:
    """Run the ladder; without a devenv.nix its upper rungs are the resolver's word and the backend's own build.

    asked: which resolvers ran, and which did not. Raises Unavailable `check_unavailable` for a level that was asked
    for and cannot run.
    """
    ran, skipped = asked
    if DECLARATION in subject.files or not subject.files:
        report = run_checks(subject, level=level)
        return replace(report, ran=(*report.ran, *ran), skipped=(*report.skipped, *skipped))
    if level == _EVALUATION:
        raise Unavailable(
            "check_unavailable",
            f"The level {level} cannot run: there is no {DECLARATION} to evaluate.",
            seen=level,
            remedy="Ask for a level that can run, or leave the level out.",
            alternatives=levels_of(subject)[0],
        )
    report = run_checks(subject, level="syntax" if level == "syntax" else "schema")
    if level != _BUILD:
        skipped = (*skipped, Skipped(_BUILD, "it was not asked for"))
        return replace(report, ran=(*report.ran, *ran), skipped=skipped)
    found = _build(context, subject) if report.ok else []
    ok = report.ok and not any(item.severity == "error" for item in found)
    return replace(
        report,
        ok=ok,
        ran=(*report.ran, *ran, _BUILD),
        skipped=skipped,
        diagnostics=(*report.diagnostics, *found),
        note=_held(subject),
    )


def _build(context: Context, subject: Candidate) -> list[Diagnostic]:
    """Return what a backend says of a declaration that is not devenv's."""
    from devkeel.backends.backend import Realisation  # noqa: PLC0415  (3 ms, and only the level build needs it)

    with executing():  # whoever asks to build asks for what that runs
        return backend_named(context.selection.name).check(Realisation(context.project, subject, None))


def judge(context: Context, candidate: Candidate, intent: Intent, level: str | None, asked: Asked) -> CheckReport:
    """Run the ladder on a candidate; raise CheckFailed for errors that it adds, or a file that does not parse.

    An undo puts back what stood there: errors that were there then are reported, not refused. So does a restore. A
    file that was merged with what was changed since is new, and its errors are.
    """
    report = report_on(context, candidate, level, asked)
    changed = candidate.changed
    added = _added(context, candidate, report, level)
    if intent.kind in _GOING_BACK:
        again = [item for item in added if item.place is None or item.place.file in changed.keys() - candidate.merged]
        candidate.notes += [f"{name} had errors then, and has them again." for name in _files_of(again)]
        wrong = [item for item in added if item not in again]
    else:
        # What is published parses: that a changed file does not counts, old or new.
        errors = [item for item in report.diagnostics if item.severity == "error" and _unparsed_in(item, changed)]
        wrong = [item for item in errors if not _repaired(item, candidate)]
        wrong += [item for item in added if not _unparsed_in(item, changed)]
    if wrong:
        raise CheckFailed(
            wrong[0].code,
            f"{wrong[0].message}. Nothing was written.",
            place=wrong[0].place,
            remedy="Correct the edit so that the result passes, then repeat it.",
            details={"ran": list(report.ran), "skipped": as_data(report.skipped)},
            diagnostics=corrected(wrong, intent),
        )
    return report


def _added(context: Context, candidate: Candidate, report: CheckReport, level: str | None) -> list[Diagnostic]:
    """Return the errors that the change adds."""
    if report.ok:
        return []
    before = candidate.unchanged()
    # what cannot be built now is not built once more as it was
    old = report_on(context, before, "schema" if _BUILD in report.ran else level)
    return added_errors(old, report, before.files, candidate.files)


def corrected(found: Sequence[Diagnostic], intent: Intent) -> tuple[Diagnostic, ...]:
    """Return findings of a change that is not published, with their suggestions as what to ask for instead."""
    return corrections.corrected(
        found, vocabulary.parse_edits(intent.edits) if intent.kind in ("edit", "create") else []
    )


def _files_of(items: Sequence[Diagnostic]) -> list[str]:
    return list(dict.fromkeys(item.place.file for item in items if item.place is not None))


def _held(subject: Candidate) -> str | None:
    """Return what is to be said of how the evaluation of a flake was held; other backends evaluate nothing."""
    return confinement.by_convention(flake=True) if _FLAKE in subject.files else None


def _unparsed_in(item: Diagnostic, changed: Mapping[str, bytes | None]) -> bool:
    unparsed = item.source == "syntax" and item.code in _UNPARSED
    return unparsed and item.place is not None and item.place.file in changed


def _repaired(item: Diagnostic, candidate: Candidate) -> bool:
    """Return whether an error is in a file that was broken, is less so, and may be published as a step."""
    name = item.place.file if item.place else ""
    old, new = candidate.before.get(name), candidate.after.get(name)
    if name not in candidate.repairs or old is None or new is None:
        return False
    return nix.brokenness(new) < nix.brokenness(old)
