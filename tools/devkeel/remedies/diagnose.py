"""Diagnosing: a failed run's text in, causes and fixes out; edits were tried as a dry run before they are offered."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from devkeel.change import changes
from devkeel.diagnosis.reading import last_part, read
from devkeel.edits.vocabulary import parse_edits
from devkeel.errors import DevkeelError, UsageError
from devkeel.policy.actions import ACTIONS
from devkeel.remedies.fix import Fix
from devkeel.remedies.proposing.registry import proposals
from devkeel.remedies.situation import Situation
from devkeel.text.actions import do, said_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devkeel.context import Context
    from devkeel.diagnosis.cause import Cause

__all__ = ["DiagnosedCause", "Diagnosis", "diagnose", "require_one"]

_LEVEL = "schema"  # by the text alone: publishing asks for more
_CAUSES = 4
_FIXES = 3  # of each cause
_TRIED = 6
_OF_ONE = frozenset({"enable", "set_input"})  # kinds of edits that say by `name` what they are about
# The verb of `Environment` behind a call that is named otherwise.
_VERBS = {"start": "manage", "stop": "manage", "restart": "manage", "set": "change", "begin": "change"}


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
    that is no edit: each client says in its own way how edits are made; None where the caller may not make it.
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
    """Return the causes that a text names and what mends them; see `Environment.diagnose`.

    action: whose event says so; None for none.
    """
    reading = read(text)
    situation = Situation(context, last_part(text))
    causes = reading.causes[:_CAUSES]
    found = tuple(_diagnosed(situation, cause) for cause in causes)
    # What is as near to the root as the first one is missing as well: one of them alone would fail at the next.
    roots = [item for item, cause in zip(found, causes, strict=True) if cause.weight == causes[0].weight]
    together = _together(context, [item.fixes[0] for item in roots if item.fixes])
    fix = together or next((fix for item in found for fix in item.fixes), None)
    if action is not None:
        named = [{"kind": item.kind, "subject": item.subject, "fixes": len(item.fixes)} for item in found]
        context.tell("diagnosed", action=action, causes=named)
    return Diagnosis(found, together, reading.lines, reading.omitted, _answer(found, reading.found), _next(fix))


def _together(context: Context, fixes: list[Fix]) -> Fix | None:
    """Return several fixes as one transaction; None where there are not several, or they do not go together."""
    kept, distinct = list[Fix](), list[dict[str, Any]]()
    for fix in fixes:
        new = [edit for edit in fix.edits if edit not in distinct]
        # What makes the same thing otherwise is another answer to the question: both at once are none.
        if not any(_same_thing(edit, other) for edit in new for other in distinct):
            kept.append(fix)
            distinct += new
    if len(distinct) < 2 or len(distinct) == len(kept[0].edits):  # noqa: PLR2004  (one alone is no several)
        return None
    uncertain = " ".join(dict.fromkeys(fix.uncertain for fix in kept if fix.uncertain)) or None
    create = any(fix.create for fix in kept)
    left_out = len(kept) < len(fixes)
    sentence = f"Mends {'what of it goes together' if left_out else 'all of it'} in one transaction."
    one = Fix(sentence, tuple(distinct), uncertain=uncertain, create=create)
    with suppress(DevkeelError):
        return _tried(context, one)
    return None


def _same_thing(edit: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Return whether two edits say how one thing is: an option, an input, something enabled."""
    if edit["kind"] != other["kind"] or edit.get("file") != other.get("file"):
        return False
    if edit["kind"] == "set":
        return edit.get("path") == other.get("path")
    return edit["kind"] in _OF_ONE and edit.get("name") == other.get("name")


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
        except Exception as error:
            logging.getLogger(__name__).debug("a fix was lost", exc_info=True)
            said.append(f"An error of devkeel's own ended the dry run of what may mend it: {type(error).__name__}.")
            continue
        # Two may know the same edits.
        if tried is not None and not any(tried.edits and tried.edits == other.edits for other in kept):
            kept.append(tried)
    why = refused[0] if refused and not kept else None
    advice = " ".join(said) or None
    return DiagnosedCause(cause.kind, cause.subject, cause.line, cause.number, tuple(kept), cause.facts, advice, why)


def _tried(context: Context, fix: Fix) -> Fix | None:
    """Return a fix with what its dry run says; None where it would change nothing. Raises what refuses its edits."""
    fix = replace(fix, lacks=_lacking(context, fix))
    if not fix.edits:
        return fix
    asked = changes.Asked(None, dry_run=True, expected_revision=None)
    result = changes.change(
        context.trying(), parse_edits(list(fix.edits)), asked, level=_LEVEL, create=fix.create, direnv=False
    )
    return replace(fix, level=result.checks.ran[-1], diff=result.diff) if result.changed else None


def _lacking(context: Context, fix: Fix) -> str | None:
    """Return which permission the caller lacks for a fix; None for none, and for a command, which is the person's."""
    if fix.edits:
        return context.permission.why_not({"write"}) or None
    verbs = (_VERBS.get(said.name, said.name) for said in said_in(fix.call or "") if said.kind == "do")
    needed = {name for verb in verbs if verb in ACTIONS for name in ACTIONS[verb].least}
    return context.permission.why_not(needed) or None


def _answer(found: tuple[DiagnosedCause, ...], named: int) -> str:
    """Return what was found, in a sentence: which fixes were tried, and which are only known."""
    if not found:
        return "Nothing in this text says that something of the environment is missing or wrong."
    count = len(found)
    alone = count == 1
    causes = "One cause" if alone else f"{count} causes"
    if named > count:
        causes = f"{causes}, the likeliest of {named} or more"
    best = [item.fixes[0] for item in found if item.fixes]
    if not best:
        return f"{causes}, and no edit is known that mends {'it' if alone else 'one of them'}."
    tried, untried = sum(fix.level is not None for fix in best), sum(fix.level is None for fix in best)
    told = list[str]()
    if tried:
        told.append(f"edits are known {_for(tried, alone)}, and were tried here without writing")
    if untried:
        told.append(f"a command or call is known {_for(untried, alone)}, and was not tried")
    return f"{causes}: {'; '.join(told)}."


def _for(count: int, alone: bool) -> str:
    return "that may mend it" if alone else f"for {count} of them"


def _next(fix: Fix | None) -> str | None:
    return None if fix is None or fix.lacks else fix.call
