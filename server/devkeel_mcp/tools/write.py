"""What the tools that edit have in common: plain edits and write arguments in, one result out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mcp_types import ToolAnnotations

from devkeel.deferred import Deferred
from devkeel_mcp.answers import render

if TYPE_CHECKING:
    from mcp_types import CallToolResult

    from devkeel.api import Environment
    from devkeel.change.result import ChangeResult
    from devkeel.edits import vocabulary
    from devkeel_mcp.calls.arguments import OperationArguments
    from devkeel_mcp.calls.call import Call
else:
    vocabulary = Deferred("devkeel.edits.vocabulary")

__all__ = ["REPLACING", "TOGGLING", "change"]

# May take away what is there, and a second call changes nothing more.
TOGGLING = ToolAnnotations(read_only_hint=False, destructive_hint=True, idempotent_hint=True, open_world_hint=False)
# Takes text or a state away, and a second call does something else or is refused.
REPLACING = ToolAnnotations(read_only_hint=False, destructive_hint=True, idempotent_hint=False, open_world_hint=False)


async def change(
    call: Call,
    edits: list[dict[str, Any]],
    arguments: OperationArguments,
    *,
    level: str | None = None,
    create: bool = False,
) -> CallToolResult:
    """Apply edits, given as plain data, as one transaction; `create` begins a file that is missing."""

    def work(environment: Environment) -> ChangeResult:
        # Imported in the thread of the call, like the library behind it.

        return environment.change(
            vocabulary.parse_edits(edits),
            reason=arguments.reason,
            dry_run=arguments.dry_run,
            level=level,
            expected_revision=arguments.expected_revision,
            create=create,
        )

    return render.change(await call.write(work))
