"""search_catalogue: what may be written into the environment files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from devkeel_mcp.answers import render
from devkeel_mcp.calls.arguments import Arguments
from devkeel_mcp.calls.spec import READ, ToolSpec

if TYPE_CHECKING:
    from mcp_types import CallToolResult

    from devkeel_mcp.calls.call import Call

__all__ = ["SEARCH", "Kind"]

Kind = Literal["package", "option", "service", "language", "file"]


class SearchArguments(Arguments):
    query: str = Field(description="rg, postgres, services.redis.port")
    kind: Kind | None = Field(default=None, description="Only these.")
    cursor: str | None = Field(default=None, description="next_cursor")


async def _search(call: Call, arguments: SearchArguments) -> CallToolResult:
    result = await call.read(
        lambda environment: environment.search(arguments.query, kind=arguments.kind or "all", cursor=arguments.cursor)
    )
    return render.search(result)


SEARCH = ToolSpec(
    name="search_catalogue",
    description=(
        "Use to find the name to write, or what has a program, header, library, .pc. An option path gives type, value."
    ),
    hints=READ,
    arguments=SearchArguments,
    handler=_search,
    verbs=("search",),
)
