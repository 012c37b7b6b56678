"""report and verify_history: what happened in a period, and whether the record of it is whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from devkeel.deferred import Deferred
from devkeel_mcp.answers.answer import answer
from devkeel_mcp.calls.arguments import Arguments
from devkeel_mcp.calls.spec import READ, ToolSpec
from devkeel_words import lines

if TYPE_CHECKING:
    from mcp_types import CallToolResult

    from devkeel_mcp.calls.call import Call
    from devkeel_words import report_lines
else:
    report_lines = Deferred("devkeel_words.report_lines")

__all__ = ["REPORT", "VERIFY_HISTORY"]

_HEAD = 8


class PeriodArguments(Arguments):
    since: str | None = Field(default=None, description="7d (the default), yesterday or a date; UTC.")
    until: str | None = Field(default=None, description="Before then. Default: now.")
    by: str | None = Field(default=None, description="A client, role or person, or `not by devkeel`.")
    about: str | None = Field(default=None, description="An option, package, library, input or file.")


class VerifyArguments(Arguments):
    head: str | None = Field(default=None, description="A hash that was kept elsewhere.")


async def _report(call: Call, arguments: PeriodArguments) -> CallToolResult:
    found = await call.read(
        lambda environment: environment.report(
            since=arguments.since, until=arguments.until, by=arguments.by, about=arguments.about
        )
    )
    told = list(report_lines.as_text(found))
    return answer(found, told[:_HEAD], told[_HEAD:], (), "Ask for a shorter period, or about one thing.")


async def _verify(call: Call, arguments: VerifyArguments) -> CallToolResult:
    found = await call.read(lambda environment: environment.verify_history(arguments.head))
    faults = [f"{item.code}: {item.message}" for item in found.faults]
    return answer(found, [], faults, lines.verified(found), "")


REPORT = ToolSpec(
    name="report",
    description=(
        "Use to see what changed in a period, by whom and why, what was refused and undone, how long checks took, "
        "and whether the history is whole."
    ),
    hints=READ,
    toolset="policy",
    arguments=PeriodArguments,
    handler=_report,
    verbs=("report",),
)
VERIFY_HISTORY = ToolSpec(
    name="verify_history",
    description="Use to see whether the history is as devkeel wrote it, and goes on from a head that was kept.",
    hints=READ,
    toolset="policy",
    arguments=VerifyArguments,
    handler=_verify,
    verbs=("verify_history",),
)
