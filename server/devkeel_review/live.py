"""What a page follows: the marks, sent when one has changed, by one watch for all pages."""

from __future__ import annotations

import json
import logging
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from devkeel.errors import DevkeelError
from devkeel_review.marks import marks
from devkeel_review.phases import follow_phases

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from devkeel_review.review import Review

__all__ = ["Live"]

logger = logging.getLogger(__name__)
# Milliseconds: for how long changes are gathered; until a look without a cause, and where something goes on.
_DEBOUNCE, _LOOK, _LIVELY = 100, 3_000, 1_000
# Seconds: between two signs of life; until a look where the system has no watch left, and a second one at a beginning.
_SILENCE, _BLIND, _SETTLE = 15.0, 1.0, 0.2
_MOST = 50


class Live:
    """The marks of a project as they are, and those who wait for the next ones.

    Nothing is stored for one who waits: each is woken, and takes the marks as they are by then.
    """

    def __init__(self, review: Review) -> None:
        self._review = review
        self._marks: dict[str, str] = {}
        self._places: tuple[Path, ...] = ()
        self._lively = False
        self._number = 0
        self._changed, self._arrived, self._stop = anyio.Event(), anyio.Event(), anyio.Event()
        self._looking = anyio.Lock()
        self._ended = self._blind = False
        self.followers = 0

    @property
    def full(self) -> bool:
        """Whether as many follow as may."""
        return self.followers >= _MOST

    async def follow(self, known: Callable[[], bool]) -> AsyncIterator[str]:
        """Yield server-sent events: the marks as they are, then each time that one has changed.

        Whoever was away compares the first with what it had. A comment now and then shows that the line still stands.
        known: whether who follows may do so still.
        """
        self.followers += 1
        self._arrived.set()
        try:
            await self.look()
            number = -1
            while not self._ended and known():
                changed = self._changed
                if number != self._number:
                    number = self._number
                    yield f"id: {number}\nevent: marks\ndata: {json.dumps(self._marks)}\n\n"
                else:
                    yield ": here\n\n"
                if number == self._number:
                    with anyio.move_on_after(_SILENCE):
                        await changed.wait()
        finally:
            self.followers -= 1

    async def look(self) -> None:
        """Read the marks, and wake those who wait where one has changed."""
        async with self._looking:
            try:
                found = await anyio.to_thread.run_sync(marks, self._review)
                versions, self._places, self._lively = found.versions, found.places, found.lively
            except DevkeelError as error:
                # What cannot be read is another thing than what could: the views say why.
                versions = {**self._marks, "declaration": error.code}
            if versions != self._marks:
                self._marks = versions
                self._number += 1
                self._wake()

    def end(self) -> None:
        """Let everybody go."""
        self._ended = True
        self._wake()
        self._arrived.set()
        self._stop.set()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = anyio.Event()

    async def watch(self) -> None:
        """Look whenever something of the project changes, and now and then without a cause, while a page follows."""
        while not self._ended:
            if not self.followers:
                self._arrived = anyio.Event()
                await self._arrived.wait()
                continue
            await self.look()
            try:
                await self._watched()
            except OSError as error:
                # inotify(7): a user has so many watches (ENOSPC) and instances (EMFILE) and no more; or a directory has
                # gone meanwhile.
                if not self._blind:
                    logger.warning("changes are looked for each second, as the system tells of none: %s", error)
                self._blind = True
                await self.look()
                with anyio.move_on_after(_BLIND):
                    await self._stop.wait()

    async def _watched(self) -> None:
        """Watch the places as they are, until they are others, or no page follows."""
        from watchfiles import awatch  # noqa: PLC0415  (14 ms, and only where a page is served)

        places, lively, stop = _identified(self._places), self._lively, anyio.Event()
        self._stop = stop
        if self._ended:
            return
        seen = awatch(
            *places,
            watch_filter=None,
            recursive=False,
            debounce=_DEBOUNCE,
            step=_DEBOUNCE // 4,
            rust_timeout=_LIVELY if lively else _LOOK,
            yield_on_timeout=True,
            stop_event=stop,
        )
        async with anyio.create_task_group() as group, aclosing(seen):
            # The thread that watches hears no cancellation: it is stopped, or the process would end seconds later.
            group.start_soon(_set_at_end, stop)
            # What happened between the look that found these places and the beginning of the watch has no event.
            group.start_soon(self._look_soon)
            group.start_soon(follow_phases, self._review, self.look)
            async for _ in seen:
                self._blind = False
                await self.look()
                if not self.followers or (places, lively) != (_identified(self._places), self._lively):
                    break
            group.cancel_scope.cancel()

    async def _look_soon(self) -> None:
        await anyio.sleep(_SETTLE)
        await self.look()


def _identified(places: tuple[Path, ...]) -> dict[Path, int]:
    """Return the directories that are there, each with its inode: one that was made anew has to be watched anew."""
    found = {}
    for place in places:
        with suppress(OSError):
            found[place] = place.lstat().st_ino
    return found


async def _set_at_end(stop: anyio.Event) -> None:
    try:
        await anyio.sleep_forever()
    finally:
        stop.set()
