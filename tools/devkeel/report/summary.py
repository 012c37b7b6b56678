"""The five lines that say a period in short: what, by whom, why, what was refused, how checks and history are."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from devkeel.history.selection import BY_HAND
from devkeel.report.net import KINDS
from devkeel.text.clean import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from devkeel.report.result import (
        CallerActivity,
        ChainState,
        CheckTimes,
        NetChange,
        ReportedGate,
        ReportedOperation,
        ReportedRefusal,
        RuleCount,
    )

__all__ = ["change_in_words", "summary"]

_FEW = 4
_SHORT = 60
_PLURALS = {
    "package": "packages",
    "service": "services",
    "option": "options",
    "library": "libraries",
    "input": "inputs",
    "lock": "pins",
    "setting": "settings",
    "lines": "other files",
}


def summary(  # noqa: PLR0913, PLR0917  (one for each of the lines, and more for the last two)
    operations: Sequence[ReportedOperation],
    changes: Sequence[NetChange],
    callers: Sequence[CallerActivity],
    refusals: Sequence[ReportedRefusal],
    refused: Sequence[RuleCount],
    not_noted: Sequence[str],
    checks: CheckTimes | None,
    chain: ChainState,
    gates: Sequence[ReportedGate] = (),
) -> tuple[str, ...]:
    """Return the five lines."""
    hand = sum(item.kind == "external" for item in operations)
    own = len(operations) - hand
    return (
        f"What: {_what(changes)}.",
        f"By whom: {_whom(callers, own, hand, len(not_noted))}.",
        f"Why: {_why(operations, own)}.",
        f"Refused: {_refused(refusals, refused)}. Undone: {_undone(operations)}.",
        f"Checks: {_checks(checks, own)}.{_gates(gates)} History: {_chain(chain)}.",
    )


def change_in_words(item: NetChange) -> str:
    """Return what became of a thing: `+htop`, `services.redis.port 1 -> 2`, `devenv.nix (other lines)`."""
    if item.kind == "lines":
        return item.file
    if item.kind == "service":
        on = item.after == "true"
        return f"{'+' if on else '-'}{item.name}"
    if item.before is None or item.after is None:
        value = item.after if item.before is None else item.before
        said = f" {value}" if value and item.kind != "package" else ""
        return one_line(f"{'+' if item.before is None else '-'}{item.name}{said}")
    return one_line(f"{item.name} {item.before or 'any'} -> {item.after or 'any'}")


def _what(changes: Sequence[NetChange]) -> str:
    told = list[str]()
    for kind in KINDS:
        found = [item for item in changes if item.kind == kind]
        if found:
            shown = [_cut(change_in_words(item)) for item in found[:_FEW]]
            more = f", and {len(found) - _FEW} more" if len(found) > _FEW else ""
            told.append(f"{_PLURALS[kind]} {', '.join(shown)}{more}")
    return "; ".join(told) or "nothing is another one at the end than at the beginning"


def _whom(callers: Sequence[CallerActivity], own: int, hand: int, not_noted: int) -> str:
    told = [
        f"{_cut(item.caller)}{f' as {_cut(item.role)}' if item.role else ''} ({_count(item.operations, 'operation')})"
        for item in callers
        if item.operations and item.caller != BY_HAND
    ]
    shown = [", ".join(told[:_FEW]) + (f", and {len(told) - _FEW} more" if len(told) > _FEW else "")] if own else []
    shown += [f"{_count(hand, 'change')} {BY_HAND}"] if hand else []
    shown += [f"{_count(not_noted, 'change')} {BY_HAND} that no write has noted yet"] if not_noted else []
    return "; ".join(shown) or "no one"


def _why(operations: Sequence[ReportedOperation], own: int) -> str:
    given = [item for item in operations if item.reason and item.kind != "external"]
    reasons = list(dict.fromkeys(one_line(item.reason or "") for item in given))
    told = [f"\u201c{_cut(reason)}\u201d" for reason in reasons[:_FEW]]
    told += [f"and {len(reasons) - _FEW} more reasons"] if len(reasons) > _FEW else []
    without = own - len(given)
    told += [f"{_count(without, 'operation')} without a reason"] if without else []
    return ", ".join(told) or "nothing was done that could have one"


def _refused(refusals: Sequence[ReportedRefusal], refused: Sequence[RuleCount]) -> str:
    if not refusals:
        return "nothing"
    told = [f"{item.count} {item.code}{''.join(_by(item))}" for item in refused[:_FEW]]
    more = f", and {len(refused) - _FEW} other reasons" if len(refused) > _FEW else ""
    return f"{_count(sum(item.count for item in refused), 'attempt')}: {', '.join(told)}{more}"


def _by(item: RuleCount) -> Iterator[str]:
    if item.rule:
        yield f" by {_cut(item.rule)}"
    if item.place:
        yield f" ({_cut(item.place)})"


def _undone(operations: Sequence[ReportedOperation]) -> str:
    told = [f"#{item.id} by #{item.undone_by}" for item in operations if item.undone_by is not None]
    more = f", and {len(told) - _FEW} more" if len(told) > _FEW else ""
    return ", ".join(told[:_FEW]) + more or "nothing"


def _checks(checks: CheckTimes | None, own: int) -> str:
    if checks is None:
        return "none of them kept how long it took" if own else "none ran for an operation"
    times = f"median {checks.median:g} s, longest {checks.longest:g} s (#{checks.operation})"
    return f"{_count(checks.count, 'operation')} checked, {times}"


def _gates(gates: Sequence[ReportedGate]) -> str:
    if not gates:
        return ""
    counted = Counter(item.verdict.replace("_", " ") for item in gates)
    told = ", ".join(f"{count} {verdict}" for verdict, count in counted.most_common())
    return f" Gates: {told}; the newest, {_cut(gates[0].stage)}, {gates[0].verdict.replace('_', ' ')}."


def _chain(chain: ChainState) -> str:
    if not chain.ok:
        return f"not as devkeel wrote it: {_count(len(chain.faults), 'place')}"
    if not chain.chained:
        return "as devkeel wrote it by its seals; it has no chain yet, which the next write makes"
    if not chain.operation:
        return "there is none"
    return f"as devkeel wrote it, up to #{chain.operation} {chain.head[:12]}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _cut(text: str) -> str:
    line = one_line(text)
    return line if len(line) <= _SHORT else f"{line[: _SHORT - 1]}\u2026"
