"""A report of a period as Markdown. All that others wrote stands in code spans, in which nothing is obeyed."""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING

from devkeel.report.summary import change_in_words
from devkeel.text.clean import one_line
from devkeel_words.report_lines import ALLOWING, GROUPS, NOTHING, gate, names_nothing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from devkeel.report.result import PeriodReport, ReportedOperation, ReportedRefusal

__all__ = ["as_markdown", "code", "escaped"]

_MOST = 500
# CommonMark 2.4: any of these may stand behind a backslash and is itself then; the rest means something at the
# beginning of a line alone, where none of this stands. What begins a tag or an entity has one of its own, so that no
# parser need know that. `@` begins a mention on some sites, which know neither: a comment is between it and the name.
# An underscore within a word is one (CommonMark 6.2), and a colon before white space or the number of a line begins no
# address and no name between two of them.
_PUNCTUATION = re.compile(r"[\\`*{}\[\]<>#!|~&@$]|(?<=\])\(|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|:(?!\s|$|\d+(?![\w:]))")
_ENTITIES = {"<": "&lt;", ">": "&gt;", "&": "&amp;", "@": "&#64;<!-- -->", "|": "\\|"}


def escaped(text: str) -> str:
    """Return text of others as it is read, on one line: no markup, no link, no tag, no cell of a table begins in it."""
    return _PUNCTUATION.sub(lambda found: _ENTITIES.get(found[0], f"\\{found[0]}"), one_line(text))


def code(text: str) -> str:
    """Return text of others as a code span, also within a table."""
    line = one_line(text)
    if not line:
        return ""
    # CommonMark 6.1: a span ends at as many backticks as it began with. GitHub: a bar within a span ends a cell of a
    # table unless a backslash is before it.
    longest = max((len(run) for run in re.findall(r"`+", line)), default=0)
    fence, room = "`" * (longest + 1), " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{room}{line}{room}{fence}".replace("|", "\\|")


def as_markdown(report: PeriodReport) -> Iterator[str]:
    """Yield the lines of a report as Markdown."""
    yield f"# What changed in {code(report.project)}"
    yield ""
    yield f"From {report.since} to {report.until} (times are UTC){_only(report)}."
    yield ""
    for line in report.summary:
        title, _, rest = line.partition(": ")
        yield f"- **{title}:** {escaped(rest)}"
    if names_nothing(report):
        yield from ("", NOTHING)
    if not report.complete:
        yield from ("", "Not all operations of the period were looked at: the newest alone. Ask for a shorter one.")
    for kind, items in groupby(report.changes, lambda item: item.kind):
        yield from ("", f"## {GROUPS[kind]}", "")
        rows = ((change_in_words(item), item.file, _numbers(item.operations, by_hand=item.by_hand)) for item in items)
        yield from _table(("what", "file", "operations"), ((code(what), code(file), by) for what, file, by in rows))
    if report.not_noted:
        yield from ("", "## Not by devkeel, and not noted yet", "")
        yield from (f"- {code(line)}" for line in report.not_noted)
    yield from _operations(report.operations)
    yield from _refusals(report.refusals)
    yield from _rest(report)


def _only(report: PeriodReport) -> str:
    asked = [f"by {code(report.by)}"] if report.by else []
    asked += [f"about {code(report.about)}"] if report.about else []
    return f", only {' and '.join(asked)}" if asked else ""


def _numbers(operations: Iterable[int], *, by_hand: bool) -> str:
    return f"{', '.join(f'{number}' for number in operations)}{' (not by devkeel)' if by_hand else ''}"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    for number, row in enumerate(rows):
        if number == _MOST:
            yield f"| … |{' |' * (len(head) - 1)}"
            return
        yield f"| {' | '.join(row)} |"


def _operations(operations: tuple[ReportedOperation, ...]) -> Iterator[str]:
    if not operations:
        return
    yield from ("", "## Operations, newest first", "")
    rows = (
        (
            str(item.id),
            item.time,
            item.kind,
            code(f"{item.caller}{f' as {item.role}' if item.role else ''}"),
            code(item.reason or ""),
            "<br>".join(map(code, item.changes)),
            ", ".join(_undone(item)),
        )
        for item in operations
    )
    yield from _table(("id", "time", "kind", "who", "why", "what", "undone"), rows)


def _undone(item: ReportedOperation) -> Iterator[str]:
    if item.reverts is not None:
        yield f"takes back {item.reverts}"
    if item.undone_by is not None:
        yield f"undone by {item.undone_by}"


def _refusals(refusals: tuple[ReportedRefusal, ...]) -> Iterator[str]:
    if not refusals:
        return
    yield from ("", "## Refused or failed, newest first", "")
    rows = (
        (
            item.time,
            code(f"{item.caller}{f' as {item.role}' if item.role else ''}"),
            code(f"{item.action} {', '.join(item.asked)}".strip()),
            code(item.code),
            code(f"{item.rule or ''} {item.place or ''}"),
            code(", ".join(item.files)),
            code(item.reason or ""),
        )
        for item in refusals
    )
    yield from _table(("time", "who", "tried", "code", "rule and place", "files", "why"), rows)
    if any(item.rule for item in refusals):
        yield from ("", ALLOWING)


def _rest(report: PeriodReport) -> Iterator[str]:
    if report.gates:
        yield from ("", "## Gates, newest first", "")
        yield from (f"- {code(gate(item))}" for item in report.gates[:_MOST])
    if report.checks is not None:
        yield from ("", "## Checks", "")
        rows = ((code(rung), f"{seconds:g}") for rung, seconds in report.checks.rungs.items())
        yield from _table(("rung", "median, seconds"), rows)
    yield from ("", "## History", "")
    yield f"{'As devkeel wrote it' if report.chain.ok else '**Not** as devkeel wrote it'}."
    yield from (f"- {code(line)}" for line in report.chain.faults)
    yield ""
    yield f"Head: {report.chain.operation} `{report.chain.head}`"
