"""inspect_environment: what is declared, where, and what can be checked here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from devkeel_mcp.answers import render
from devkeel_mcp.calls.arguments import Arguments
from devkeel_mcp.calls.spec import READ, ToolSpec

if TYPE_CHECKING:
    from mcp_types import CallToolResult

    from devkeel_mcp.calls.call import Call

__all__ = ["INSPECT"]


class InspectArguments(Arguments):
    prefix: str | None = Field(default=None, description="At or below this option.")
    why: str | None = Field(default=None, description="Instead: why this variable, program or port is (not) there.")


async def _inspect(call: Call, arguments: InspectArguments) -> CallToolResult:
    name = arguments.why
    if name is not None:
        return render.explanation(await call.read(lambda environment: environment.why(name)))
    return render.inspection(await call.read(lambda environment: environment.inspect(prefix=arguments.prefix)))


INSPECT = ToolSpec(
    name="inspect_environment",
    description=(
        "Use before a change, and after a conflict: packages, services, languages, every definition with "
        "file and line, the revision, problems, what is applied and runs."
    ),
    hints=READ,
    arguments=InspectArguments,
    handler=_inspect,
    verbs=("inspect", "why"),
)
