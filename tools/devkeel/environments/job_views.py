"""Jobs, as a caller sees them: how one goes on, its log, what came of it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from devkeel.environments.active import good_of
from devkeel.environments.named import Environments
from devkeel.environments.run import RunResult
from devkeel.errors import StateError
from devkeel.runtime.excerpt import excerpt
from devkeel.text.actions import do
from devkeel.text.clean import one_line
from devkeel.text.data import as_data
from devkeel.text.secrets import secrets_in

if TYPE_CHECKING:
    from devkeel.context import Context
    from devkeel.runtime.jobs import Job, JobState

__all__ = ["JobList", "JobView", "cancel", "every", "keep", "log", "result", "said", "view"]

_SLICE = 16_000  # bytes of a log in one answer
_PAGE = 1024 * 1024  # and of a whole log, at a time
_TAIL = 2000
_WAIT = 30.0


class JobView(Struct, frozen=True):
    """A job as it is now, with a part of its log.

    state: running, succeeded, failed or cancelled. cursor: where the log goes on. omitted: bytes of the log that were
    left out before this part. survivors: processes that could not be ended.
    """

    id: str
    kind: str
    title: str
    state: str
    started: str
    ended: str | None
    progress: str | None
    log: str
    cursor: int
    omitted: int
    log_bytes: int
    survivors: tuple[str, ...]
    result: Any
    error: dict[str, Any] | None
    next: str


class JobList(Struct, frozen=True):
    """The jobs of a project, newest first, without their logs."""

    jobs: tuple[dict[str, Any], ...]


def result(job: Job) -> Any:  # noqa: ANN401  (what the job was for: ApplyResult or RunResult)
    """Return what came of a job that has ended, or raise what ended it."""
    found = job.value()
    if isinstance(found, RunResult) and job.ended_too:
        return replace(found, ended_too=job.ended_too)
    return found


def view(context: Context, identifier: str, *, cursor: int = 0, wait: float = 0.0, whole: bool = False) -> JobView:
    """Return a job with a part of its log; waits for its end, at most 30 seconds.

    whole: without a line that has no end yet, and from the end of the log without one that has no beginning.
    """
    state = context.jobs.wait(identifier, min(max(wait, 0.0), _WAIT))
    hidden = _secrets(context)
    log, part = excerpt(context.jobs, identifier, cursor, _SLICE, hidden, whole=whole)
    return JobView(
        id=state.id,
        kind=state.kind,
        title=state.title,
        state=state.state,
        started=state.started,
        ended=state.ended,
        progress=one_line(state.progress) if state.progress else None,
        log=log,
        cursor=part.cursor,
        omitted=part.omitted,
        log_bytes=state.log_bytes,
        survivors=state.survivors,
        result=state.result,
        error=state.error,
        next=_next(state, part.cursor),
    )


def _secrets(context: Context) -> tuple[str, ...]:
    """Return the secrets of all environments: a job may run in any."""
    made = [good_of(context, item.name) for item in Environments(context).all()]
    return tuple(dict.fromkeys(item for good in made if good for item in secrets_in(good.applied.variables)))


def log(context: Context, identifier: str) -> str:
    """Return the whole log of a job as far as it is kept, safe to show."""
    hidden = _secrets(context)
    found, cursor = list[str](), 0
    while True:
        text, part = excerpt(context.jobs, identifier, cursor, _PAGE, hidden)
        if not part.data:
            return "".join(found)
        if part.omitted:
            found.append(f"\n… {part.omitted} bytes left out …\n")
        found.append(text)
        cursor = part.cursor


def said(context: Context, identifier: str) -> str:
    """Return what a job printed and, where an error ended it, what that says."""
    error = context.jobs.wait(identifier, 0.0).error or {}
    findings = [str(item.get("message", "")) for item in error.get("diagnostics", ())]
    return "\n".join([log(context, identifier), str(error.get("message", "")), *findings])


def keep(context: Context, job: Job) -> JobView:
    """Let a job go on after the call that asked for it, and return it.

    Where nothing can be written it is known to this process alone.
    """
    with suppress(StateError):
        context.jobs.keep(job)
    return view(context, job.id, cursor=-_TAIL)


def every(context: Context, *, noted: bool = False) -> JobList:
    """Return the jobs, newest first. noted: with those whose id no caller has, who runs each, and a gate's verdict."""
    left_out = ("result", "error", "log_bytes", *(() if noted else ("noted", "owner")))
    rows = []
    for state in context.jobs.every(noted=noted):
        row = {key: value for key, value in as_data(state).items() if key not in left_out}
        rows.append(row | {"verdict": verdict(state.result)} if noted else row)
    return JobList(tuple(rows))


def verdict(result: Any) -> str | None:  # noqa: ANN401  (of any job)
    """Return what a gate came to, by the plain data of the job that ran it: a measured failure is no failed job."""
    gate = result.get("gate", result) if isinstance(result, dict) else None
    found = gate.get("verdict") if isinstance(gate, dict) else None
    return found if isinstance(found, str) else None


def cancel(context: Context, identifier: str) -> JobView:
    """End a job, and return what it had come to."""
    context.jobs.cancel(identifier, context.actor)
    return view(context, identifier, cursor=-_TAIL)


def _next(state: JobState, cursor: int) -> str:
    if state.state == "running":
        return do("job", id=state.id, cursor=cursor, wait=30)
    if state.survivors:
        return "ask the user to end what survived"
    if state.state == "failed":
        return f"{do('diagnose', id=state.id)} for what made it fail"
    return f"{do('job', id=state.id, cursor=cursor)} for more of the log" if cursor < state.log_bytes else "done"
