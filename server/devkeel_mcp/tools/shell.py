"""describe_shell: the development shell as data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from devkeel_mcp.answers import nix_toolset
from devkeel_mcp.calls.arguments import Arguments
from devkeel_mcp.calls.spec import READ_AND_FETCH, ToolSpec

if TYPE_CHECKING:
    from mcp_types import CallToolResult

    from devkeel_mcp.calls.call import Call

__all__ = ["DESCRIBE_SHELL"]


class DescribeShellArguments(Arguments):
    name: str | None = Field(default=None, description="Of devShells, or attribute of file.")
    file: str | None = Field(default=None, description="Such as shell.nix.")


async def _describe(call: Call, arguments: DescribeShellArguments) -> CallToolResult:
    return nix_toolset.rendered(
        await call.read(lambda environment: environment.describe_shell(arguments.name, file=arguments.file))
    )


DESCRIBE_SHELL = ToolSpec(
    name="describe_shell",
    description="Use to read the development shell as Nix evaluates it: packages with store paths, hook, variables.",
    hints=READ_AND_FETCH,
    toolset="nix",
    arguments=DescribeShellArguments,
    handler=_describe,
    verbs=("describe_shell",),
)
