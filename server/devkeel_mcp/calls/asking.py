"""One call that a person is asked about: tried, shown by the host and on a page, and done if they agree."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

from mcp_types import CallToolResult, TextContent
from msgspec import Struct
from msgspec.structs import replace

from devkeel.errors import Conflict, DevkeelError, PolicyRefused
from devkeel.policy.actions import ACTIONS
from devkeel.policy.permission import builds
from devkeel_mcp.answers.text import fit, plain
from devkeel_mcp.calls.callers import current
from devkeel_mcp.calls.consent import (
    asks_by_result,
    can_ask,
    declined,
    elicited,
    expired,
    plan_result,
    takes_away,
    to_be_asked,
    unasked,
    waiting_result,
)
from devkeel_mcp.calls.on_page import Patience, wish

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from mcp.server.mcpserver import Context
    from mcp_types import InputRequiredResult

    from devkeel.disclosure.output import Disclosure
    from devkeel_mcp.calls.arguments import Arguments
    from devkeel_mcp.calls.call import Call, Workspace
    from devkeel_mcp.calls.offer import Offer
    from devkeel_mcp.calls.spec import ToolSpec

__all__ = ["Asking"]


class Asking(Struct, frozen=True):
    """One call, and what is needed to ask about it. parsed: its arguments. handled: does it."""

    workspace: Workspace
    offer: Offer
    spec: ToolSpec
    context: Context[Any, Any]
    call: Call
    parsed: Arguments
    arguments: dict[str, Any]
    handled: Callable[[Call, Arguments], Awaitable[CallToolResult]]

    def agreed(self) -> Asking:
        """Return the same call once a person has agreed to it."""
        return replace(self, call=replace(self.call, agreed=True))

    def on(self, revision: str) -> Asking:
        """Return the same call bound to the revision that the person saw."""
        if "expected_revision" not in type(self.parsed).model_fields:
            return self
        return replace(self, parsed=self.parsed.model_copy(update={"expected_revision": revision}))

    async def unless_needed(self) -> CallToolResult | InputRequiredResult:
        """Do it; where it turns out that a person has to agree to it, ask them."""
        try:
            return await self.handled(replace(self.call, asks=not self.call.agreed), self.parsed)
        except PolicyRefused as error:
            if error.code != "person_needed" or self.call.agreed:
                raise
            needed = error
        return await self.ask(await self._revision(), needed)

    async def ask(self, revision: str, needed: PolicyRefused | None = None) -> CallToolResult | InputRequiredResult:
        """Show what would be done, and do it when the person agrees. needed: why they are asked in any case."""
        consents = self.spec.consents or needed is not None
        message = f"{self.spec.name} with {json.dumps(self._exactly.data(self.arguments), ensure_ascii=False)}"
        shown: dict[str, Any] = {}
        whole: dict[str, Any] = {}
        # what executes is not tried first: that would be half of what is asked about
        if self._can_be_tried:
            tried, whole = await self._tried()
            shown = tried.structured_content or {}
            # What changes no file may still wait for a person, as a note says then.
            idle = not shown.get("changed", True) and not (consents and shown.get("notes"))
            if tried.is_error or idle:
                return tried
            asks = consents or self.offer.asks != "destructive"
            if not asks and not takes_away(shown) and not self._builds:
                return await self.on(revision).unless_needed()
            blocks = "\n".join(block.text for block in tried.content if isinstance(block, TextContent))
            tried_of = blocks.rpartition("\nNext: ")[0]
            message = f"{message}\n{tried_of}" if consents else tried_of
        return await self._put(revision, self._exactly.text(message), shown, whole, needed)

    async def _put(
        self,
        revision: str,
        message: str,
        shown: dict[str, Any],
        whole: dict[str, Any],
        needed: PolicyRefused | None,
    ) -> CallToolResult | InputRequiredResult:
        """Ask, by the host and on a page, which shows the whole; else answer with the plan."""
        page, plans, caller = self.workspace.page, self.workspace.plans, current()
        told = (caller, self.spec.name, self.arguments, revision)
        waits = next((plan for plan in page.open() if plans.is_of(plan, *told)), None)
        plan = waits or plans.propose(*told)
        shows = self.workspace.disclosure.exactly().data({"arguments": self.arguments, "shown": whole})
        why = None if needed is None else self._disclosure.sentence(needed.message)
        on_page = await page.put(
            plan, wish(caller, self.spec.name, revision, message, why=why, takes=self._takes, **shows)
        )
        async with self._dropping(plan):
            said = await self._said(plan, message, on_page=on_page)
            if isinstance(said, bool | None):
                return await self._settled(plan, revision, said, message, shown, needed, on_page=on_page)
        return said

    async def _said(self, plan: str, message: str, *, on_page: bool) -> bool | InputRequiredResult | None:
        """Return what the person says, None where they have not yet, or cannot be asked."""
        page, hosted = self.workspace.page, can_ask(self.context)
        if hosted and asks_by_result(self.context):
            return to_be_asked(message, plan)
        if hosted and on_page:
            return await page.beside(
                plan, self._patience(), lambda: elicited(self.context, message), await self._seconds()
            )
        if hosted:
            return await elicited(self.context, message) is True
        return await self._wait(plan) if on_page else None

    async def _settled(
        self,
        plan: str,
        revision: str,
        said: bool | None,
        message: str,
        shown: dict[str, Any],
        needed: PolicyRefused | None = None,
        *,
        on_page: bool,
    ) -> CallToolResult:
        """Do what the person agreed to, or answer why it is not done."""
        if said is None and on_page:
            return await self._still(plan, message, shown)
        if said is None and needed is not None:
            raise await self.turn_down(plan, needed)
        if said is None and self.spec.by_person is not None:
            raise await self.turn_down(plan, unasked(self.spec.name, self.spec.by_person(self.parsed)))
        if said is None:
            return plan_result(message, shown, plan)
        if not said:
            raise await self.turn_down(plan, declined())
        await self.redeem(plan, await self._revision())
        agreed = self.agreed().on(revision)
        return await agreed.handled(agreed.call, agreed.parsed)

    async def _still(self, plan: str, message: str, shown: dict[str, Any]) -> CallToolResult:
        asked = self.workspace.page.waits(plan)
        if asked is None:
            await self._drop(plan)
            raise expired()
        takes_plan = self.offer.may_ask(self.spec)
        attended = await self.workspace.page.attended()
        return waiting_result(message, fit(shown), plan if takes_plan else None, asked.until, attended=attended)

    async def waits(self, plan: str, revision: str) -> CallToolResult:
        """Wait for a person to whom a page shows this already, and do what they say."""
        plans, asked = self.workspace.plans, self.workspace.page.waits(plan)
        if asked is None or not plans.is_of(plan, current(), self.spec.name, self.arguments, revision):
            await self.redeem(plan, revision)
            raise expired()
        async with self._dropping(plan):
            said = await self._wait(plan)
            return await self._settled(plan, revision, said, asked.asked.message, asked.asked.shown, on_page=True)

    async def of_both(self, plan: str, hosted: bool | None) -> bool | None:
        """Return what the person said to the host, or before on a page; a no counts whoever heard it.

        None where they made no choice there, and a page waits.
        """
        heard = await self.workspace.page.heard(plan)
        if heard is False or hosted is False:
            return False
        if hosted is None and heard is None:
            return None if self.workspace.page.has(plan) else False
        return True

    async def redeem(self, plan: str, revision: str) -> None:
        """Use a plan up. Raises Conflict `plan_expired` or `plan_differs`, and then nothing may be done."""
        try:
            await self._require_shown(plan)
            self.workspace.plans.redeem(plan, current(), self.spec.name, self.arguments, revision)
        finally:
            await self._drop(plan)

    async def turn_down(self, plan: str, error: PolicyRefused) -> PolicyRefused:
        """Have the history and those who listen know that no person has agreed, and return why."""
        await self._drop(plan)
        given = self.parsed.model_dump()
        verbs = self.spec.verbs
        writing = next((verb for verb in verbs if "write" in ACTIONS[verb].needed(given)), verbs[0])
        with suppress(DevkeelError):
            await self.call.read(lambda environment: environment.turned_down(writing, error, given))
        return error

    async def _require_shown(self, plan: str) -> None:
        """Hold what a page showed of files that the revision is not about, such as devkeel.toml."""
        asked = self.workspace.page.waits(plan)
        diff = None if asked is None else asked.asked.shown.get("diff")
        if asked is None or diff is None:
            return
        declared = await self.call.read(lambda environment: tuple(environment.files()))
        if {*asked.asked.shown.get("files", ())} <= {*declared}:
            return
        again = self.workspace.disclosure.exactly().data((await self._tried())[1])
        if again.get("diff") != diff:
            raise Conflict(
                "plan_differs",
                "What the person was shown is not what would be done by now.",
                remedy="Call again, so that they see what it is now.",
            )

    @asynccontextmanager
    async def _dropping(self, plan: str) -> AsyncIterator[None]:
        """Ask no more on a page where the call ends before an answer: cancelled, or by an error."""
        try:
            yield
        except BaseException:
            if self.workspace.page.has(plan):
                await self._drop(plan)
            raise

    async def _drop(self, plan: str) -> None:
        self.workspace.plans.drop(plan)
        await self.workspace.page.withdraw(plan)

    async def _wait(self, plan: str) -> bool | None:
        patience = self._patience()
        patience.ends_after(await self._seconds())
        return await self.workspace.page.wait(plan, patience)

    def _patience(self) -> Patience:
        return Patience(self._revision, self.call.report)

    async def _seconds(self) -> float:
        return await self.call.read(lambda environment: environment.patience())

    async def _revision(self) -> str:
        return await self.call.read(lambda environment: environment.revision())

    @property
    def _disclosure(self) -> Disclosure:
        return self.call.disclosure or self.workspace.disclosure

    @property
    def _exactly(self) -> Disclosure:
        return self._disclosure.exactly()

    @property
    def _takes(self) -> tuple[str, ...]:
        """The permissions that the call takes."""
        given = self.parsed.model_dump()
        return tuple(sorted(frozenset[str]().union(*(ACTIONS[verb].needed(given) for verb in self.spec.verbs))))

    @property
    def _builds(self) -> bool:
        return builds(getattr(self.parsed, "level", None))

    @property
    def _can_be_tried(self) -> bool:
        return "dry_run" in type(self.parsed).model_fields and not self.spec.executes

    async def _tried(self) -> tuple[CallToolResult, dict[str, Any]]:
        """Return what it would come to: as an answer, and as data that is not cut."""
        gentle = {"dry_run": True} | ({"level": None} if self._builds else {})
        found: list[Any] = []
        still = replace(self.call, permission=self.call.permission.still(), disclosure=self._exactly, whole=found)
        tried = await self.handled(still, self.parsed.model_copy(update=gentle))
        short = tried.structured_content or {}
        # What is answered is one of those, cut to what a model reads.
        wanted = {*short} - {"cut"}
        whole = next((data for item in reversed(found) if wanted <= {*(data := _plain(item))}), short)
        return tried, whole


def _plain(item: object) -> dict[str, Any]:
    data = plain(item) if isinstance(item, Struct) else None
    return data if isinstance(data, dict) else {}
