"""diagnose: from what a failed run printed to the edits that mend it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace
from pydantic import Field

from devkeel.deferred import Deferred
from devkeel_mcp.answers.answer import answer
from devkeel_mcp.calls.arguments import Arguments
from devkeel_mcp.calls.spec import READ, ToolSpec

if TYPE_CHECKING:
    from mcp_types import CallToolResult

    from devkeel.remedies.diagnose import DiagnosedCause, Diagnosis
    from devkeel_mcp.answers import causes
    from devkeel_mcp.calls.call import Call
    from devkeel_words import cause_lines
else:
    causes = Deferred("devkeel_mcp.answers.causes")
    cause_lines = Deferred("devkeel_words.cause_lines")

__all__ = ["DIAGNOSE"]


class DiagnoseArguments(Arguments):
    text: str | None = Field(default=None, description="What it printed.")
    job: str | None = Field(default=None, description="Or its id.")


async def _diagnose(call: Call, arguments: DiagnoseArguments) -> CallToolResult:
    found = await call.read(lambda environment: environment.diagnose(arguments.text, job=arguments.job))
    best = next(iter(cause_lines.fixes(found)), None)
    if best is not None and best.edits and not best.lacks:
        found = replace(found, next=causes.making(best.edits, best.create))
    found = _short(found)
    told = [*cause_lines.diagnosis(found, causes.making)]
    diff = best.diff.splitlines() if best is not None and best.diff else []
    tail = [f"Next: {found.next}"] if found.next else []
    return answer(found, [found.answer], [*told, *diff], tail, "Give the last part of the text alone.")


def _short(found: Diagnosis) -> Diagnosis:
    """Return a diagnosis with the diff of its first fix alone: the call that publishes another one has its own."""
    best = next(iter(cause_lines.fixes(found)), None)

    def short(cause: DiagnosedCause) -> DiagnosedCause:
        return replace(cause, fixes=tuple(fix if fix is best else replace(fix, diff=None) for fix in cause.fixes))

    return replace(found, causes=tuple(map(short, found.causes)))


DIAGNOSE = ToolSpec(
    name="diagnose",
    description="Use when a run failed: what is missing or wrong, and edits that mend it.",
    hints=READ,
    arguments=DiagnoseArguments,
    handler=_diagnose,
    verbs=("diagnose",),
)
