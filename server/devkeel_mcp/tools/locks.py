"""update_locks: the files of pinned versions, made, renewed and checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from mcp_types import ToolAnnotations
from pydantic import Field

from devkeel_mcp.answers import render
from devkeel_mcp.calls.arguments import Arguments, FromJsonText
from devkeel_mcp.calls.spec import ToolSpec

if TYPE_CHECKING:
    from mcp_types import CallToolResult

    from devkeel_mcp.calls.call import Call

__all__ = ["UPDATE_LOCKS"]


class LockArguments(Arguments):
    action: Literal["create", "renew", "check"] = Field(default="create", description="create: what lacks.")
    names: Annotated[list[str], FromJsonText] = Field(default=[], description="Inputs, libraries, lock files.")
    dry_run: bool = Field(default=False, description="Only try.")


async def _update(call: Call, arguments: LockArguments) -> CallToolResult:
    action = arguments.action
    if action == "check":
        return render.locks(await call.read(lambda environment: environment.check_locks(arguments.names)))
    return await call.execute(lambda environment: environment.lock(action, arguments.names, dry_run=arguments.dry_run))


UPDATE_LOCKS = ToolSpec(
    name="update_locks",
    description="Use to lock what is declared, or move it to newer versions.",
    hints=ToolAnnotations(read_only_hint=False, destructive_hint=True, idempotent_hint=False, open_world_hint=True),
    executes=True,
    arguments=LockArguments,
    handler=_update,
    verbs=("lock", "check_locks"),
)
