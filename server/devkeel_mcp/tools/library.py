"""add_library: libraries of a language in, or out, of the project's own manifest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from mcp_types import ToolAnnotations
from pydantic import Field

from devkeel_mcp.arguments import Arguments, FromJsonText, WriteArguments
from devkeel_mcp.tool import ToolSpec
from devkeel_mcp.tools.write import change

if TYPE_CHECKING:
    from mcp_types import CallToolResult

    from devkeel_mcp.call import Call

__all__ = ["ADD_LIBRARY"]


class LibraryArguments(Arguments):
    # The rarer arguments (group, file, dry_run, remove) are those of edit_environment: the list of tools stays short.
    language: str = Field(description="python, go")
    names: Annotated[list[str], FromJsonText] = Field(description="numpy>2")


async def _add_library(call: Call, arguments: LibraryArguments) -> CallToolResult:
    given = {"kind": "add_library", "language": arguments.language, "names": arguments.names}
    return await change(call, [given], WriteArguments())


ADD_LIBRARY = ToolSpec(
    name="add_library",
    description="Use to add libraries (manifest, lock).",
    hints=ToolAnnotations(read_only_hint=False, destructive_hint=True, idempotent_hint=True, open_world_hint=True),
    arguments=LibraryArguments,
    handler=_add_library,
)
