"""job and cancel_job: what goes on after its call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mcp_types import ToolAnnotations
from pydantic import Field

from devkeel_mcp.answers import render
from devkeel_mcp.calls.arguments import Arguments
from devkeel_mcp.calls.spec import READ, ToolSpec

if TYPE_CHECKING:
    from mcp_types import CallToolResult

    from devkeel_mcp.calls.call import Call

__all__ = ["CANCEL", "JOB"]

_ENDING = ToolAnnotations(read_only_hint=False, destructive_hint=True, idempotent_hint=True, open_world_hint=False)


class JobArguments(Arguments):
    id: str | None = Field(default=None, description="Default: list.")
    cursor: int = Field(default=0, description="Of the log.")
    wait: int = Field(default=0, description="Seconds, to 30.")


class CancelArguments(Arguments):
    id: str = Field(description="Job.")


async def _job(call: Call, arguments: JobArguments) -> CallToolResult:
    identifier = arguments.id
    if identifier is None:
        return render.jobs(await call.read(lambda environment: environment.jobs()))
    return render.job(
        await call.read(
            lambda environment: environment.job(identifier, cursor=arguments.cursor, wait=arguments.wait),
        )
    )


async def _cancel(call: Call, arguments: CancelArguments) -> CallToolResult:
    return render.job(await call.read(lambda environment: environment.end_job(arguments.id)))


JOB = ToolSpec(
    name="job",
    description="Use to follow a job: state, log.",
    hints=READ,
    arguments=JobArguments,
    handler=_job,
    verbs=("job", "jobs"),
)

CANCEL = ToolSpec(
    name="cancel_job",
    description="Use to end a job.",
    hints=_ENDING,
    executes=True,
    arguments=CancelArguments,
    handler=_cancel,
    verbs=("end_job",),
)
