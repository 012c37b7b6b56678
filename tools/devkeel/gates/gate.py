"""The gate as a job: measured, kept beside those of before, and in `block` what broke it is taken back."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from devkeel.environments import apply as applies
from devkeel.errors import Place, Refused
from devkeel.gates.block import take_back
from devkeel.gates.measure import WantedGate, measured
from devkeel.gates.records import GateRecord, keep, kept
from devkeel.gates.stages import gates_of, stage_of
from devkeel.gates.verdict import shares, worse
from devkeel.runtime.jobs import JobSpec
from devkeel.runtime.requests import LONGEST, require_seconds
from devkeel.state import origin
from devkeel.text.actions import do
from devkeel.text.data import as_data

if TYPE_CHECKING:
    from collections.abc import Sequence

    from devkeel.context import Context
    from devkeel.environments.apply import ApplyResult
    from devkeel.gates.measure import GateResult
    from devkeel.project.gates import GateStage
    from devkeel.runtime.jobs import Job

__all__ = ["apply", "gate"]

_MAKING = 3600.0
_UNKEPT = "This result is not kept: no later process compares with it, or goes back to it. {}. {}"
# What the environment says where it has no such command: that it lacks it is what a change of it can do.
_LACKING = frozenset({"program_missing", "not_in_environment"})


def gate(context: Context, stage: str | None, *, run: bool, reports: Sequence[str], timeout: float | None) -> Job:
    """Begin a gate as a job; see `Environment.gate`."""
    gates = gates_of(context.settings)
    named = tuple(reports) or gates.reports
    wanted = WantedGate(gates, stage_of(gates, stage), run, named, None, gates.timeout if timeout is None else timeout)
    require_seconds(wanted.timeout, LONGEST)

    def work(job: Job) -> GateResult:
        result = _performed(context, job, wanted)
        _refuse_untrusted(result)
        _tell(context, job, result)
        return result

    title = f"Gate {wanted.stage.name}{'' if run else ', of the reports as they are'}"
    blocks = gates.mode == "block"
    spec = JobSpec(
        "gate",
        title,
        executes=run,
        plain=as_data,
        failed=lambda result: blocks and result.verdict != "passed",
        tells=False,
    )
    with context.building():
        return context.begin(spec, work)


def apply(context: Context, **asked: Any) -> Job:  # noqa: ANN401  (as `environments.apply` takes it)
    """Begin to realise the declaration as a job that ends with the gate of the settings; see `Environment.apply`."""
    gates = gates_of(context.settings)
    stage = stage_of(gates, None)
    prepared = applies.prepare(context, **asked)

    def work(job: Job) -> ApplyResult:
        result = prepared.work(job)
        if result.dry_run:
            return result
        wanted = WantedGate(gates, stage, True, gates.reports, result.environment, gates.timeout)
        found = _performed(context, job, wanted)
        _tell(context, job, found)
        return replace(result, gate=found)

    spec = replace(prepared.spec, failed=lambda result: getattr(result.gate, "blocked", False), tells=False)
    with context.building():
        return context.begin(spec, work)


def _performed(context: Context, job: Job, wanted: WantedGate) -> GateResult:
    result = measured(context, job, wanted)
    if wanted.run:
        result = _held(context, job, wanted.stage, result)
        keep(context.project.state, _record(result))
        unkept = origin.unkept(context.project.state)
        notes = () if unkept is None else (_UNKEPT.format(*unkept),)
        result = replace(result, notes=(*result.notes, *notes))
    return replace(result, next=_next(result))


def _tell(context: Context, job: Job, result: GateResult) -> None:
    """Emit how it came out, once; what was taken back is an event of its own."""
    context.tell(
        "checked" if result.passes else "failed",
        action="gate",
        operation=result.operation,
        revision=result.revision,
        code=None if result.passes else f"gate_{result.verdict}",
        seconds=result.seconds,
        reason=" ".join(result.reasons),
        stage=result.stage,
        percent=result.percent,
        blocked=result.blocked,
        job=job.id,
    )


def _held(context: Context, job: Job, stage: GateStage, result: GateResult) -> GateResult:
    """Compare a result with the last one of its stage, and do what the mode says."""
    last = _last(context, result)
    if last is None:
        return result
    below = worse(result.figures, last.figures) if result.verdict == "failed" else ()
    result = replace(result, last=last, worse=below)
    if result.mode != "block" or not _is_held_against(result):
        return result
    passed = last.verdict == "passed" and last.revision is not None and _meets(stage, last)
    if not passed:
        # It failed before: only a figure that is below that of then is held against it, and there is no pass to go to.
        return replace(result, blocked=bool(below))
    if result.revision is None:
        return result
    job.tell("taking back what was changed since the gate passed")
    with job.in_peace():
        done = take_back(context, job, last, f"the gate {stage.name} failed: {' '.join(result.reasons)}"[:500], _MAKING)
    return replace(result, blocked=True, taken_back=done)


def _is_held_against(result: GateResult) -> bool:
    """Return whether a result says that something broke: a failure, or a command that is gone or fails without one.

    What is only not known is not held against anybody: a report that contradicts itself, a deadline, no test at all.
    A command that fails before it writes its reports says enough, whatever lies there from before.
    """
    if result.verdict == "failed":
        return True
    ran = result.ran
    if result.verdict == "passed" or ran is None:
        return False
    return _fails_alone(result) or str((ran.error or {}).get("code")) in _LACKING


def _fails_alone(result: GateResult) -> bool:
    """Return whether the command failed, and wrote nothing that is not believed."""
    return bool(result.ran and result.ran.exit_code) and not any(item.contradicts for item in result.problems)


def _last(context: Context, result: GateResult) -> GateRecord | None:
    """Return the last result that says how the project was: one that measured, and that was not taken back since."""
    return next(
        (
            item
            for item in reversed(kept(context.project.state))
            if (item.stage, item.environment) == (result.stage, result.environment)
            and item.verdict != "not_measured"
            and item.taken_back is None
        ),
        None,
    )


def _meets(stage: GateStage, record: GateRecord) -> bool:
    """Return whether a result passes by the thresholds of today, which may be higher than its own."""
    found = shares(record.figures)
    asked = {"coverage": stage.coverage, "passed": stage.passed}
    return all(
        wanted is None or ((share := found[name]) is not None and share * 100 >= Fraction(str(wanted)))
        for name, wanted in asked.items()
    )


def _record(result: GateResult) -> GateRecord:
    return GateRecord(
        stage=result.stage,
        mode=result.mode,
        verdict=result.verdict,
        thresholds=result.thresholds,
        percent=result.percent,
        figures=result.figures,
        time=result.time,
        seconds=result.seconds,
        operation=result.operation,
        token=result.token,
        revision=result.revision,
        environment=result.environment,
        taken_back=result.taken_back.operation if result.taken_back else None,
        failing=result.failing,
    )


def _refuse_untrusted(result: GateResult) -> None:
    problem = next((item for item in result.problems if item.untrusted), None)
    if problem is None or result.verdict == "failed" or _fails_alone(result):
        return  # what is believed says enough; the rest is named beside it
    ran, details = result.ran, {"problems": as_data(result.problems)} if len(result.problems) > 1 else {}
    ending = ""
    if ran is not None and ran.exit_code:
        ending = f" The command ended with exit code {ran.exit_code}."
        details |= {"exit_code": ran.exit_code, "output": ran.output or ""}
    raise Refused(
        "report_untrusted",
        f"{problem.file} is not believed: {problem.message}.{ending}",
        place=Place(problem.file, problem.line),
        seen=problem.format,
        remedy="Have the command write it anew, whole and by itself, then ask for the gate again.",
        details=details,
    )


def _next(result: GateResult) -> str:
    if result.verdict == "passed":
        return "nothing to do"
    back = result.taken_back
    if back is not None and back.operation is not None:
        return f"look at what was taken back: {do('history', operation=back.operation)}"
    if result.verdict == "failed":
        return "mend what fails, then ask for the gate again"
    ran = result.ran
    if ran is not None and not ran.started:
        remedy = (ran.error or {}).get("remedy")
        return str(remedy or "see that the command can be started, then ask for the gate again")
    return "see that the command runs and writes its reports, then ask for the gate again"
