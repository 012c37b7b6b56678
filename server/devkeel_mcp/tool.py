"""A tool of the SDK whose arguments are judged strictly and whose failures are all structured."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mcp.server.mcpserver.tools import Tool
from mcp.server.mcpserver.utilities.func_metadata import FuncMetadata
from mcp_types import ToolAnnotations
from pydantic import PrivateAttr

from devkeel.display import one_line
from devkeel.errors import DevkeelError
from devkeel_mcp.arguments import Arguments, parse_arguments
from devkeel_mcp.call import Call, Workspace, actor_of
from devkeel_mcp.errors import error_result, internal_error
from devkeel_mcp.schema import input_schema

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mcp.server.mcpserver import Context
    from mcp_types import CallToolResult

__all__ = ["READ", "StrictTool", "ToolSpec"]

logger = logging.getLogger(__name__)

READ = ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False)


@dataclass(frozen=True)
class ToolSpec:
    """A tool before it is bound to a project; `handler` takes the call and an instance of `arguments`."""

    name: str
    description: str
    hints: ToolAnnotations
    arguments: type[Arguments]
    handler: Callable[[Call, Any], Awaitable[CallToolResult]]


class StrictTool(Tool):
    """A tool that answers every failure with a tool error, so that the model sees it."""

    _workspace: Workspace = PrivateAttr()

    @classmethod
    def of(cls, spec: ToolSpec, workspace: Workspace) -> StrictTool:
        """Return the tool for one project."""
        tool = cls(
            fn=spec.handler,
            name=spec.name,
            title=None,
            description=spec.description,
            parameters=input_schema(spec.arguments),
            fn_metadata=FuncMetadata(arg_model=spec.arguments),
            is_async=True,
            context_kwarg=None,
            annotations=spec.hints,
        )
        tool._workspace = workspace
        return tool

    async def run(
        self,
        arguments: dict[str, Any],
        context: Context[Any, Any],
        convert_result: bool = False,  # noqa: ARG002  # results are final already
    ) -> CallToolResult:
        """Validate, call the handler, and turn whatever is raised into a structured tool error.

        The SDK's own way through `fn_metadata` is not taken: it ignores unknown arguments and reads strings
        that look like JSON as data.
        """
        try:
            parsed = parse_arguments(self.name, self.fn_metadata.arg_model, arguments)

            async def report(progress: float, message: str) -> None:
                await context.report_progress(progress, message=one_line(message))

            call = Call(self._workspace, actor_of(context), report)
            result: CallToolResult = await self.fn(call, parsed)
        except DevkeelError as error:
            return error_result(error)
        except Exception:
            logger.exception("the tool %s failed unexpectedly", self.name)
            return error_result(internal_error(self.name))
        return result
