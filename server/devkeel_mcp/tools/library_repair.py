"""repair_requirements: the smallest change of requirements with which Python libraries resolve and import."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from devkeel.deferred import Deferred
from devkeel_mcp.calls.arguments import Arguments
from devkeel_mcp.calls.spec import ToolSpec
from devkeel_mcp.tools.apply import EXECUTE

if TYPE_CHECKING:
    from mcp_types import CallToolResult

    from devkeel.edits import vocabulary
    from devkeel_mcp.calls.call import Call
else:
    vocabulary = Deferred("devkeel.edits.vocabulary")

__all__ = ["REPAIR_REQUIREMENTS"]


class RepairArguments(Arguments):
    names: list[str] = Field(default=[], description="To add as well, as add_library takes them.")
    seconds: int = Field(default=180, ge=1, le=3600, description="How long it may search.")


async def _repair(call: Call, arguments: RepairArguments) -> CallToolResult:
    edits = [{"kind": "add_library", "language": "python", "names": arguments.names}] if arguments.names else []
    return await call.execute(
        lambda environment: environment.repair_libraries(vocabulary.parse_edits(edits), seconds=arguments.seconds)
    )


REPAIR_REQUIREMENTS = ToolSpec(
    name="repair_requirements",
    description=(
        "Use where Python libraries do not resolve or import: searches for the smallest change of requirements that "
        "does, installed and imported in a throw-away environment. Writes nothing."
    ),
    hints=EXECUTE,
    executes=True,
    toolset="project",
    arguments=RepairArguments,
    handler=_repair,
    verbs=("repair_libraries",),
)
