"""add_packages: packages in, or out, of the environment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from devkeel_mcp.calls.arguments import FromJsonText, WriteArguments
from devkeel_mcp.calls.spec import ToolSpec
from devkeel_mcp.tools.write import TOGGLING, change

if TYPE_CHECKING:
    from mcp_types import CallToolResult

    from devkeel_mcp.calls.call import Call

__all__ = ["ADD_PACKAGES"]


class PackagesArguments(WriteArguments):
    names: Annotated[list[str], FromJsonText] = Field(
        min_length=1,
        description="git, python3Packages.numpy.",
    )
    remove: bool = Field(default=False, description="Remove them.")
    inside: str | None = Field(default=None, description="Inside it: python3.")


async def _add_packages(call: Call, arguments: PackagesArguments) -> CallToolResult:
    kind = "remove_packages" if arguments.remove else "add_packages"
    inside = {} if arguments.inside is None else {"inside": arguments.inside}
    return await change(call, [{"kind": kind, "names": arguments.names, **inside}], arguments, level=arguments.level)


ADD_PACKAGES = ToolSpec(
    name="add_packages",
    description=(
        "Use when a program or native library is needed in the shell, or no longer is. Services, languages: "
        "enable_service."
    ),
    hints=TOGGLING,
    arguments=PackagesArguments,
    handler=_add_packages,
    verbs=("change",),
)
