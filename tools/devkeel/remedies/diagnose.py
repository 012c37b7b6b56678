"""Diagnosing: a failed run's text in, causes and fixes out, each fix tried as a dry run before it is offered."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from devkeel.change import changes
from devkeel.diagnosis.reading import read
from devkeel.edits.vocabulary import parse_edits
from devkeel.errors import DevkeelError, UsageError
from devkeel.remedies.fix import Fix
from devkeel.remedies.proposing.registry import proposals
from devkeel.remedies.situation import Situation
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devkeel.context import Context
    from devkeel.diagnosis.cause import Cause

__all__ = ["DiagnosedCause", "Diagnosis", "diagnose", "require_one"]

_LEVEL = "schema"  # by the text alone: publishing asks for more
_CAUSES = 4
_FIXES = 3  # of each cause
_TRIED = 6


class DiagnosedCause(Struct, frozen=True):
    """A cause with what mends it, the best first. Fields of a cause: see `devkeel.diagnosis.cause.Cause`.

    advice: what helps where no edit does, in sentences. refused: why a fix that would be due is not offered; None where
    nothing was refused.
    """

    kind: str
    subject: str
    line: str
    number: int
    fixes: tuple[Fix, ...]
    facts: Mapping[str, str]
    advice: str | None = None
    refused: str | None = None


class Diagnosis(Struct, frozen=True):
    """What a failed run's text says.

    causes: the likeliest root first. together: the first fixes of all roots as one, where there are several. lines: how
    many were looked at; omitted: characters before them. answer: in one sentence. next: the call that mends it, where
    that is no edit: each client says in its own way how edits are made.
    """

    causes: tuple[DiagnosedCause, ...]
    together: Fix | None
    lines: int
    omitted: int
    answer: str
    next: str | None = None


def require_one(text: str | None, job: str | None) -> None:
    """Refuse to be asked about nothing, or about two texts. Raises UsageError `nothing_to_diagnose`."""
    if (text is None) == (job is None):
        raise UsageError(
            "nothing_to_diagnose",
            "A diagnosis takes either what a failed run printed or the job that failed.",
            remedy=f"Give the text, or a job of {do('job')}.",
        )


def diagnose(context: Context, text: str, *, action: str | None = "diagnose") -> Diagnosis:
    """Return the causes that a text names and the fixes that were tried; see `Environment.diagnose`.

    action: whose event says so; None for none.
    """
    reading = read(text)
    situation = Situation(context, text)
    causes = reading.causes[:_CAUSES]
    found = tuple(_diagnosed(situation, cause) for cause in causes)
    # What is as near to the root as the first one is missing as well: one of them alone would fail at the next.
    roots = [item for item, cause in zip(found, causes, strict=True) if cause.weight == causes[0].weight]
    together = _together(context, [item.fixes[0] for item in roots if item.fixes])
    fix = together or next((fix for item in found for fix in item.fixes), None)
    if action is not None:
        named = [{"kind": item.kind, "subject": item.subject, "fixes": len(item.fixes)} for item in found]
        context.tell("diagnosed", action=action, causes=named)
    return Diagnosis(found, together, reading.lines, reading.omitted, _answer(found), _next(fix))


def _together(context: Context, fixes: list[Fix]) -> Fix | None:
    """Return several fixes as one transaction; None where there are not several, or they do not go together."""
    edits = [edit for fix in fixes for edit in fix.edits]
    distinct = [edit for number, edit in enumerate(edits) if edit not in edits[:number]]
    if len(distinct) < 2 or len(distinct) == len(fixes[0].edits):  # noqa: PLR2004  (one alone is no several)
        return None
    uncertain = " ".join(dict.fromkeys(fix.uncertain for fix in fixes if fix.uncertain)) or None
    create = any(fix.create for fix in fixes)
    one = Fix("Mends all of it in one transaction.", tuple(distinct), uncertain=uncertain, create=create)
    with suppress(DevkeelError):
        return _tried(context, one)
    return None


def _diagnosed(situation: Situation, cause: Cause) -> DiagnosedCause:
    kept, said, refused = list[Fix](), list[str](), list[str]()
    for number, fix in enumerate(proposals(situation, cause)):
        if number >= _TRIED or len(kept) >= _FIXES:
            break
        if not (fix.edits or fix.command or fix.call):
            said.append(fix.sentence)
            continue
        try:
            tried = _tried(situation.context, fix)
        except DevkeelError as error:
            refused.append(str(error))
            continue
        if tried is not None:
            kept.append(tried)
    why = refused[0] if refused and not kept else None
    advice = " ".join(said) or None
    return DiagnosedCause(cause.kind, cause.subject, cause.line, cause.number, tuple(kept), cause.facts, advice, why)


def _tried(context: Context, fix: Fix) -> Fix | None:
    """Return a fix with what its dry run says; None where it would change nothing. Raises what refuses its edits."""
    if not fix.edits:
        return fix
    asked = changes.Asked(None, dry_run=True, expected_revision=None)
    result = changes.change(
        context.trying(), parse_edits(list(fix.edits)), asked, level=_LEVEL, create=fix.create, direnv=False
    )
    return replace(fix, level=result.checks.ran[-1], diff=result.diff) if result.changed else None


def _answer(found: tuple[DiagnosedCause, ...]) -> str:
    if not found:
        return "Nothing in this text says that something of the environment is missing or wrong."
    count, mended = len(found), sum(bool(item.fixes) for item in found)
    causes = "One cause" if count == 1 else f"{count} causes"
    if not mended:
        return f"{causes}, and no edit is known that mends {'it' if count == 1 else 'one of them'}."
    which = "it can be mended" if count == 1 else f"{mended} of them can be mended"
    return f"{causes}: {which}, by what was tried here without writing."


def _next(fix: Fix | None) -> str | None:
    if fix is None:
        return None
    return fix.call
