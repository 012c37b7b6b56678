"""Causes of a failure and what mends them, as lines that both clients say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from devkeel.remedies.diagnose import Diagnosis
    from devkeel.remedies.fix import Fix
    from devkeel.remedies.repair import Repair

    Edits = Sequence[Mapping[str, Any]]
    # How a client makes edits, of which one may begin a file: its call, or its commands.
    MakesEdits = Callable[[Edits, bool], str]

__all__ = ["diagnosis", "fixes", "known", "repair"]


def known(causes: Iterable[Mapping[str, Any]], making: MakesEdits, beside: str) -> Iterator[str]:
    """Yield the causes that an answer carries, as plain data, one line each.

    beside: what else the answer has; the line that says so is not repeated where it stands there.
    """
    before: list[Edits] = []
    for cause in causes:
        edits = cause.get("edits")
        how = "fix: the same edits" if edits and edits in before else _mended(cause, making)
        before += [edits] if edits else []
        line = "" if cause["line"].removesuffix("…") in beside else f", by {cause['line']!r}"
        yield f"cause: {cause['kind']} {cause['subject']}{line}; {how}"


def _mended(cause: Mapping[str, Any], making: MakesEdits) -> str:
    if "fix" not in cause:
        return cause.get("advice") or f"no edit is known that mends it{_why(cause.get('refused'))}"
    edits = cause.get("edits")
    if "lacks" in cause:
        return f"fix, for who may: {cause['fix']} It takes {cause['lacks']}"
    how = making(edits, cause.get("create", False)) if edits else _instead(cause.get("call"), cause.get("command"))
    return f"fix: {how or cause['fix']}" + (f" (not certain: {cause['uncertain']})" if "uncertain" in cause else "")


def _instead(call: str | None, command: str | None) -> str | None:
    """Return what is done where no edit is made: devkeel's own call before a command of the user's."""
    return call or (f"run {command}" if command else None)


def _why(refused: str | None) -> str:
    return f", for what would be due is refused: {refused}" if refused else ""


def fixes(found: Diagnosis) -> list[Fix]:
    """Return what mends it, in the order of its numbers, counted from 1: all roots at once before each of its own."""
    first = [] if found.together is None else [found.together]
    return first + [fix for cause in found.causes for fix in cause.fixes]


def diagnosis(found: Diagnosis, making: MakesEdits) -> Iterator[str]:
    """Yield the causes, each with what mends it, numbered as `fixes` has them."""
    number = 1
    if found.together is not None:
        yield from _fix(number, found.together, making)
        number += 1
    for cause in found.causes:
        yield f"{cause.kind} {cause.subject}, by line {cause.number}: {cause.line}"
        if not cause.fixes:
            yield f"  {cause.advice or f'No edit is known that mends it{_why(cause.refused)}.'}"
        for fix in cause.fixes:
            yield from _fix(number, fix, making, " (not tried)")
            number += 1


def repair(found: Repair, making: MakesEdits) -> Iterator[str]:
    """Yield what a search for versions of libraries came to, below its answer."""
    if found.reason:
        yield f"does not resolve: {found.reason.splitlines()[0]}"
    yield from (f"{name} cannot be imported: {why}" for name, why in found.wrong.items())
    for number, fix in enumerate(found.fixes, 1):
        yield from _fix(number, fix, making)
    made = "1 environment" if found.installs == 1 else f"{found.installs} environments"
    early = f", and ended early: {found.stopped}" if found.stopped else ""
    yield f"{made} made and thrown away, in {found.seconds:g} s{early}"


def _fix(number: int, fix: Fix, making: MakesEdits, untried: str = "") -> Iterator[str]:
    how = making(fix.edits, fix.create) if fix.edits else _instead(fix.call, fix.command)
    if fix.lacks:
        how = f"for who may: it takes {fix.lacks}"
    tried = f" (tried up to {fix.level})" if fix.level else untried
    yield f"  {number}. {fix.sentence}{tried}"
    if how:
        yield f"     {how}"
    if fix.uncertain:
        yield f"     not certain: {fix.uncertain}"
