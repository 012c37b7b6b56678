"""Whether a person has the page open who may answer, said to those who ask one: a mark that other processes see."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread
from starlette.responses import StreamingResponse

from devkeel.errors import DevkeelError
from devkeel.proposals.presence import attending

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import Receive, Scope, Send

    from devkeel_review.review import Review

__all__ = ["Attendance", "Followed"]

logger = logging.getLogger(__name__)
# A page that is read anew, or a line that breaks, is back within this; seconds.
_BACK = 10.0


class Attendance:
    """How many pages follow; from the first to some seconds after the last a person is there."""

    def __init__(self, review: Review, back: float = _BACK) -> None:
        self._review = review
        self._back = back
        self._here = 0
        self._changed = anyio.Event()

    def comes(self) -> None:
        """Count a page that begins to follow."""
        self._here += 1
        self._wake()

    def goes(self) -> None:
        """Count no more a page that followed."""
        self._here -= 1
        self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = anyio.Event()

    async def keep(self) -> None:
        """Hold the mark as long as a person is there, until cancelled; for a page that may not write, do nothing."""
        if "write" not in self._review.may:
            return
        held = ExitStack()
        try:
            while True:
                while not self._here:
                    await self._changed.wait()
                if await anyio.to_thread.run_sync(self._begin, held):
                    await self._until_all_left()
                else:
                    await self._changed.wait()
                held.close()
        finally:
            held.close()

    def _begin(self, held: ExitStack) -> bool:
        """Say that a person is there; return whether that could be, which needs one who may answer."""
        try:
            if not self._review.call(lambda environment: "write" in environment.context.permission.names):
                return False
            held.enter_context(attending(self._review.root))
        except (DevkeelError, OSError) as error:
            logger.warning("this page is asked nothing: %s", error)
            return False
        return True

    async def _until_all_left(self) -> None:
        while True:
            changed = self._changed
            if self._here:
                await changed.wait()
                continue
            with anyio.move_on_after(self._back):
                await changed.wait()
                continue
            return


class Followed(StreamingResponse):
    """A stream whose reader counts as there, from its first to its last byte."""

    def __init__(self, events: AsyncIterator[str], attendance: Attendance) -> None:
        super().__init__(events, media_type="text/event-stream")
        self._attendance = attendance

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        self._attendance.comes()
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._attendance.goes()
