"""apply_environment: the declaration becomes an environment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from mcp_types import ToolAnnotations
from msgspec.structs import replace
from pydantic import Field

from devkeel_mcp.calls.arguments import Arguments
from devkeel_mcp.calls.spec import ToolSpec

if TYPE_CHECKING:
    from mcp_types import CallToolResult

    from devkeel_mcp.calls.call import Call

__all__ = ["APPLY", "EXECUTE"]

# Runs what the project says, and whatever that fetches.
EXECUTE = ToolAnnotations(read_only_hint=False, destructive_hint=True, idempotent_hint=False, open_world_hint=True)


class ApplyArguments(Arguments):
    dry_run: bool = Field(default=False, description="Build only.")
    on_failure: Literal["restore"] | None = Field(default=None, description="Undo edits since the last success.")
    environment: str | None = Field(default=None, description="A named one.")
    backend: str | None = Field(default=None, description="venv")


async def _apply(call: Call, arguments: ApplyArguments) -> CallToolResult:
    return await replace(call, backend=arguments.backend).execute(
        lambda environment: environment.apply(
            dry_run=arguments.dry_run,
            on_failure=arguments.on_failure or "keep",
            environment=arguments.environment,
        )
    )


APPLY = ToolSpec(
    name="apply_environment",
    description="Use after a change to build what is declared, for run_command.",
    hints=EXECUTE,
    executes=True,
    arguments=ApplyArguments,
    handler=_apply,
)
