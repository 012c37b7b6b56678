"""check_reproducibility and prove_reproducibility: whether a project is built the same again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from devkeel_mcp.answers import nix_toolset
from devkeel_mcp.calls.arguments import Arguments
from devkeel_mcp.calls.spec import READ_AND_FETCH, ToolSpec
from devkeel_mcp.tools.apply import EXECUTE

if TYPE_CHECKING:
    from mcp_types import CallToolResult

    from devkeel_mcp.calls.call import Call

__all__ = ["CHECK_REPRODUCIBILITY", "PROVE_REPRODUCIBILITY"]


class ReportArguments(Arguments):
    target: str | None = Field(default=None, description="#hello: its builder too.")
    file: str | None = Field(default=None, description="Such as default.nix.")


class ProofArguments(Arguments):
    target: str = Field(default=".", description="#hello of flake.nix; with file: attribute path.")
    file: str | None = Field(default=None, description="Such as default.nix.")
    timeout: int = Field(default=3600, description="Seconds.")


async def _check(call: Call, arguments: ReportArguments) -> CallToolResult:
    return nix_toolset.rendered(
        await call.read(lambda environment: environment.check_reproducibility(arguments.target, file=arguments.file))
    )


async def _prove(call: Call, arguments: ProofArguments) -> CallToolResult:
    return await call.execute(
        lambda environment: environment.prove_reproducibility(
            arguments.target, file=arguments.file, timeout=arguments.timeout
        )
    )


CHECK_REPRODUCIBILITY = ToolSpec(
    name="check_reproducibility",
    description="Use to see whether inputs are pinned, locks committed, Nix text pure, builder variables set.",
    hints=READ_AND_FETCH,
    toolset="nix",
    arguments=ReportArguments,
    handler=_check,
    verbs=("check_reproducibility",),
)
PROVE_REPRODUCIBILITY = ToolSpec(
    name="prove_reproducibility",
    description="Use to build twice and see which files differ, and why.",
    hints=EXECUTE,
    executes=True,
    toolset="nix",
    arguments=ProofArguments,
    handler=_prove,
    verbs=("prove_reproducibility",),
)
