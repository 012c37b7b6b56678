"""check_environment: the ladder on the files as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from devkeel_mcp.answers import render
from devkeel_mcp.calls.arguments import Arguments, Level
from devkeel_mcp.calls.spec import READ_AND_FETCH, ToolSpec

if TYPE_CHECKING:
    from mcp_types import CallToolResult

    from devkeel_mcp.calls.call import Call

__all__ = ["CHECK"]


class CheckArguments(Arguments):
    level: Level | None = Field(default=None, description="Else deepest.")
    second_opinion: bool = Field(default=False, description="Ask Nix too.")


async def _check(call: Call, arguments: CheckArguments) -> CallToolResult:
    report = await call.read(
        lambda environment: environment.check(level=arguments.level, second_opinion=arguments.second_opinion)
    )
    return render.check(report)


CHECK = ToolSpec(
    name="check_environment",
    description=(
        "Use to judge the files as they are: findings with place and edits, which checks ran. Writes are checked "
        "anyway."
    ),
    # Evaluation may fetch what the project's inputs name.
    hints=READ_AND_FETCH,
    arguments=CheckArguments,
    handler=_check,
    verbs=("check",),
)
