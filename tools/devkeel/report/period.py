"""A period of a project, gathered from its history, its refused attempts and its files as they are."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from statistics import median
from typing import TYPE_CHECKING

from devkeel.gates import records as gate_records
from devkeel.history import attempts, log, selection
from devkeel.history.checked import checked
from devkeel.history.differences import differences, in_words, reads
from devkeel.history.external import not_noted
from devkeel.history.selection import BY_HAND, Query
from devkeel.report.net import net_changes
from devkeel.report.result import (
    CallerActivity,
    ChainState,
    CheckOutcomes,
    CheckTimes,
    PeriodReport,
    ReportedGate,
    ReportedOperation,
    ReportedRefusal,
    RuleCount,
)
from devkeel.report.summary import summary
from devkeel.text.clean import one_line
from devkeel.transaction import EXTERNAL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from devkeel.context import Context
    from devkeel.history.differences import Difference
    from devkeel.transaction import Operation, Refusal, Transactions

__all__ = ["period_report"]

_USUAL = "7d"
_MOST = 2_000
_WORDS = 12
_DIGITS = 3


def period_report(
    context: Context, since: str | None, until: str | None, by: str | None, about: str | None
) -> PeriodReport:
    """Return what happened in a period. since: by default seven days ago; until: by default now.

    by, about: as the history takes them; what stands in the record of the chain is about all of it. Raises UsageError
    `bad_time`, `bad_selection`, StateError.
    """
    store, now = context.records, datetime.now(UTC)
    asked = log.timed(Query(since=since or _USUAL, until=until, by=by, about=about), now)
    chosen = selection.choose(store, asked, _MOST, _MOST)
    done = {item.id: _differences(store, item, about) for item in chosen.operations}
    operations = [_operation(item, done[item.id]) for item in chosen.operations]
    net = net_changes((item.id, item.kind == EXTERNAL, done[item.id]) for item in reversed(chosen.operations))
    refusals = [_refusal(item) for item in attempts.chosen(store, asked)]
    refused = _by_rule(refusals)
    # What no write has noted yet is of now.
    unseen = log.not_noted_words(not_noted(store, {}), asked) if until is None else []
    callers, checks, chain = _callers(operations, refusals), _times(chosen.operations), _chain(store)
    gates, outcomes = _gates(context, asked), _outcomes(chosen.operations)
    lines = summary(operations, net, refused, unseen, checks, chain, gates, outcomes)
    return PeriodReport(
        project=context.project.root.name,
        since=asked.since or "",
        until=asked.until or now.isoformat(timespec="seconds"),
        by=by,
        about=about,
        summary=lines,
        changes=net,
        callers=callers,
        operations=tuple(operations),
        refused=refused,
        refusals=tuple(refusals),
        not_noted=tuple(unseen),
        checks=checks,
        chain=chain,
        gates=gates,
        complete=not chosen.more,
        outcomes=outcomes,
    )


def _differences(store: Transactions, item: Operation, about: str | None) -> tuple[Difference, ...]:
    """Return what an operation did, as far as it is asked for."""
    found = differences((each.path, each.before, each.after) for each in store.images(item))
    return tuple(each for each in found if about is None or reads(each, about))


def _operation(item: Operation, found: Sequence[Difference]) -> ReportedOperation:
    words = list(in_words(found[:_WORDS]))
    words += [f"and {len(found) - _WORDS} more"] if len(found) > _WORDS else []
    role = item.report.get("role")
    return ReportedOperation(
        id=item.id,
        time=item.time,
        kind=item.kind,
        caller=BY_HAND if item.kind == EXTERNAL else one_line(item.actor),
        role=role if isinstance(role, str) else None,
        reason=None if item.reason is None else one_line(item.reason),
        files=tuple(file.path for file in item.files),
        changes=tuple(words),
        reverts=item.reverts,
        undone_by=item.undone_by,
    )


def _refusal(item: Refusal) -> ReportedRefusal:
    def line(text: str | None) -> str | None:
        return None if text is None else one_line(text)

    return ReportedRefusal(
        time=item.time,
        caller=one_line(item.actor),
        role=line(item.role),
        action=one_line(item.action),
        code=item.code,
        rule=line(item.rule),
        place=line(item.place),
        reason=line(item.reason),
        files=tuple(map(one_line, item.files)),
        asked=tuple(map(one_line, item.asked)),
        seconds=None if item.seconds is None else round(item.seconds, _DIGITS),
    )


def _by_rule(refusals: Sequence[ReportedRefusal]) -> tuple[RuleCount, ...]:
    def rule_of(item: ReportedRefusal) -> tuple[str, str | None, str | None]:
        return item.code, item.rule, item.place

    asked = dict[tuple[str, str | None, str | None], dict[str, None]]()
    for item in refusals:
        asked.setdefault(rule_of(item), {}).update(dict.fromkeys(item.asked))
    counted = Counter(map(rule_of, refusals))
    return tuple(RuleCount(*rule, count, tuple(asked[rule])) for rule, count in counted.most_common())


def _callers(
    operations: Sequence[ReportedOperation], refusals: Sequence[ReportedRefusal]
) -> tuple[CallerActivity, ...]:
    did = Counter((item.caller, item.role) for item in operations)
    tried = Counter((item.caller, item.role) for item in refusals)
    found = [CallerActivity(*who, did[who], tried[who]) for who in {**did, **tried}]
    return tuple(sorted(found, key=lambda item: (-item.operations, -item.refused, item.caller, item.role or "")))


def _times(operations: Sequence[Operation]) -> CheckTimes | None:
    """Return how long checks took; None where no operation kept it."""
    found = {item.id: checked(item) for item in operations if item.kind != EXTERNAL}
    totals = {number: each.seconds for number, each in found.items() if each.seconds is not None}
    if not totals:
        return None
    rungs = dict.fromkeys(name for each in found.values() for name in each.rungs)
    medians = {
        rung: _rounded(median(each.rungs[rung] for each in found.values() if rung in each.rungs)) for rung in rungs
    }
    longest = max(totals, key=lambda number: totals[number])
    return CheckTimes(len(totals), _rounded(median(totals.values())), _rounded(totals[longest]), longest, medians)


def _outcomes(operations: Sequence[Operation]) -> CheckOutcomes | None:
    """Return what checks said of the operations that a caller did."""
    own = [item for item in operations if item.kind != EXTERNAL]
    if not own:
        return None
    found = {item.id: checked(item) for item in own}
    said = {number: each.ok for number, each in found.items()}
    built = [number for number, each in found.items() if "build" in each.ran]
    return CheckOutcomes(
        passed=sum(ok is True for ok in said.values()),
        with_errors=tuple(number for number, ok in said.items() if ok is False),
        built=tuple(built),
        unknown=sum(ok is None for ok in said.values()),
    )


def _rounded(seconds: float) -> float:
    return round(seconds, _DIGITS)


def _gates(context: Context, asked: Query) -> tuple[ReportedGate, ...]:
    """Return the gates of the period; they are of the project, and of no caller and no thing."""
    if asked.by is not None or asked.about is not None:
        return ()
    since, until = (None if text is None else datetime.fromisoformat(text) for text in (asked.since, asked.until))
    kept = [(datetime.fromisoformat(item.time), item) for item in gate_records.kept(context.project.state)]
    return tuple(
        ReportedGate(item.time, item.stage, item.mode, item.verdict, item.percent, item.taken_back)
        for time, item in reversed(kept)
        if (since is None or time >= since) and (until is None or time < until)
    )


def _chain(store: Transactions) -> ChainState:
    found = store.verify()
    faults = tuple(item.message for item in found.faults)
    oldest = store.oldest()
    first, begins = (None, None) if oldest is None else oldest
    return ChainState(
        found.ok, found.head.operation, found.head.hash, found.why != "older", faults, first, begins, found.dropped
    )
