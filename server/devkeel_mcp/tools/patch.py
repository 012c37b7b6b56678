"""patch_file: an exact text replacement, checked like every edit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

from devkeel_mcp.calls.arguments import WriteArguments
from devkeel_mcp.calls.spec import ToolSpec
from devkeel_mcp.tools.write import REPLACING, change

if TYPE_CHECKING:
    from mcp_types import CallToolResult

    from devkeel_mcp.calls.call import Call

__all__ = ["PATCH"]


class PatchArguments(WriteArguments):
    file: str = Field(default="devenv.nix", description="*.nix, devenv.yaml, .envrc, a manifest.")
    old: str = Field(description="Whitespace included.")
    new: str = Field(description="Its replacement.")
    occurrences: int = Field(default=1, description="How often old occurs.")
    create: bool = Field(default=False, description="Make a missing file.")
    partial: bool = Field(default=False, description="May stay broken, but less.")


async def _patch_file(call: Call, arguments: PatchArguments) -> CallToolResult:
    edit: dict[str, Any] = {
        "kind": "replace_text",
        "file": arguments.file,
        "old": arguments.old,
        "new": arguments.new,
        "occurrences": arguments.occurrences,
        "partial": arguments.partial,
    }
    return await change(call, [edit], arguments, level=arguments.level, create=arguments.create)


PATCH = ToolSpec(
    name="patch_file",
    description=(
        "Use when edit_environment refuses, or for text that is no option (comments, functions, let): "
        "replaces exact text in one file, which has to parse then."
    ),
    hints=REPLACING,
    arguments=PatchArguments,
    handler=_patch_file,
    verbs=("change",),
)
