"""add_library: libraries of a language in, or out, of the project's own manifest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from mcp_types import ToolAnnotations
from pydantic import Field, WithJsonSchema

from devkeel_mcp.calls.arguments import FromJsonText, Level, OperationArguments
from devkeel_mcp.calls.spec import ToolSpec
from devkeel_mcp.tools.write import change

if TYPE_CHECKING:
    from mcp_types import CallToolResult

    from devkeel_mcp.calls.call import Call

__all__ = ["ADD_LIBRARY"]


class LibraryArguments(OperationArguments):
    # The rarer arguments (group, file) are those of edit_environment: the list of tools stays short.
    language: str = Field(description="python, javascript, rust, go, ruby.")
    names: Annotated[list[str], FromJsonText] = Field(description="With versions: numpy>=2.")
    remove: bool = Field(default=False, description="Remove them.")
    create: bool = Field(default=False, description="Begin it.")
    # Its values are those of the other tools, whose schemas list them.
    level: Annotated[Level | None, WithJsonSchema({"type": "string"})] = Field(
        default=None, description="schema: unresolved."
    )


async def _add_library(call: Call, arguments: LibraryArguments) -> CallToolResult:
    kind = "remove_library" if arguments.remove else "add_library"
    edit = {"kind": kind, "language": arguments.language, "names": arguments.names}
    return await change(call, [edit], arguments, level=arguments.level, create=arguments.create)


ADD_LIBRARY = ToolSpec(
    name="add_library",
    description="Use when code needs a library: adds it to its manifest and lock, resolved first.",
    hints=ToolAnnotations(read_only_hint=False, destructive_hint=True, idempotent_hint=True, open_world_hint=True),
    arguments=LibraryArguments,
    handler=_add_library,
    verbs=("change",),
)
