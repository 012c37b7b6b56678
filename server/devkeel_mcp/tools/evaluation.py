"""evaluate_nix: the value of an attribute, a file or an expression."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from devkeel_mcp.answers import nix_toolset
from devkeel_mcp.calls.arguments import Arguments
from devkeel_mcp.calls.spec import READ, ToolSpec

if TYPE_CHECKING:
    from mcp_types import CallToolResult

    from devkeel_mcp.calls.call import Call

__all__ = ["EVALUATE"]


class EvaluateArguments(Arguments):
    target: str | None = Field(default=None, description="#lib.x of flake.nix; with file: attribute path.")
    expression: str | None = Field(default=None, description="Nix, of `project`; with target or file a function of it.")
    file: str | None = Field(default=None, description="Such as default.nix.")
    depth: int = Field(default=4, description="Levels shown.")
    timeout: int = Field(default=20, description="Seconds.")
    memory: int = Field(default=2048, description="MiB.")
    output: int = Field(default=16384, description="Bytes.")


async def _evaluate(call: Call, arguments: EvaluateArguments) -> CallToolResult:
    from devkeel.builds.evaluation import EvaluationLimits  # noqa: PLC0415  (50 ms that only an evaluation pays)

    given = arguments
    limits = EvaluationLimits(given.timeout, given.memory, given.output, given.depth)
    return nix_toolset.rendered(
        await call.read(
            lambda environment: environment.evaluate_nix(
                given.target, expression=given.expression, file=given.file, limits=limits
            )
        )
    )


EVALUATE = ToolSpec(
    name="evaluate_nix",
    description="Use to see what a flake's attribute, a Nix file or an expression is, confined and without building.",
    hints=READ,
    toolset="nix",
    arguments=EvaluateArguments,
    handler=_evaluate,
    verbs=("evaluate_nix",),
)
