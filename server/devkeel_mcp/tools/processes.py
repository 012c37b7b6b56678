"""manage_processes and read_processes: what the declaration says should run, running or not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from devkeel_mcp.answers import render
from devkeel_mcp.calls.arguments import Arguments, FromJsonText
from devkeel_mcp.calls.spec import READ, ToolSpec
from devkeel_mcp.tools.apply import EXECUTE

if TYPE_CHECKING:
    from mcp_types import CallToolResult

    from devkeel_mcp.calls.call import Call

__all__ = ["MANAGE_PROCESSES", "READ_PROCESSES"]


_SECONDS = 30.0


# Few words: the list of tools is read by every model before it does anything.
class ManageArguments(Arguments):
    action: Literal["start", "stop", "restart"] = Field(description="start waits until ready.")
    names: Annotated[list[str] | None, FromJsonText] = Field(default=None, description="Default: all.")
    timeout: float | None = Field(default=None, description="Seconds.")
    on_failure: Literal["restore"] | None = Field(default=None, description="To the last good start.")


class ReadArguments(Arguments):
    name: str | None = Field(default=None, description="With log.")
    cursor: str | None = Field(default=None, description="Log since.")


async def _manage(call: Call, arguments: ManageArguments) -> CallToolResult:
    return await call.execute(
        lambda environment: environment.manage(
            arguments.action,
            arguments.names or (),
            timeout=arguments.timeout or _SECONDS,
            on_failure=arguments.on_failure or "keep",
        )
    )


async def _read(call: Call, arguments: ReadArguments) -> CallToolResult:
    result = await call.read(lambda environment: environment.processes(arguments.name, cursor=arguments.cursor))
    return render.processes(result)


MANAGE_PROCESSES = ToolSpec(
    name="manage_processes",
    description="Use to start or stop what is declared: services, processes.",
    hints=EXECUTE,
    executes=True,
    arguments=ManageArguments,
    handler=_manage,
    verbs=("manage",),
)

READ_PROCESSES = ToolSpec(
    name="read_processes",
    description="Use to see what runs: phases, ports, logs.",
    hints=READ,
    arguments=ReadArguments,
    handler=_read,
    verbs=("processes",),
)
