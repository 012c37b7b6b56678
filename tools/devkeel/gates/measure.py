"""Measuring: the command is run, its reports are read and judged; nothing is kept or taken back by it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.change.external import note_external
from devkeel.environments.named import Environments
from devkeel.gates import reports as reading
from devkeel.gates.figures import added_up
from devkeel.gates.reports import Occasion, ReportProblem
from devkeel.gates.running import perform
from devkeel.gates.verdict import judged, percentages
from devkeel.project.declaration import declared_revision, read_declaration

if TYPE_CHECKING:
    from devkeel.context import Context
    from devkeel.gates.block import TakenBack
    from devkeel.gates.figures import Figures
    from devkeel.gates.records import GateRecord
    from devkeel.gates.reports import Found
    from devkeel.gates.running import Ran, Run
    from devkeel.gates.verdict import Verdict
    from devkeel.project.gates import Gates, GateStage
    from devkeel.runtime.jobs import Job

__all__ = ["GateResult", "WantedGate", "measured"]

UNTRUSTED = "report_untrusted"


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
    blocked: whether `block` holds it against the project. last: how it was the last time. taken_back: what block did.
    operation: the newest one then; revision: of the declaration, None where it changed meanwhile.
    """

    stage: str
    mode: str
    verdict: Verdict
    thresholds: dict[str, float | None]
    percent: dict[str, float | None]
    figures: Figures
    reasons: tuple[str, ...]
    ran: Ran | None
    reports: tuple[Found, ...]
    problems: tuple[ReportProblem, ...]
    time: str
    seconds: float
    operation: int | None
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
    revision, operation = _revision(context), _newest(context)
    named = wanted.environment or (Environments(context).active if wanted.run else None)
    run, read = _read(context, job, wanted)
    figures = added_up(read.reports)
    found = judged(
        wanted.stage,
        figures,
        exit_code=run.ran.exit_code if run else None,
        ran=wanted.run,
        believed=not any(item.code == UNTRUSTED for item in read.problems),
    )
    same = (revision, operation) == (_revision(context), _newest(context))
    moved = () if same else ("The declaration changed while the tests ran: the result is of neither.",)
    return GateResult(
        stage=wanted.stage.name,
        mode=wanted.gates.mode,
        verdict=found.verdict,
        thresholds={"coverage": wanted.stage.coverage, "passed": wanted.stage.passed},
        percent=percentages(figures),
        figures=figures,
        reasons=found.reasons,
        ran=run.ran if run else None,
        reports=read.found,
        problems=read.problems,
        time=datetime.now(UTC).isoformat(timespec="seconds"),
        seconds=run.ran.seconds if run else 0.0,
        operation=operation,
        revision=revision if same else None,
        environment=named,
        notes=(*(run.ran.notes if run else ()), *read.notes, *moved),
    )


def _read(context: Context, job: Job, wanted: WantedGate) -> tuple[Run | None, reading.Reading]:
    project = context.project
    if not wanted.run:
        job.tell("reading the reports")
        return None, reading.read_all(project, wanted.reports, Occasion())
    before = reading.looked_at(project, wanted.reports)
    job.tell("running the tests")
    run = perform(context, job, wanted.gates, wanted.environment, wanted.timeout)
    if run.ran.exit_code is None:
        error = run.ran.error or {}
        return run, reading.Reading((), (), (ReportProblem.of_error(error),))
    job.tell("reading the reports")
    occasion = Occasion(run.begun, before, run.printed, run.cut, wanted.gates.cwd or ".")
    return run, reading.read_all(project, wanted.reports, occasion)


def _revision(context: Context) -> str:
    return declared_revision(context.project, read_declaration(context.project))


def _newest(context: Context) -> int | None:
    newest = context.records.history(limit=1)
    return newest[0].id if newest else None
