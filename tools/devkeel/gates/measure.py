"""Measuring: the command is run, its reports are read and judged; nothing is kept or taken back by it."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from devkeel.change.external import note_external
from devkeel.environments.named import Environments
from devkeel.gates import reports as reading
from devkeel.gates.figures import added_up
from devkeel.gates.readers.registry import about
from devkeel.gates.reports import Occasion, ReportProblem
from devkeel.gates.running import perform
from devkeel.gates.verdict import Doubts, Ending, judged, percentages
from devkeel.project.declaration import declared_revision, read_declaration
from devkeel.text.clean import clean
from devkeel.text.secrets import mask

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from devkeel.context import Context
    from devkeel.gates.block import TakenBack
    from devkeel.gates.figures import Figures, TestReport
    from devkeel.gates.records import GateRecord
    from devkeel.gates.reports import Found
    from devkeel.gates.running import Ran, Run
    from devkeel.gates.verdict import Verdict
    from devkeel.project.gates import Gates, GateStage
    from devkeel.runtime.jobs import Job

__all__ = ["GateResult", "WantedGate", "measured"]

_NAMED, _TITLE = 20, 200


class WantedGate(Struct, frozen=True):
    """What a call asks for. environment: that the command runs in, None for the active one."""

    gates: Gates
    stage: GateStage
    run: bool
    reports: tuple[str, ...]
    environment: str | None
    timeout: float


class GateResult(Struct, frozen=True):
    """What a gate came to.

    verdict: `passed`, `failed`, or `not_measured`, which is no pass. thresholds, percent: by name. figures: what the
    percentages are of. reasons: of the verdict, a sentence each. ran: None where reports were only read. reports: that
    were read; problems: those that were not used, and why. worse: figures that are below those of the last time.
    failing: the first of the tests that failed, by their names. blocked: whether `block` holds it against the project.
    last: how it was the last time. taken_back: what block did. operation: the newest one then, by its number; token:
    by what stays its own. revision: of the declaration, None where it changed meanwhile.
    """

    stage: str
    mode: str
    verdict: Verdict
    thresholds: dict[str, float | None]
    percent: dict[str, float | None]
    figures: Figures
    reasons: tuple[str, ...]
    failing: tuple[str, ...]
    ran: Ran | None
    reports: tuple[Found, ...]
    problems: tuple[ReportProblem, ...]
    time: str
    seconds: float
    operation: int | None
    token: str | None
    revision: str | None
    environment: str | None
    notes: tuple[str, ...] = ()
    blocked: bool = False
    worse: tuple[str, ...] = ()
    last: GateRecord | None = None
    taken_back: TakenBack | None = None
    next: str = ""

    @property
    def passes(self) -> bool:
        """Whether it passed."""
        return self.verdict == "passed"


def measured(context: Context, job: Job, wanted: WantedGate) -> GateResult:
    """Run and read what is wanted, and judge it."""
    if wanted.run:
        note_external(context, read_declaration(context.project))
    revision, newest = _revision(context), _newest(context)
    named = wanted.environment or (Environments(context).active if wanted.run else None)
    run, read = _read(context, job, wanted)
    doubts = _doubts(read.problems)
    figures = added_up(read.reports)
    if "coverage" in doubts.names:  # a part of it says nothing of the whole; a test that failed has failed
        figures = replace(figures, lines=None)
    ending = Ending(run.ran.exit_code, started=run.ran.started) if run else None
    found = judged(wanted.stage, figures, ending, doubts)
    same = (revision, newest) == (_revision(context), _newest(context))
    moved = () if same else ("The declaration changed while the tests ran: the result is of neither.",)
    return GateResult(
        stage=wanted.stage.name,
        mode=wanted.gates.mode,
        verdict=found.verdict,
        thresholds={"coverage": wanted.stage.coverage, "passed": wanted.stage.passed},
        percent=percentages(figures),
        figures=figures,
        reasons=found.reasons,
        failing=_failing(read.reports, run.hidden if run else ()),
        ran=run.ran if run else None,
        reports=read.found,
        problems=read.problems,
        time=datetime.now(UTC).isoformat(timespec="seconds"),
        seconds=run.ran.seconds if run else 0.0,
        operation=newest[0] if newest else None,
        token=newest[1] if newest else None,
        revision=revision if same else None,
        environment=named,
        notes=(*(run.ran.notes if run else ()), *read.notes, *moved),
    )


def _doubts(problems: Iterable[ReportProblem]) -> Doubts:
    untrusted = [item for item in problems if item.untrusted]
    names = frozenset[str]().union(*(about(item.format) for item in untrusted))
    return Doubts(names, untold=any(item.contradicts and "passed" in about(item.format) for item in untrusted))


def _failing(reports: Iterable[TestReport], hidden: Sequence[str]) -> tuple[str, ...]:
    cases = (case for report in reports for case in report.cases or () if case.outcome == "failed")
    names = dict.fromkeys(case.title[:_TITLE] for case in cases)
    return tuple(clean(mask(name, hidden)) for name in islice(names, _NAMED))


def _read(context: Context, job: Job, wanted: WantedGate) -> tuple[Run | None, reading.ReportsRead]:
    project = context.project
    if not wanted.run:
        job.tell("reading the reports")
        return None, reading.read_all(project, wanted.reports, Occasion())
    before = reading.looked_at(project, wanted.reports)
    job.tell("running the tests")
    run = perform(context, job, wanted.gates, wanted.environment, wanted.timeout)
    if run.ran.exit_code is None:
        error = run.ran.error or {}
        return run, reading.ReportsRead((), (), (ReportProblem.of_error(error),))
    job.tell("reading the reports")
    occasion = Occasion(run.begun, before, run.printed, run.cut, wanted.gates.cwd or ".")
    return run, reading.read_all(project, wanted.reports, occasion)


def _revision(context: Context) -> str:
    return declared_revision(context.project, read_declaration(context.project))


def _newest(context: Context) -> tuple[int, str] | None:
    newest = context.records.history(limit=1)
    return (newest[0].id, newest[0].token) if newest else None
