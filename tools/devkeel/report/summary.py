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
        ChainState,
        CheckOutcomes,
        CheckTimes,
        NetChange,
        ReportedGate,
        ReportedOperation,
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


def summary(
    operations: Sequence[ReportedOperation],
    changes: Sequence[NetChange],
    refused: Sequence[RuleCount],
    not_noted: Sequence[str],
    checks: CheckTimes | None,
    chain: ChainState,
    gates: Sequence[ReportedGate] = (),
    outcomes: CheckOutcomes | None = None,
) -> tuple[str, ...]:
    """Return the five lines."""
    hand = sum(item.kind == "external" for item in operations)
    own = len(operations) - hand
    return (
        f"What: {_what(changes, not_noted)}.",
        f"By whom and why: {_whom(operations, hand, len(not_noted))}.",
        f"Refused: {_refused(refused)}. Undone: {_undone(operations)}.",
        f"Checks: {_checks(checks, own)}.{_outcomes(outcomes)}{_gates(gates)}",
        f"History: {_chain(chain)}.",
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


def _what(changes: Sequence[NetChange], not_noted: Sequence[str]) -> str:
    told = list[str]()
    for kind in KINDS:
        found = [item for item in changes if item.kind == kind]
        if found:
            shown = [_cut(change_in_words(item)) for item in found[:_FEW]]
            told.append(f"{_PLURALS[kind]} {', '.join(shown)}{_more(len(found), 'other')}")
    if not_noted:
        told.append(f"not noted yet {', '.join(map(_cut, not_noted[:_FEW]))}{_more(len(not_noted), 'other')}")
    return "; ".join(told) or "no net change"


def _whom(operations: Sequence[ReportedOperation], hand: int, not_noted: int) -> str:
    """Return who did how much and why, whoever was the newest first, and of each the newest reason first."""
    done: dict[tuple[str, str | None], list[ReportedOperation]] = {}
    for item in operations:
        if item.kind != "external":
            done.setdefault((item.caller, item.role), []).append(item)
    told = [
        f"{_cut(caller)}{f' as {_cut(role)}' if role else ''}, {_count(len(items), 'operation')} ({_why(items)})"
        for (caller, role), items in list(done.items())[:_FEW]
    ]
    told += [f"and {_count(len(done) - _FEW, 'other caller')}"] if len(done) > _FEW else []
    told += [f"{_count(hand, 'change')} {BY_HAND}: by whom is not known, and nothing checked it"] if hand else []
    told += [f"{_count(not_noted, 'change')} {BY_HAND} that no write has noted yet"] if not_noted else []
    return "; ".join(told) or "no one"


def _why(operations: Sequence[ReportedOperation]) -> str:
    reasons = list(dict.fromkeys(one_line(item.reason) for item in operations if item.reason))
    told = [f"\u201c{_cut(reason)}\u201d" for reason in reasons[:_FEW]]
    told += [f"{_count(len(reasons) - _FEW, 'other reason')}"] if len(reasons) > _FEW else []
    without = sum(not item.reason for item in operations)
    told += [f"{without} without a reason" if reasons else "without a reason"] if without else []
    return ", ".join(told)


def _more(number: int, noun: str) -> str:
    return f", and {_count(number - _FEW, noun)}" if number > _FEW else ""


def _refused(refused: Sequence[RuleCount]) -> str:
    """Return what rules refused, then what failed otherwise."""
    ruled, other = ([item for item in refused if bool(item.rule) is whether] for whether in (True, False))
    told = [_causes("refused by a rule", ruled)] if ruled else []
    told += [_causes("failed", other)] if other else []
    return "; ".join(told) or "nothing"


def _causes(what: str, causes: Sequence[RuleCount]) -> str:
    told = "; ".join(f"{item.count} {item.code}{''.join(_by(item))}" for item in causes[:_FEW])
    number = sum(item.count for item in causes)
    return f"{_count(number, 'attempt')} {what}: {told}{_more(len(causes), 'other cause').replace(',', ';', 1)}"


def _by(item: RuleCount) -> Iterator[str]:
    if item.rule:
        yield f" by {_cut(item.rule)}"
    if item.place:
        yield f" ({_cut(item.place)})"
    if item.asked:
        yield f": {', '.join(map(_cut, item.asked[:_FEW]))}{_more(len(item.asked), 'other')}"


def _undone(operations: Sequence[ReportedOperation]) -> str:
    told = [f"#{item.id} by #{item.undone_by}" for item in operations if item.undone_by is not None]
    more = f", and {len(told) - _FEW} more" if len(told) > _FEW else ""
    return ", ".join(told[:_FEW]) + more or "nothing"


def _checks(checks: CheckTimes | None, own: int) -> str:
    if checks is None:
        return "none of them kept how long it took" if own else "none ran for an operation"
    times = f"median {checks.median:g} s, longest {checks.longest:g} s (#{checks.operation})"
    return f"{_count(checks.count, 'operation')} checked ({', '.join(checks.rungs)}), {times}"


def _outcomes(found: CheckOutcomes | None) -> str:
    if found is None:
        return ""
    told = [f"{found.passed} passed"]
    if found.with_errors:
        told.append(f"{len(found.with_errors)} left errors that were there before ({_numbers(found.with_errors)})")
    told += [f"of {found.unknown} it is not known"] if found.unknown else []
    built = f"{len(found.built)} built it ({_numbers(found.built)})" if found.built else "none built anything"
    return f" {', '.join(told)}; {built}."


def _numbers(numbers: Sequence[int]) -> str:
    shown = ", ".join(f"#{number}" for number in numbers[:_FEW])
    return f"{shown}, and {len(numbers) - _FEW} more" if len(numbers) > _FEW else shown


def _gates(gates: Sequence[ReportedGate]) -> str:
    if not gates:
        return ""
    counted = Counter(item.verdict.replace("_", " ") for item in gates)
    told = ", ".join(f"{count} {verdict}" for verdict, count in counted.most_common())
    return f" Gates: {told}; the newest, {_cut(gates[0].stage)}, {gates[0].verdict.replace('_', ' ')}."


def _chain(chain: ChainState) -> str:
    if not chain.ok:
        return f"not as devkeel wrote it: {_count(len(chain.faults), 'place')}{_beginning(chain)}"
    if not chain.chained:
        return f"as devkeel wrote it by its seals; it has no chain yet, which the next write makes{_beginning(chain)}"
    if not chain.operation:
        return "there is none"
    return f"as devkeel wrote it, up to #{chain.operation} {chain.head[:12]}{_beginning(chain)}"


def _beginning(chain: ChainState) -> str:
    """Return where the record begins: of what was before it, a report says nothing."""
    begins = "" if chain.begins is None else f"; it begins with #{chain.first} at {_cut(chain.begins)}"
    if not chain.dropped:
        return begins
    return f"{begins}; {_count(chain.dropped, 'operation')} {'is' if chain.dropped == 1 else 'are'} not kept any more"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _cut(text: str) -> str:
    line = one_line(text)
    return line if len(line) <= _SHORT else f"{line[: _SHORT - 1]}\u2026"
