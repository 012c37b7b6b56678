"""build_output: an attribute of the project's flake, or of a file, is built."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from devkeel_mcp.calls.arguments import Arguments
from devkeel_mcp.calls.spec import ToolSpec
from devkeel_mcp.tools.apply import EXECUTE

if TYPE_CHECKING:
    from mcp_types import CallToolResult

    from devkeel_mcp.calls.call import Call

__all__ = ["BUILD"]


class BuildArguments(Arguments):
    target: str = Field(default=".", description="#hello of flake.nix; with file: attribute path.")
    file: str | None = Field(default=None, description="Such as default.nix.")
    timeout: int = Field(default=3600, description="Seconds.")


async def _build(call: Call, arguments: BuildArguments) -> CallToolResult:
    return await call.execute(
        lambda environment: environment.build(arguments.target, file=arguments.file, timeout=arguments.timeout)
    )


BUILD = ToolSpec(
    name="build_output",
    description="Use to build a package that flake.nix or a Nix file has: store paths, sizes, what they need.",
    hints=EXECUTE,
    executes=True,
    toolset="nix",
    arguments=BuildArguments,
    handler=_build,
    verbs=("build",),
)
