"""The SDK's server with an offer: what is not offered is not listed, and answered with a reason when it is called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mcp.server import MCPServer

from devkeel.errors import UsageError
from devkeel.invalid import nearest
from devkeel_mcp.errors import error_result

if TYPE_CHECKING:
    from mcp.server.mcpserver import Context
    from mcp_types import CallToolResult, InputRequiredResult, Tool

    from devkeel_mcp.offer import Offer
    from devkeel_mcp.tool import StrictTool

__all__ = ["OfferingServer"]


class OfferingServer(MCPServer[Any]):
    """A server of strict tools; which of them are listed is fixed by its offer."""

    def __init__(self, name: str, *, strict_tools: list[StrictTool], offer: Offer, **settings: Any) -> None:  # noqa: ANN401  (the SDK's)
        super().__init__(name, tools=[*strict_tools], **settings)
        self._listed = frozenset(tool.name for tool in strict_tools if offer.lists(tool.spec))

    async def list_tools(self) -> list[Tool]:
        """Return the tools of the offer, always the same and in the same order."""
        return [tool for tool in await super().list_tools() if tool.name in self._listed]

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[Any, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        """Call a tool; an unknown name is a tool error that names the nearest ones."""
        if self._tool_manager.get_tool(name) is None:
            return error_result(
                UsageError(
                    "unknown_tool",
                    "There is no tool of this name.",
                    seen=name[:100],
                    remedy="Call one of the tools that tools/list names.",
                    alternatives=tuple(nearest(name[:100], sorted(self._listed))),
                )
            )
        return await super().call_tool(name, arguments, context)
