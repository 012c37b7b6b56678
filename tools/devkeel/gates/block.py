"""What a gate that blocks does: taking back what devkeel did since the gate passed, beside everybody else's changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from devkeel.candidate.basis import Basis
from devkeel.change import changes
from devkeel.environments.applied import applying
from devkeel.environments.named import Environments
from devkeel.environments.realising import Wanted, realise
from devkeel.errors import DevkeelError, UsageError
from devkeel.history.pages import newest_first
from devkeel.project.root import MANIFESTS

if TYPE_CHECKING:
    from devkeel.context import Context
    from devkeel.gates.records import GateRecord
    from devkeel.runtime.jobs import Job

__all__ = ["TakenBack", "take_back"]


class TakenBack(Struct, frozen=True):
    """What was taken back. operation: the new one, None where nothing was; reverted: those that it took back.

    revision: of the declaration then. environment: whether it was made anew, None where none was applied. error: what
    stood in the way, as plain data; environment_error: what stood in the way of making the environment.
    """

    message: str
    operation: int | None = None
    reverted: tuple[int, ...] = ()
    revision: str | None = None
    diff: str | None = None
    environment: bool | None = None
    error: dict[str, Any] | None = None
    environment_error: dict[str, Any] | None = None


def take_back(context: Context, job: Job, base: GateRecord, reason: str, timeout: float) -> TakenBack:
    """Take back devkeel's own operations since a gate that passed, and make the environment of what is there then."""
    try:
        context.permission.require("undo", ("write",))
        result, reverted = changes.take_back(context, _since(context, base), reason, merge=True)
    except DevkeelError as obstacle:
        told = f"Nothing was taken back: {obstacle.message}"
        return TakenBack(told, error=obstacle.as_data())
    if not reverted:
        return TakenBack("Nothing was taken back: devkeel changed nothing since the gate passed.")
    if result.operation is None:
        return TakenBack("Nothing was taken back: what devkeel did since the gate passed cancels out.")
    others = "" if result.revision == base.revision else " What others changed since then is still there."
    told = f"Operation {result.operation} took back what devkeel did since the gate passed.{others}"
    made, error = _made(context, job, base.environment, timeout)
    return TakenBack(
        told, result.operation, tuple(reverted), result.revision, result.diff, made, environment_error=error
    )


def _since(context: Context, base: GateRecord) -> int:
    """Return the operation that was the newest when a gate passed, 0 for none, by the number that it has now.

    Raises UsageError `unknown_operation` where that is not known: histories that are joined, or begun anew, have
    other numbers, and what is older than the pass is not to blame.
    """
    for item in newest_first(context.records):
        if item.token == base.token:
            return item.id
        if item.time < base.time:
            break
    else:
        if base.token is None:
            return 0
    raise UsageError(
        "unknown_operation",
        "the history is another one than when the gate passed.",
        remedy="Undo by hand what broke it, or mend it; the next gate that passes is where to go back to.",
    )


def _made(context: Context, job: Job, name: str | None, timeout: float) -> tuple[bool | None, dict[str, Any] | None]:
    """Make an environment that was applied anew, of the files as they are now."""
    environments = Environments(context)
    if name is None or environments.good(name) is None:
        return None, None
    job.tell("making the environment of what is declared now")
    through = context.through(Basis(context.project))
    try:
        context.permission.require("apply", ("build",))
        files = through.declaration()
        subject = through.candidate((*MANIFESTS, *files))
        with applying(context.project.state):
            realise(context, Wanted(name, files, subject), dry_run=False, timeout=timeout)
            environments.refresh()
    except DevkeelError as obstacle:
        return False, obstacle.as_data()
    return True, None
