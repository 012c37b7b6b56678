"""generate_files: flake.nix, .envrc and the like, made from what is declared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from devkeel.deferred import Deferred
from devkeel_mcp.answers import render
from devkeel_mcp.answers.answer import answer
from devkeel_mcp.calls.arguments import FromJsonText, WriteArguments
from devkeel_mcp.calls.spec import ToolSpec
from devkeel_mcp.tools.write import TOGGLING

if TYPE_CHECKING:
    from mcp_types import CallToolResult

    from devkeel_mcp.calls.call import Call
    from devkeel_words import project_lines
else:
    project_lines = Deferred("devkeel_words.project_lines")

__all__ = ["GENERATE"]


class GenerateArguments(WriteArguments):
    kind: str | None = Field(default=None, description="Without one: lists kinds and their parameters.")
    parameters: Annotated[dict[str, Any], FromJsonText] = Field(
        default_factory=dict, description="Those left out are as last time."
    )
    replace: bool = Field(default=False, description="Take away hand edits in the part, or a foreign file.")


async def _generate(call: Call, arguments: GenerateArguments) -> CallToolResult:
    kind = arguments.kind
    if kind is None:
        found = await call.read(lambda environment: environment.generators())
        told = list(project_lines.generators(found))
        return answer(found, [f"{len(found.generators)} kinds:"], told, [], "The structured content has it too.")
    given = arguments.model_dump(exclude={"kind", "parameters"})
    return render.change(
        await call.write(lambda environment: environment.generate(kind, arguments.parameters, **given))
    )


GENERATE = ToolSpec(
    name="generate_files",
    description=(
        "Use to make flake.nix, .envrc, CI workflows and the like from what is declared. Making them again changes "
        "only the part between devkeel's marks."
    ),
    hints=TOGGLING,
    toolset="project",
    arguments=GenerateArguments,
    handler=_generate,
    verbs=("generate", "generators"),
)
