"""check_gate: whether the tests, and what they cover, are as good as the stage of the project asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from devkeel_mcp.calls.arguments import Arguments
from devkeel_mcp.calls.spec import ToolSpec
from devkeel_mcp.tools.apply import EXECUTE

if TYPE_CHECKING:
    from mcp_types import CallToolResult

    from devkeel_mcp.calls.call import Call

__all__ = ["CHECK_GATE"]


class GateArguments(Arguments):
    stage: str | None = Field(default=None, description="bootstrap, growth, stabilize, strict or one of devkeel.toml.")
    run: bool = Field(default=True, description="false: read the reports as they are.")
    reports: list[str] = Field(default=[], description="Paths and patterns in place of those of devkeel.toml.")
    timeout: int | None = Field(default=None, description="Seconds.")


async def _check(call: Call, arguments: GateArguments) -> CallToolResult:
    return await call.execute(
        lambda environment: environment.gate(
            arguments.stage, run=arguments.run, reports=arguments.reports, timeout=arguments.timeout
        )
    )


CHECK_GATE = ToolSpec(
    name="check_gate",
    description="Use to run the tests and see whether they, and what they cover, meet the thresholds of a stage.",
    hints=EXECUTE,
    executes=True,
    toolset="policy",
    arguments=GateArguments,
    handler=_check,
    verbs=("gate",),
)
