"""What a gate came to, as lines that both clients say."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.gates.figures import Figures
    from devkeel.gates.measure import GateResult
    from devkeel.gates.records import GateHistory, GateRecord
    from devkeel.gates.reports import ReportProblem

__all__ = ["gate", "history", "summary"]

_VERDICTS = {"passed": "passed", "failed": "failed", "not_measured": "not measured"}
_LINES, _WIDTH = 15, 200
_NAMES = {"coverage": "coverage", "passed": "tests that pass"}


def gate(result: GateResult) -> Iterator[str]:
    """Yield what a gate came to, the verdict first."""
    yield summary(result)
    yield from result.reasons
    yield from _figures(result.figures)
    yield from (f"failed: {name}" for name in result.failing)
    if result.figures.tests is not None and 0 < len(result.failing) < result.figures.tests.failed:
        yield f"and {result.figures.tests.failed - len(result.failing)} more that failed"
    yield from (f"{item.file}: {item.format}" for item in result.reports)
    yield from map(_problem, result.problems)
    ran = result.ran
    if ran is not None and ran.exit_code is not None:
        yield f"{' '.join(ran.argv)[:200]} ended with exit code {ran.exit_code} after {ran.seconds:g} s"
        if result.verdict != "passed":
            yield from (f"> {line[:_WIDTH]}" for line in (ran.output or "").rstrip().splitlines()[-_LINES:])
    if result.last is not None:
        yield f"last time: {_record(result.last)}"
    yield from (f"worse than the last time: {sentence}" for sentence in result.worse)
    if result.taken_back is not None:
        yield result.taken_back.message
        error = result.taken_back.environment_error
        if error is not None:
            yield f"the environment was not made anew: {error['message']}"
    yield from (f"note: {note}" for note in result.notes)


def summary(result: GateResult) -> str:
    """Return the verdict in one line."""
    blocked = ", and blocks" if result.blocked else ""
    return f"gate {result.stage}: {_VERDICTS[result.verdict]}{blocked}"


def _figures(figures: Figures) -> Iterator[str]:
    tests, lines = figures.tests, figures.lines
    if tests is not None:
        yield f"tests: {tests.passed} passed, {tests.failed} failed; {tests.skipped} skipped, which are neither"
    if lines is not None:
        yield f"coverage: {lines.covered} of {lines.total}"


def _problem(problem: ReportProblem) -> str:
    where = ":".join(str(part) for part in (problem.file, problem.line) if part)
    return f"{problem.code}: {where + ': ' if where else ''}{problem.message}"


def history(found: GateHistory) -> Iterator[str]:
    """Yield the results that are kept, newest first."""
    if not found.results:
        yield "no gate was run here"
    yield from map(_record, found.results)


def _record(record: GateRecord) -> str:
    told = [f"{_NAMES[name]} {'-' if value is None else f'{value:g}%'}" for name, value in record.percent.items()]
    at = f"revision {record.revision}" if record.revision else "a declaration that changed meanwhile"
    after = f" after operation {record.operation}" if record.operation else ""
    return f"{record.time} {record.stage}: {_VERDICTS[record.verdict]}, {', '.join(told)}, at {at}{after}"
