"""run_packages: something runs with packages that are in no environment of the project."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from devkeel_mcp.calls.arguments import Arguments, FromJsonText
from devkeel_mcp.calls.spec import ToolSpec
from devkeel_mcp.tools.apply import EXECUTE

if TYPE_CHECKING:
    from mcp_types import CallToolResult

    from devkeel_mcp.calls.call import Call

__all__ = ["RUN_PACKAGES"]


class RunPackagesArguments(Arguments):
    packages: Annotated[list[str], FromJsonText] = Field(description="jq (pinned nixpkgs), #hello (flake.nix).")
    argv: Annotated[list[str], FromJsonText] = Field(description="No shell.")
    file: str | None = Field(default=None, description="Nix file whose attributes packages without # are.")
    pure: bool = Field(default=False, description="No host.")
    timeout: int = Field(default=3600, description="Seconds, building included.")


async def _run(call: Call, arguments: RunPackagesArguments) -> CallToolResult:
    return await call.execute(
        lambda environment: environment.run_packages(
            arguments.packages,
            arguments.argv,
            file=arguments.file,
            timeout=arguments.timeout,
            pure=arguments.pure,
        )
    )


RUN_PACKAGES = ToolSpec(
    name="run_packages",
    description="Use to run a program once with packages that are not declared; declares nothing.",
    hints=EXECUTE,
    executes=True,
    toolset="nix",
    arguments=RunPackagesArguments,
    handler=_run,
    verbs=("run_packages",),
)
