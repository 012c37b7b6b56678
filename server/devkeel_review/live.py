"""What a page follows: the marks, sent when one has changed, by one watch for all pages."""

from __future__ import annotations

import json
from contextlib import aclosing
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from devkeel_review.marks import marks

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from devkeel_review.review import Review

__all__ = ["Live"]

_DEBOUNCE = 100
_LOOK = 3_000
_SILENCE = 15.0


class Live:
    """The marks of a project as they are, and those who wait for the next ones."""

    def __init__(self, review: Review) -> None:
        self._review = review
        self._marks: dict[str, str] = {}
        self._number = 0
        self._changed = anyio.Event()
        self._ended = False

    async def follow(self) -> AsyncIterator[str]:
        """Yield server-sent events: the marks as they are, then each time that one has changed.

        Whoever was away compares the first with what it had. A comment now and then shows that the line still stands.
        """
        number = -1
        while not self._ended:
            if number != self._number:
                number = self._number
                yield f"id: {number}\nevent: marks\ndata: {json.dumps(self._marks)}\n\n"
            else:
                yield ": here\n\n"
            changed = self._changed
            if number == self._number:
                with anyio.move_on_after(_SILENCE):
                    await changed.wait()

    async def look(self) -> None:
        """Read the marks, and wake those who wait where one has changed."""
        found = await anyio.to_thread.run_sync(marks, self._review)
        if found != self._marks:
            self._marks = found
            self._number += 1
            self._wake()

    def end(self) -> None:
        """Let everybody go."""
        self._ended = True
        self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = anyio.Event()

    async def watch(self) -> None:
        """Look whenever a file of the project changes, and now and then without a cause, until cancelled."""
        from watchfiles import awatch  # noqa: PLC0415  (14 ms, and only where a page is served)

        stop = anyio.Event()
        await self.look()
        try:
            while True:
                root, state = self._review.root, self._review.root / ".devkeel"
                places = [root, *([state] if state.is_dir() else [])]
                seen = awatch(
                    *places,
                    recursive=False,
                    debounce=_DEBOUNCE,
                    step=_DEBOUNCE // 4,
                    rust_timeout=_LOOK,
                    yield_on_timeout=True,
                    stop_event=stop,
                )
                async with aclosing(seen):
                    async for _ in seen:
                        await self.look()
                        if state.is_dir() != (state in places):
                            break
        finally:
            stop.set()
