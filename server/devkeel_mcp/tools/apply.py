"""apply_environment: the declaration becomes an environment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from mcp_types import ToolAnnotations
from msgspec.structs import replace
from pydantic import Field

from devkeel.project.contents import Contents
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
    on_failure: Literal["restore"] | None = Field(default=None, description="Undo edits since it worked.")
    environment: str | None = Field(default=None, description="Default: the active.")
    activate: bool = Field(default=False, description="Switch to it.")
    backend: str | None = Field(default=None, description="venv")
    groups: list[str] | None = Field(default=None, description="Or [extra].")


async def _apply(call: Call, arguments: ApplyArguments) -> CallToolResult:
    return await replace(call, backend=arguments.backend).execute(
        lambda environment: environment.apply(
            dry_run=arguments.dry_run,
            on_failure=arguments.on_failure or "keep",
            environment=arguments.environment,
            contents=_contents(arguments),
            activate=arguments.activate,
        )
    )


def _contents(arguments: ApplyArguments) -> Contents | None:
    """Return what is asked for; an extra is written in brackets, as behind the name of a distribution (PEP 508)."""
    names = arguments.groups or ()
    extras = tuple(name[1:-1] for name in names if name.startswith("[") and name.endswith("]"))
    groups = tuple(name for name in names if not name.startswith("["))
    return Contents(groups=groups, extras=extras) if names else None


APPLY = ToolSpec(
    name="apply_environment",
    description="Use after a change to build it for run_command.",
    hints=EXECUTE,
    executes=True,
    arguments=ApplyArguments,
    handler=_apply,
    verbs=("apply",),
)
