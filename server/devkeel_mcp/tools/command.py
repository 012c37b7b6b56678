"""run_command: something runs in the applied environment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from devkeel_mcp.calls.arguments import Arguments, FromJsonText
from devkeel_mcp.calls.spec import ToolSpec
from devkeel_mcp.tools.apply import EXECUTE

if TYPE_CHECKING:
    from mcp_types import CallToolResult

    from devkeel.api import Environment
    from devkeel.runtime.jobs import Job
    from devkeel_mcp.calls.call import Call

__all__ = ["RUN"]

# Names of tasks have a colon, so this one is free.
_TEST = "test"


class RunArguments(Arguments):
    argv: Annotated[list[str] | None, FromJsonText] = Field(default=None, description="No shell.")
    task: str | None = Field(default=None, description="Task, or test.")
    environment: str | None = Field(default=None, description="Named one.")
    timeout: int = Field(default=600, description="Seconds.")
    pure: bool = Field(default=False, description="No host.")


async def _run(call: Call, arguments: RunArguments) -> CallToolResult:
    def begin(environment: Environment) -> Job:
        test = arguments.task == _TEST
        task = None if test else arguments.task
        return environment.run(
            arguments.argv or (),
            task=task,
            test=test,
            timeout=arguments.timeout,
            environment=arguments.environment,
            pure=arguments.pure,
        )

    return await call.execute(begin)


RUN = ToolSpec(
    name="run_command",
    description="Use to run a program in the environment.",
    hints=EXECUTE,
    executes=True,
    arguments=RunArguments,
    handler=_run,
    verbs=("run",),
)
