"""Causes of a failure and what mends them, as lines that both clients say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from devkeel.remedies.diagnose import DiagnosedCause, Diagnosis
    from devkeel.remedies.fix import Fix

    Edits = Sequence[Mapping[str, Any]]
    # How a client makes edits: its call, or its command.
    MakesEdits = Callable[[Edits], str]

__all__ = ["diagnosis", "fixes", "known", "place_of"]


def known(causes: Iterable[Mapping[str, Any]], making: MakesEdits) -> Iterator[str]:
    """Yield the causes that an answer carries, as plain data, one line each."""
    for cause in causes:
        yield f"cause: {cause['kind']} {cause['subject']}, by {cause['line']!r}; {_mended(cause, making)}"


def _mended(cause: Mapping[str, Any], making: MakesEdits) -> str:
    if "fix" not in cause:
        return f"no edit mends it: {cause['refused']}" if "refused" in cause else "no edit is known that mends it"
    edits = cause.get("edits")
    how = making(edits) if edits else cause.get("call") or cause.get("command") or cause["fix"]
    return f"fix: {how}" + (f" (not certain: {cause['uncertain']})" if "uncertain" in cause else "")


def fixes(found: Diagnosis) -> list[Fix]:
    """Return what mends it, in the order of its numbers, counted from 1: all roots at once before each of its own."""
    first = [] if found.together is None else [found.together]
    return first + [fix for cause in found.causes for fix in cause.fixes]


def place_of(cause: DiagnosedCause) -> str:
    """Return what a cause is about, and which line says so."""
    return f"{cause.kind} {cause.subject} (line {cause.number}: {cause.line})"


def diagnosis(found: Diagnosis, making: MakesEdits) -> Iterator[str]:
    """Yield the causes, each with what mends it, numbered as `fixes` has them."""
    number = 1
    if found.together is not None:
        yield from _fix(number, found.together, making)
        number += 1
    for cause in found.causes:
        yield place_of(cause)
        if not cause.fixes:
            yield f"  not offered: {cause.refused}" if cause.refused else "  no edit is known that mends it"
        for fix in cause.fixes:
            yield from _fix(number, fix, making)
            number += 1


def _fix(number: int, fix: Fix, making: MakesEdits) -> Iterator[str]:
    how = making(fix.edits) if fix.edits else fix.call or fix.command
    tried = f" (tried as a dry run, up to {fix.level})" if fix.level else ""
    yield f"  {number}. {fix.sentence}{tried}"
    if how:
        yield f"     {how}"
    if fix.uncertain:
        yield f"     not certain: {fix.uncertain}"
