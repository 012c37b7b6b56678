"""Updates: events for subscribers when a file of the environment changed, by devkeel's edits or by a human's."""

from __future__ import annotations

import logging
from contextlib import aclosing
from typing import TYPE_CHECKING

import anyio
import anyio.from_thread
import anyio.lowlevel
import anyio.to_thread
from mcp.server.subscriptions import InMemorySubscriptionBus, ResourcesListChanged, ResourceUpdated

from devkeel.errors import DevkeelError
from devkeel_mcp.resources.addresses import ENVIRONMENT, EVENTS, HISTORY, file_uri

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from anyio.lowlevel import EventLoopToken
    from mcp.server.subscriptions import ServerEvent

__all__ = ["Updates", "events_between"]

logger = logging.getLogger(__name__)
_MILLISECONDS = 200
_LOOK = 3_000


def events_between(before: dict[str, bytes], after: dict[str, bytes]) -> list[ServerEvent]:
    """Return the events for when the files were one thing and are another."""
    changed = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    if not changed:
        return []
    told: list[ServerEvent] = [ResourceUpdated(uri=uri) for uri in (ENVIRONMENT, HISTORY, *map(file_uri, changed))]
    return [*told, *([ResourcesListChanged()] if before.keys() != after.keys() else [])]


class Updates(InMemorySubscriptionBus):
    """The subscribers, and the watch that begins with the first of them.

    root: the project. files: reads the files of its declaration.
    """

    def __init__(self, root: Path, files: Callable[[], dict[str, bytes]]) -> None:
        super().__init__()
        self._root = root
        self._files = files
        self._wanted = anyio.Event()
        self._sends: list[Callable[[], Awaitable[None]]] = []
        self._loop: EventLoopToken | None = None
        self._more = anyio.Event()

    def subscribe(self, listener: Callable[[ServerEvent], None]) -> Callable[[], None]:
        """Register a listener; returns what takes it away again."""
        self._wanted.set()
        return super().subscribe(listener)

    def later(self, send: Callable[[], Awaitable[None]]) -> None:
        """Send something after the events of this moment; listeners themselves must not wait."""
        self._sends.append(send)

    async def _tell(self, events: list[ServerEvent]) -> None:
        for event in events:
            await self.publish(event)
        sends, self._sends = self._sends, []
        for send in sends:
            try:
                await send()
            except Exception:
                logger.info("a subscriber has gone", exc_info=True)

    def ring(self) -> None:
        """Learn, in any thread, that there are more events."""
        if self._loop is not None:
            anyio.from_thread.run_sync(self._heard, token=self._loop)

    def _heard(self) -> None:
        self._more.set()

    async def watch_events(self) -> None:
        """Send word of new events to those who subscribed to them, until cancelled: one for many that come together."""
        self._loop = anyio.lowlevel.current_token()
        while True:
            await self._more.wait()
            self._more = anyio.Event()
            await self._tell([ResourceUpdated(uri=EVENTS)])
            await anyio.sleep(_MILLISECONDS / 1_000)

    async def watch(self) -> None:
        """Publish events until cancelled; nothing is watched before a client has subscribed."""
        await self._wanted.wait()
        stop = anyio.Event()
        async with anyio.create_task_group() as group:
            # The watching thread is deaf to cancellation: without this the process would end seconds after its input.
            group.start_soon(_set_at_end, stop)
            try:
                await self._watch(stop)
            except OSError as error:  # the system has no watch left: everything else goes on
                logger.warning("subscribers are not told of changes: %s", error)
            group.cancel_scope.cancel()

    async def _watch(self, stop: anyio.Event) -> None:
        from watchfiles import awatch  # noqa: PLC0415  (14 ms, and only where a client subscribes)

        known = await self._read()
        while True:
            places = sorted({(self._root / name).parent for name in known} | {self._root})
            places = [place for place in places if place.is_dir()]
            if not places:
                return  # the project has gone
            # Looks now and then without a cause: a change before the watch began, or one that the file system does
            # not tell of, is found that way.
            seen = awatch(
                *places,
                recursive=False,
                debounce=_MILLISECONDS,
                step=_MILLISECONDS // 4,
                rust_timeout=_LOOK,
                yield_on_timeout=True,
                stop_event=stop,
            )
            async with aclosing(seen):
                async for _ in seen:
                    now = await self._read()
                    await self._tell(events_between(known, now))
                    known, moved = now, known.keys() != now.keys()
                    if moved:
                        break  # a new import may be in another directory

    async def _read(self) -> dict[str, bytes]:
        try:
            return await anyio.to_thread.run_sync(self._files)
        except DevkeelError as error:
            logger.info("the files cannot be read: %s", error)
            return {}


async def _set_at_end(stop: anyio.Event) -> None:
    try:
        await anyio.sleep_forever()
    finally:
        stop.set()
