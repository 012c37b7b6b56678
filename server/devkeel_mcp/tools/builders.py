"""check_builders: whether the machines of devkeel.toml answer, and what they build."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from devkeel_mcp.answers import nix_toolset
from devkeel_mcp.calls.arguments import Arguments
from devkeel_mcp.calls.spec import READ_AND_FETCH, ToolSpec

if TYPE_CHECKING:
    from mcp_types import CallToolResult

    from devkeel_mcp.calls.call import Call

__all__ = ["CHECK_BUILDERS"]


class BuilderArguments(Arguments):
    timeout: int = Field(default=20, description="Seconds for each.")


async def _check(call: Call, arguments: BuilderArguments) -> CallToolResult:
    return nix_toolset.rendered(
        await call.read(lambda environment: environment.check_builders(timeout=arguments.timeout))
    )


CHECK_BUILDERS = ToolSpec(
    name="check_builders",
    description="Use to see whether devkeel.toml's builders answer.",
    hints=READ_AND_FETCH,
    toolset="nix",
    arguments=BuilderArguments,
    handler=_check,
    verbs=("check_builders",),
)
