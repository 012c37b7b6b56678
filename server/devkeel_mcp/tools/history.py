"""show_history and undo: the operations, and the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from devkeel.errors import UsageError
from devkeel_mcp.answers import render
from devkeel_mcp.calls.arguments import Arguments, OperationArguments
from devkeel_mcp.calls.spec import READ, ToolSpec
from devkeel_mcp.tools.write import REPLACING

if TYPE_CHECKING:
    from mcp_types import CallToolResult

    from devkeel.api import Environment
    from devkeel.change.result import ChangeResult
    from devkeel_mcp.calls.call import Call

__all__ = ["SHOW_HISTORY", "UNDO"]


class HistoryArguments(Arguments):
    before: int | None = Field(default=None, description="Older than id.")
    operation: int | None = Field(default=None, description="With its diff.")
    since: str | None = Field(default=None, description="7d or a date.")
    by: str | None = Field(default=None, description="Who.")
    about: str | None = Field(default=None, description="Option, package, file.")


class UndoArguments(OperationArguments):
    operation: int | None = Field(default=None, description="Default: newest not undone.")
    redo: bool = Field(default=False, description="The newest undo instead.")
    restore: str | None = Field(default=None, description="To what this id or revision left.")


async def _show_history(call: Call, arguments: HistoryArguments) -> CallToolResult:
    identifier = arguments.operation
    if identifier is not None:
        return render.operation(await call.read(lambda environment: environment.operation(identifier)))
    page = await call.read(
        lambda environment: environment.history(
            before=arguments.before, since=arguments.since, by=arguments.by, about=arguments.about
        )
    )
    return render.history(page)


async def _undo(call: Call, arguments: UndoArguments) -> CallToolResult:
    wanted = arguments.restore
    if wanted is not None:
        if arguments.operation is not None or arguments.redo:
            raise UsageError(
                "bad_argument",
                "restore goes with neither operation nor redo: it names what to go back to.",
                seen=f"restore={wanted}",
                remedy="Leave operation and redo out.",
            )
        return render.change(await call.write(lambda environment: _restore(environment, wanted, arguments)))
    result = await call.write(
        lambda environment: environment.undo(
            arguments.operation,
            redo=arguments.redo,
            reason=arguments.reason,
            dry_run=arguments.dry_run,
            expected_revision=arguments.expected_revision,
            agreed=call.agreed,
        )
    )
    return render.change(result)


def _restore(environment: Environment, wanted: str, arguments: UndoArguments) -> ChangeResult:
    return environment.restore(
        wanted,
        reason=arguments.reason,
        dry_run=arguments.dry_run,
        expected_revision=arguments.expected_revision,
    )


SHOW_HISTORY = ToolSpec(
    name="show_history",
    description=("Use to see what changed, newest first: time, who, why, files, if undone; or one with its diff."),
    hints=READ,
    arguments=HistoryArguments,
    handler=_show_history,
    verbs=("history", "operation"),
)

UNDO = ToolSpec(
    name="undo",
    description="Use to take back a change, as a new operation.",
    hints=REPLACING,
    arguments=UndoArguments,
    handler=_undo,
    verbs=("undo", "restore"),
)
