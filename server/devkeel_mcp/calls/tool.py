"""A tool of the SDK whose arguments are judged strictly and whose failures are all structured."""

from __future__ import annotations

import logging
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

from mcp.server.mcpserver.tools import Tool
from mcp.server.mcpserver.utilities.func_metadata import FuncMetadata
from pydantic import PrivateAttr

from devkeel.errors import DevkeelError, PolicyRefused
from devkeel.policy.actions import ACTIONS
from devkeel_mcp.answers.errors import error_result, internal_error, note_first
from devkeel_mcp.calls.arguments import Arguments, parse_arguments
from devkeel_mcp.calls.asking import Asking
from devkeel_mcp.calls.call import Call, Workspace
from devkeel_mcp.calls.callers import allowed, current, may_ever
from devkeel_mcp.calls.consent import CONFIRM, CONFIRM_SCHEMA, answer_of, declined
from devkeel_mcp.calls.schema import input_schema
from devkeel_words.policy_lines import without_settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from mcp.server.mcpserver import Context
    from mcp_types import CallToolResult, InputRequiredResult

    from devkeel.disclosure.output import Disclosure
    from devkeel_mcp.calls.offer import Offer
    from devkeel_mcp.calls.spec import ToolSpec

__all__ = ["StrictTool"]

logger = logging.getLogger(__name__)


class StrictTool(Tool):
    """A tool that answers every failure with a tool error, so that the model sees it."""

    _workspace: Workspace = PrivateAttr()
    _spec: ToolSpec = PrivateAttr()
    _offer: Offer = PrivateAttr()

    @classmethod
    def of(cls, spec: ToolSpec, workspace: Workspace, offer: Offer) -> StrictTool:
        """Return the tool for one project, held to an offer."""
        tool = cls(
            fn=spec.handler,
            name=spec.name,
            title=None,
            description=spec.description,
            parameters={},
            fn_metadata=FuncMetadata(arg_model=spec.arguments),
            is_async=True,
            context_kwarg=None,
            annotations=spec.hints,
        )
        tool._workspace = workspace
        tool._spec = spec
        tool._offer = offer
        return tool

    def describe(self) -> None:
        """Make the schema of the arguments, unless it is made: the first list needs it, the handshake does not."""
        if not self.parameters:
            self.parameters = _schema(self._spec, self._offer)

    @property
    def spec(self) -> ToolSpec:
        """What the tool is."""
        return self._spec

    async def run(
        self,
        arguments: dict[str, Any],
        context: Context[Any, Any],
        convert_result: bool = False,  # noqa: ARG002  # results are final already
    ) -> CallToolResult | InputRequiredResult:
        """Validate, call the handler, and turn whatever is raised into a structured tool error.

        The SDK's own way through `fn_metadata` is not taken: it ignores unknown arguments and reads strings
        that look like JSON as data.
        """
        disclosure = self._workspace.disclosure.without(arguments)
        try:
            async with self._refusing():
                self._offer.require(self._spec)
                await self._require()
            return await self._called(dict(arguments), context, disclosure)
        except DevkeelError as error:
            return error_result(error, disclosure)
        # MCP, Tools, "Error Handling": a model can mend what is in a result; a protocol error may never be shown to it.
        except Exception as error:
            logger.exception("the tool %s failed unexpectedly", self.name)
            return error_result(internal_error(self.name, error), disclosure)

    @asynccontextmanager
    async def _refusing(self) -> AsyncIterator[None]:
        """Emit an event where a call is refused before the library has it, which emits its own."""
        try:
            yield
        except PolicyRefused as error:
            action, code = self.name, error.code
            with suppress(DevkeelError):
                await Call(self._workspace, current()).read(
                    lambda environment: environment.context.tell("denied", action=action, code=code)
                )
            raise

    async def _require(self) -> None:
        """Raise PolicyRefused unless the caller may make some call of the tool, whatever its arguments are."""
        may = await allowed(self._workspace.root, current(), self._offer.bounds)
        if may is not None and not may_ever(self._spec.verbs, may):
            may.require(self._spec.verbs[0], ACTIONS[self._spec.verbs[0]].least)

    async def _require_all(self, parsed: Arguments) -> None:
        """Raise PolicyRefused unless what the person would be asked about may be done then."""
        may = await allowed(self._workspace.root, current(), self._offer.bounds)
        needed = [ACTIONS[verb].needed(parsed.model_dump()) for verb in self._spec.verbs]
        if may is not None and all(may.lacks(item) for item in needed):
            may.require(self._spec.verbs[0], needed[0])

    async def _called(
        self, arguments: dict[str, Any], context: Context[Any, Any], disclosure: Disclosure
    ) -> CallToolResult | InputRequiredResult:
        plan = arguments.pop(CONFIRM, None) if self._offer.may_ask(self._spec) else None
        parsed = parse_arguments(self.name, self._spec.arguments, arguments)
        async with self._refusing():
            self._offer.require(self._spec, getattr(parsed, "level", None))

        last = -1.0

        async def report(progress: float, message: str) -> None:
            nonlocal last
            # MCP, Progress: the number grows with each notification, also where a job begins after a person was asked.
            last = max(progress, last + 1)
            await context.report_progress(last, message=disclosure.sentence(message))

        asked = self._offer.asks_before(self._spec, parsed)
        permission = self._offer.permission(self._spec, asked=asked)
        call = Call(self._workspace, current(), report, permission=permission, disclosure=disclosure)
        answered = answer_of(context)
        asking = Asking(self._workspace, self._offer, self._spec, context, call, parsed, arguments, self._handled)
        if not asked and answered is None:
            return await asking.unless_needed()
        async with self._refusing():
            await self._require_all(parsed)
        revision = await call.read(lambda environment: environment.revision())
        if answered is not None:
            plan, agreed = answered
            said = await asking.of_both(plan, agreed)
            if said is None:
                return await asking.waits(plan, revision)
            if not said:
                raise await asking.turn_down(plan, declined())
            asking = asking.agreed()
        if plan is None:
            return await asking.ask(revision)
        if answered is None and self._workspace.page.has(str(plan)):
            return await asking.waits(str(plan), revision)
        await asking.redeem(str(plan), revision)
        if answered is None and await self._workspace.page.attended():
            return await asking.ask(revision)  # a page was opened since: the person is at it
        return await asking.on(revision).unless_needed()

    async def _handled(self, call: Call, parsed: Arguments) -> CallToolResult:
        result: CallToolResult = await self.fn(call, parsed)
        for error in call.unread:
            note_first(result, without_settings(error), call.disclosure or self._workspace.disclosure)
        return result


def _schema(spec: ToolSpec, offer: Offer) -> dict[str, Any]:
    schema = input_schema(spec.arguments)
    if offer.may_ask(spec):
        schema["properties"][CONFIRM] = CONFIRM_SCHEMA
    return schema
