"""A person at a page of this user: asked there beside the host, or in its place, and heard by the call that waits.

What was put to a page is settled there, or by the person whom the host asks; that a model repeats its plan is no
consent then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_thread
from msgspec import Struct, field

from devkeel.deferred import Deferred
from devkeel.errors import Conflict

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from devkeel.project import root as project_root
    from devkeel.proposals import asker as asking
    from devkeel.proposals import proposal as proposals
    from devkeel.proposals.asker import Asker
    from devkeel.proposals.proposal import OpenProposal, Wish
    from devkeel_mcp.calls.consent import Plans
else:
    project_root = Deferred("devkeel.project.root")
    asking = Deferred("devkeel.proposals.asker")
    proposals = Deferred("devkeel.proposals.proposal")

__all__ = ["OnPage", "Patience", "wish"]

# So many of one server wait at once, and no more: a person reads each. The oldest gives way.
_MOST = 20
_LOOK = 0.25
# Looks between two of the files, and between two words to a host, which gives up on a call that is silent.
_FILES, _SPEAK = 8, 16
_TOLD = "Waiting for a person, who is asked on the page."


class Patience(Struct):
    """How a call waits. until: on the clock of the event loop; for ever where the host asks too.

    revision: reads that of the files. report: says to the host that it still waits.
    """

    revision: Callable[[], Awaitable[str]]
    report: Callable[[float, str], Awaitable[None]] | None
    until: float = float("inf")

    def ends_after(self, seconds: float) -> None:
        """Wait so long from now on."""
        self.until = anyio.current_time() + seconds


class OnPage(Struct, frozen=True, dict=True):
    """What this server has put to a page, by the hash of its plan. plans: all that it has proposed."""

    root: Path
    plans: Plans
    _put: dict[str, OpenProposal] = field(default_factory=dict)
    _askers: list[Asker] = field(default_factory=list)

    async def put(self, plan: str, asked: Wish) -> bool:
        """Put a plan to a page; return whether one is open. Raises StateError, Busy where it cannot be put there."""
        return plan in self._put or await anyio.to_thread.run_sync(self._try, plan, asked)

    def _try(self, plan: str, asked: Wish) -> bool:
        asker = self._asker()
        if not asker.attended():
            return False
        for old in [item for item in self._put if not self.plans.has(item)]:
            self._withdraw(old)
        for old in [*self._put][: max(0, len(self._put) - _MOST + 1)]:
            self.plans.drop(old)
            self._withdraw(old)
        self._put[plan] = asker.propose(asked)
        return True

    def _asker(self) -> Asker:
        if not self._askers:
            self._askers.append(asking.Asker(self.root, project_root.Project(self.root).state))
        return self._askers[0]

    async def attended(self) -> bool:
        """Return whether a page is open."""
        return await anyio.to_thread.run_sync(self._asker().attended)

    def has(self, plan: str) -> bool:
        """Return whether a plan is one for a person at a page."""
        return plan in self._put

    def waits(self, plan: str) -> OpenProposal | None:
        """Return what a page shows for a plan; None where nothing that is said to it would be heard."""
        found = self._put.get(plan)
        return found if found is not None and self._asker().asks(found) else None

    def open(self) -> tuple[str, ...]:
        """Return the plans that wait there."""
        return tuple(self._put)

    async def heard(self, plan: str) -> bool | None:
        """Return what was said on a page so far; None for nothing."""
        found = self._put.get(plan)
        if found is None:
            return None
        reply = await anyio.to_thread.run_sync(self._asker().heard, found)
        return None if reply is None else reply.agrees

    async def withdraw(self, plan: str) -> None:
        """Ask no more, also where the call that asked is cancelled."""
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(self._withdraw, plan)

    def _withdraw(self, plan: str) -> None:
        found = self._put.pop(plan, None)
        if found is not None:
            self._asker().withdraw(found)

    def close(self) -> None:
        """Take back all that waits, for a server that ends."""
        self._put.clear()
        for asker in self._askers:
            asker.close()

    async def wait(self, plan: str, patience: Patience) -> bool | None:
        """Wait for what is said on a page; None where nothing was when the patience ended, or can be any more.

        Raises Conflict `plan_differs` where the files change meanwhile.
        """
        found, step = self._put.get(plan), 0
        while found is not None and found is self._put.get(plan):
            asks, said = await anyio.to_thread.run_sync(self._look, found)
            if said is not None or not asks:
                return said
            if anyio.current_time() >= patience.until:
                return None
            if step % _FILES == _FILES - 1:
                await self._require_same(patience, found)
            if step % _SPEAK == 0 and patience.report is not None:
                # MCP, Progress: the number grows with each notification.
                await patience.report(step, _TOLD)
            step += 1
            await anyio.sleep(_LOOK)
        return None

    def _look(self, found: OpenProposal) -> tuple[bool, bool | None]:
        """Return whether it is asked still, and what was said."""
        asker = self._asker()
        reply = asker.heard(found)
        return asker.asks(found), None if reply is None else reply.agrees

    async def _require_same(self, patience: Patience, found: OpenProposal) -> None:
        if await patience.revision() != found.asked.revision:
            raise Conflict(
                "plan_differs",
                "The files have changed while a person was asked on the page.",
                remedy="Look at them again, and call again for what they are now.",
            )

    async def beside(
        self, plan: str, patience: Patience, host: Callable[[], Awaitable[bool | None]], seconds: float
    ) -> bool | None:
        """Ask by the host and on the page at once: the first who says yes or no counts.

        seconds: how long the page is waited for once the host has nothing more to say. Raises as `wait` and `host`.
        """
        said: list[bool] = []
        failed: list[Exception] = []
        async with anyio.create_task_group() as group:

            async def hear(asking: Callable[[], Awaitable[bool | None]]) -> None:
                try:
                    found = await asking()
                except Exception as error:  # noqa: BLE001  (raised below, out of the group, as it is)
                    failed.append(error)
                    group.cancel_scope.cancel()
                    return
                if found is not None:
                    said.append(found)
                    group.cancel_scope.cancel()

            async def by_host() -> bool | None:
                found = await host()
                patience.ends_after(seconds)
                return found

            group.start_soon(hear, by_host)
            group.start_soon(hear, lambda: self.wait(plan, patience))
        if said:
            return said[0]
        if failed:
            raise failed[0]
        return None


def wish(caller: Any, tool: str, revision: str, message: str, **more: Any) -> Wish:  # noqa: ANN401  (a Caller)
    """Return what a page shows. more: arguments, shown, why; all of it as it may be shown."""
    shown = proposals.shown_of(more.pop("shown"))
    roles = tuple(role.name for role in caller.roles)
    return proposals.Wish(caller.client or caller.kind, "server", tool, revision, message, roles, shown=shown, **more)
