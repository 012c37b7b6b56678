"""A report of a period as lines that a person reads: the summary first, then what it is made of."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from devkeel.report.summary import change_in_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.report.result import NetChange, PeriodReport, ReportedGate, ReportedOperation, ReportedRefusal

__all__ = [
    "ALLOWING",
    "GROUPS",
    "NOTHING",
    "as_text",
    "change",
    "gate",
    "heading",
    "names_nothing",
    "operation",
    "refusal",
]

GROUPS = {
    "package": "Packages",
    "service": "Services and languages",
    "option": "Options",
    "library": "Libraries",
    "input": "Inputs",
    "lock": "Pins of lock files",
    "setting": "Settings",
    "lines": "Other lines of files",
}
ALLOWING = (
    "What a rule refused can be allowed at the line of devkeel.toml that is named, by a person: by hand, or through "
    "devkeel, which asks one each time. No agent allows it by itself."
)
NOTHING = "Nothing in the record of this period is by or about that; see that it is written as the history has it."
_MOST = 200


def heading(report: PeriodReport) -> str:
    """Return what the report is about."""
    asked = [f"by {report.by}"] if report.by else []
    asked += [f"about {report.about}"] if report.about else []
    only = f", only {' and '.join(asked)}" if asked else ""
    return f"{report.project}: {report.since} to {report.until} (times are UTC){only}"


def names_nothing(report: PeriodReport) -> bool:
    """Return whether what was asked for is in nothing of the period."""
    found = (report.operations, report.refusals, report.not_noted)
    return bool(report.by or report.about) and not any(found)


def as_text(report: PeriodReport) -> Iterator[str]:
    """Yield the lines of a report."""
    yield heading(report)
    yield ""
    yield from report.summary
    if names_nothing(report):
        yield NOTHING
    if not report.complete:
        yield "Not all operations of the period were looked at: the newest alone. Ask for a shorter one."
    for kind, items in groupby(report.changes, lambda item: item.kind):
        yield from ("", GROUPS[kind])
        yield from (f"  {change(item)}" for item in items)
    if report.not_noted:
        yield from ("", "Not by devkeel, and not noted yet (the next write does)")
        yield from (f"  {line}" for line in report.not_noted)
    yield from _section("Operations, newest first", [list(operation(item)) for item in report.operations])
    yield from _section("Refused or failed, newest first", [[refusal(item)] for item in report.refusals])
    if any(item.rule for item in report.refusals):
        yield f"  {ALLOWING}"
    yield from _section("Gates, newest first", [[gate(item)] for item in report.gates])
    if report.checks is not None:
        rungs = ", ".join(f"{rung} {seconds:g} s" for rung, seconds in report.checks.rungs.items())
        yield from ("", "Checks, median of each rung", f"  {rungs}")
    yield from ("", "History")
    yield f"  {'as devkeel wrote it' if report.chain.ok else 'NOT as devkeel wrote it'}"
    yield from (f"  {line}" for line in report.chain.faults)
    yield f"  head: {report.chain.operation} {report.chain.head}"


def _section(title: str, entries: list[list[str]]) -> Iterator[str]:
    if not entries:
        return
    yield from ("", title)
    for entry in entries[:_MOST]:
        yield from (f"  {line}" for line in entry)
    if len(entries) > _MOST:
        yield f"  and {len(entries) - _MOST} more"


def change(item: NetChange) -> str:
    """Return what became of a thing, in which file, and by which operations."""
    numbers = ", ".join(f"#{number}" for number in item.operations)
    hand = ", in part not by devkeel" if item.by_hand and len(item.operations) > 1 else ""
    hand = ", not by devkeel" if item.by_hand and not hand else hand
    where = "" if item.kind == "lines" else f"{item.file}, "
    return f"{change_in_words(item)}  ({where}{numbers}{hand})"


def operation(item: ReportedOperation) -> Iterator[str]:
    """Yield what one operation was: who, why, and what it did."""
    reason = f": {item.reason}" if item.reason else ""
    yield f"#{item.id} {item.time} {item.kind} {_who(item.caller, item.role)}{reason}"
    yield from (f"   {line}" for line in item.changes)
    if item.reverts is not None:
        yield f"   takes back #{item.reverts}"
    if item.undone_by is not None:
        yield f"   undone by #{item.undone_by}"


def gate(item: ReportedGate) -> str:
    """Return what a gate measured, and what came of it."""
    measured = ", ".join(f"{name} {value:g}%" for name, value in item.percent.items() if value is not None)
    back = "" if item.taken_back is None else f"; taken back by #{item.taken_back}"
    return f"{item.time} {item.stage} ({item.mode}): {item.verdict.replace('_', ' ')}{back}  {measured}".rstrip()


def refusal(item: ReportedRefusal) -> str:
    """Return what was refused, to whom, and by which rule."""
    rule = f" by {item.rule}" if item.rule else ""
    place = f" in {item.place}" if item.place else ""
    files = f" ({', '.join(item.files)})" if item.files else ""
    reason = f": {item.reason}" if item.reason else ""
    asked = f" {', '.join(item.asked)}" if item.asked else ""
    return f"{item.time} {item.action}{asked} {_who(item.caller, item.role)}: {item.code}{rule}{place}{files}{reason}"


def _who(caller: str, role: str | None) -> str:
    by = caller if caller.startswith("not by ") else f"by {caller}"
    return f"{by}{f' as {role}' if role else ''}"
