"""The SDK's server on one workspace: tools of its offer alone, resources, completion, updates, prompts.

What is not offered is not listed, and answered with a reason when it is called.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import anyio
from mcp.server import MCPServer
from mcp.server.lowlevel.helper_types import ReadResourceContents
from mcp.server.mcpserver.exceptions import ResourceError, ResourceNotFoundError
from mcp.server.mcpserver.tools import ToolManager
from mcp.server.subscriptions import ResourceUpdated
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INTERNAL_ERROR,
    INVALID_REQUEST,
    Completion,
    EmptyResult,
    ResourceTemplateReference,
    SubscribeRequestParams,
)

from devkeel.deferred import Deferred
from devkeel.errors import DevkeelError, PolicyRefused, UsageError
from devkeel.policy.actions import ACTIONS
from devkeel.policy.permission import EVERYTHING
from devkeel.policy.roles import LIBRARY
from devkeel_mcp.calls import callers
from devkeel_mcp.calls.call import Call, Workspace
from devkeel_mcp.resources.addresses import EVENTS
from devkeel_mcp.resources.updates import Updates

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable

    from mcp.server.connection import Connection
    from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
    from mcp.server.mcpserver import Context
    from mcp.server.subscriptions import ServerEvent
    from mcp_types import (
        CallToolResult,
        CompletionArgument,
        CompletionContext,
        GetPromptResult,
        InputRequiredResult,
        Prompt,
        PromptReference,
        Resource,
        ResourceTemplate,
        Tool,
    )
    from pydantic import AnyUrl

    from devkeel.api import Environment
    from devkeel.text import wording
    from devkeel_mcp import tools as families
    from devkeel_mcp.answers import errors
    from devkeel_mcp.calls import tool as strict
    from devkeel_mcp.calls.offer import Offer
    from devkeel_mcp.resources import prompts, resources
    from devkeel_mcp.transports import stdio
else:
    wording = Deferred("devkeel.text.wording")
    errors = Deferred("devkeel_mcp.answers.errors")
    families = Deferred("devkeel_mcp.tools")
    strict = Deferred("devkeel_mcp.calls.tool")
    prompts = Deferred("devkeel_mcp.resources.prompts")
    resources = Deferred("devkeel_mcp.resources.resources")
    stdio = Deferred("devkeel_mcp.transports.stdio")

__all__ = ["OfferingServer"]

T = TypeVar("T")
_MAX_SUBSCRIPTIONS = 1_000
# MCP, Lifecycle (2025-11-25): before the handshake is over a client sends nothing else.
_LOOKING = ("resources/", "prompts/", "completion/", "subscriptions/")
_BEFORE = frozenset({"initialize", "ping"})


class OfferingServer(MCPServer[Any]):
    """A server of strict tools; which of them are listed is fixed by its offer."""

    def __init__(self, name: str, *, workspace: Workspace, offer: Offer, **told: Any) -> None:  # noqa: ANN401  (the SDK's)
        self._library = Call(workspace, LIBRARY)  # what the server does by itself, as watching the files
        self._updates = Updates(workspace.root, lambda: self._library.run(lambda environment: environment.files()))
        workspace.bells.append(self._updates.ring)
        super().__init__(name, subscriptions=self._updates, lifespan=_watching, **told)
        self._offer = offer
        self._listed: frozenset[str] | None = None
        self._prompted = False
        self._subscribed: dict[tuple[Connection, str], Callable[[], None]] = {}
        self.completion()(self._complete)  # type: ignore[no-untyped-call]
        for method, handler in (("subscribe", self._subscribe), ("unsubscribe", self._unsubscribe)):
            self._lowlevel_server.add_request_handler(f"resources/{method}", SubscribeRequestParams, handler)
        self._lowlevel_server.middleware.append(self._judged)

    async def _judged(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        """Keep who makes a request, and let pass what looks where the caller may look; tools are judged by their own.

        Raises MCPError with the code of the refusal.
        """
        caller = callers.calling(self._offer.roles, ctx.session, ctx.request)
        if ctx.method.startswith(_LOOKING):
            try:
                may = await callers.allowed(self._library.workspace.root, caller, self._offer.bounds)
                if may is not None:
                    may.require("resources", ACTIONS["resources"].takes)
            except DevkeelError as error:
                told = self._library.workspace.disclosure.error(error)
                raise MCPError(INVALID_REQUEST, f"{told.code}: {told.message} {told.remedy}", told.as_data()) from None
        return await call_next(ctx)

    @property
    def _call(self) -> Call:
        """The call of a request that is for no tool."""
        return Call(self._library.workspace, callers.current(), permission=self._offer.bounds)

    def prepare(self) -> None:
        """Load the library in the background as soon as a message says that the handshake is over.

        That is `notifications/initialized` in the handshake era, later the first request.
        """
        preparation = self._library.workspace.preparation

        async def watching(ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
            result = await call_next(ctx)
            if ctx.method not in _BEFORE:
                preparation.begin()
            return result

        self._lowlevel_server.middleware.insert(0, watching)

    async def watch(self) -> None:
        """Send changes to subscribers, until cancelled."""
        await self._updates.watch()

    async def watch_events(self) -> None:
        """Send word of new events to those who subscribed to them, until cancelled."""
        await self._updates.watch_events()

    async def run_stdio_async(self) -> None:
        """Serve over standard input and output until the input ends."""
        async with stdio.stdio_streams() as (read_stream, write_stream):
            low = self._lowlevel_server
            await low.run(read_stream, write_stream, low.create_initialization_options())

    async def list_tools(self) -> list[Tool]:
        """Return the tools of the offer that the caller may ever call, in the same order each time."""
        listed = await self._allowed_tools()
        for tool in self._tool_manager.list_tools():
            if isinstance(tool, strict.StrictTool):
                tool.describe()
        # MCP, Tools (2026-07-28): the same order each time, so that a client can cache what its model is given.
        return [tool for tool in await super().list_tools() if tool.name in listed]

    async def _allowed_tools(self) -> frozenset[str]:
        """Return the names of the tools that are offered, and of which the caller may make some call."""
        listed = self._have_tools()
        try:
            may = await callers.allowed(self._library.workspace.root, callers.current(), self._offer.bounds)
        except PolicyRefused:  # a role that is not there allows nothing, as each call says
            return frozenset()
        if may == EVERYTHING:
            return listed
        return frozenset(
            spec.name for spec in families.TOOLS if spec.name in listed and callers.may_ever(spec.verbs, may)
        )

    def _have_tools(self) -> frozenset[str]:
        """Make the tools, unless they are made: the handshake needs none; return the names of those to list."""
        if self._listed is None:
            workspace = self._library.workspace
            tools = [strict.StrictTool.of(spec, workspace, self._offer) for spec in families.TOOLS]
            workspace.verbs.update({spec.name: spec.verbs for spec in families.TOOLS})
            self._tool_manager = ToolManager(tools=[*tools, *self._tool_manager.list_tools()])
            self._listed = frozenset(tool.name for tool in tools if self._offer.lists(tool.spec))
        return self._listed

    async def list_prompts(self) -> list[Prompt]:
        """Return the prompts."""
        self._have_prompts()
        return await super().list_prompts()

    async def get_prompt(
        self, name: str, arguments: dict[str, Any] | None = None, context: Context[Any, Any] | None = None
    ) -> GetPromptResult | InputRequiredResult:
        """Return what a prompt says."""
        self._have_prompts()
        return await super().get_prompt(name, arguments, context)

    def _have_prompts(self) -> None:
        if not self._prompted:
            self._prompted = True
            for prompt in prompts.prompts():
                self.add_prompt(prompt)

    async def list_resources(self) -> list[Resource]:
        """Return the resources that are there now."""
        told = self._library.workspace.disclosure
        found = await self._reading(resources.listed)
        return [item.model_copy(update={"name": told.line(item.name)}) for item in found]

    async def list_resource_templates(self) -> list[ResourceTemplate]:
        """Return the kinds of addresses."""
        return resources.TEMPLATES

    async def read_resource(
        self,
        uri: AnyUrl | str,
        context: Context[Any, Any] | None = None,  # noqa: ARG002  (the SDK's)
    ) -> Iterable[ReadResourceContents]:
        """Return what is at an address; an unknown one is an error, and so is what the library refuses."""
        if str(uri) == EVENTS and await self._reading(resources.tells_clients):
            return [ReadResourceContents(self._library.workspace.told.lines(), resources.LINES)]
        content = await self._reading(lambda environment: resources.read(environment, str(uri)))
        if content is None:
            # MCP, Resources: -32602 since 2026-07-28, -32002 before; the SDK chooses.
            raise ResourceNotFoundError("There is nothing at this address; resources/list has those that there are.")
        return [ReadResourceContents(content.text, content.mime_type, content.meta)]

    async def _reading(self, work: Callable[[Environment], T]) -> T:
        try:
            return await self._call.read(work)
        except DevkeelError as error:
            error = self._library.workspace.disclosure.error(error)
            raise ResourceError(f"{error.code}: {error.message} {error.remedy or ''}".strip()) from None

    async def _complete(
        self,
        reference: PromptReference | ResourceTemplateReference,
        argument: CompletionArgument,
        _: CompletionContext | None,
    ) -> Completion:
        place = reference.uri if isinstance(reference, ResourceTemplateReference) else reference.name
        try:
            found = await self._call.read(
                lambda environment: resources.complete(environment, argument.name, place, argument.value)
            )
        except DevkeelError:
            return Completion(values=[])  # nothing can be offered where nothing can be read
        told = self._library.workspace.disclosure
        return found.model_copy(update={"values": [told.line(value) for value in found.values]})

    async def _subscribe(self, context: ServerRequestContext[Any, Any], params: SubscribeRequestParams) -> EmptyResult:
        """Serve `resources/subscribe`, of the handshake era; the later one listens on a stream of its own."""
        await self._unsubscribe(context, params)
        if len(self._subscribed) >= _MAX_SUBSCRIPTIONS:
            raise MCPError(INTERNAL_ERROR, "Too many subscriptions.")
        session, uri, key = context.session, params.uri, _key(context, params)

        def deliver(event: ServerEvent) -> None:
            if isinstance(event, ResourceUpdated) and event.uri == uri:
                self._updates.later(lambda: session.send_resource_updated(uri))

        self._subscribed[key] = self._updates.subscribe(deliver)
        key[0].exit_stack.callback(self._forget, key)
        return EmptyResult()

    async def _unsubscribe(
        self, context: ServerRequestContext[Any, Any], params: SubscribeRequestParams
    ) -> EmptyResult:
        self._forget(_key(context, params))
        return EmptyResult()

    def _forget(self, key: tuple[Connection, str]) -> None:
        self._subscribed.pop(key, lambda: None)()

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[Any, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        """Call a tool; an unknown name is a tool error that names the nearest ones."""
        listed = self._have_tools()
        if self._tool_manager.get_tool(name) is None:
            return errors.error_result(
                UsageError(
                    "unknown_tool",
                    "There is no tool of this name.",
                    seen=name[:100],
                    remedy="Call one of the tools that tools/list names.",
                    alternatives=tuple(wording.nearest(name[:100], sorted(listed))),
                ),
                self._library.workspace.disclosure,
            )
        return await super().call_tool(name, arguments, context)


def _key(context: ServerRequestContext[Any, Any], params: SubscribeRequestParams) -> tuple[Connection, str]:
    # A session is made for each request; the connection is the client.
    return context.session._connection, params.uri  # noqa: SLF001


@asynccontextmanager
async def _watching(server: MCPServer[Any]) -> AsyncIterator[None]:
    async with anyio.create_task_group() as group:
        if isinstance(server, OfferingServer):
            group.start_soon(server.watch)
            group.start_soon(server.watch_events)
        yield
        group.cancel_scope.cancel()
