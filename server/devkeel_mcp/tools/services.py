"""enable_service: a service or a language, on or off, with its settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, JsonValue

from devkeel_mcp.calls.arguments import FromJsonText, WriteArguments
from devkeel_mcp.calls.spec import ToolSpec
from devkeel_mcp.tools.write import TOGGLING, change

if TYPE_CHECKING:
    from mcp_types import CallToolResult

    from devkeel_mcp.calls.call import Call

__all__ = ["ENABLE_SERVICE"]


class ServiceArguments(WriteArguments):
    name: str = Field(description="redis, python, or a path: services.redis.")
    settings: Annotated[dict[str, JsonValue] | None, FromJsonText] = Field(
        default=None,
        description='Typed: {"port": 6380}.',
    )
    disable: bool = Field(default=False, description="Its settings stay.")


async def _enable_service(call: Call, arguments: ServiceArguments) -> CallToolResult:
    edit: dict[str, Any] = {"kind": "disable" if arguments.disable else "enable", "name": arguments.name}
    if arguments.settings:
        edit["settings"] = arguments.settings
    return await change(call, [edit], arguments, level=arguments.level)


ENABLE_SERVICE = ToolSpec(
    name="enable_service",
    description=(
        "Use for a database, queue or other service, or a language: enables it with settings, or disables it. "
        "Starts nothing."
    ),
    hints=TOGGLING,
    arguments=ServiceArguments,
    handler=_enable_service,
    verbs=("change",),
)
