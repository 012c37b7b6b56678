"""detect_environment: what the repository's files say that it needs, as edits with their reasons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from devkeel.deferred import Deferred
from devkeel_mcp.answers.answer import answer
from devkeel_mcp.calls.arguments import Arguments
from devkeel_mcp.calls.spec import READ, ToolSpec

if TYPE_CHECKING:
    from mcp_types import CallToolResult

    from devkeel_mcp.calls.call import Call
    from devkeel_words import detection_lines
else:
    detection_lines = Deferred("devkeel_words.detection_lines")

__all__ = ["DETECT"]


class DetectArguments(Arguments):
    unused: bool = Field(False, description="Show instead which packages nothing uses and which programs are missing.")


async def _detect(call: Call, arguments: DetectArguments) -> CallToolResult:
    if arguments.unused:
        uses = await call.read(lambda environment: environment.usage())
        head, tail = [detection_lines.usage_headline(uses)], [*detection_lines.usage_remarks(uses)]
        return answer(uses, head, [*detection_lines.usage(uses)], tail, "The structured content has them with edits.")
    found = await call.read(lambda environment: environment.detect())
    body = [*detection_lines.proposal(found)]
    diff = found.change.diff.splitlines() if found.change is not None else []
    head, tail = [detection_lines.headline(found)], [*detection_lines.remarks(found), f"Next: {found.next}"]
    return answer(found, head, [*body, *diff], tail, "The structured content has the edits, each below `edit`.")


DETECT = ToolSpec(
    name="detect_environment",
    description=(
        "Use where little is declared: reads manifests, locks, Dockerfiles, compose, CI and version files, and "
        "proposes edits, each with file and line, for edit_environment with create=true. Writes nothing."
    ),
    hints=READ,
    toolset="project",
    arguments=DetectArguments,
    handler=_detect,
    verbs=("detect", "usage"),
)
