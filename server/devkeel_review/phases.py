"""What processes do, as their manager says it: no file of the project changes with a phase."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import anyio
import anyio.from_thread
import anyio.to_thread

from devkeel.errors import DevkeelError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from devkeel_review.review import Review

__all__ = ["follow_phases"]


async def follow_phases(review: Review, look: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Hear the manager of a project's processes, until cancelled. look: awaited when it has said that one changed."""
    ended = threading.Event()
    # One that waits to be looked at stands for all that come meanwhile.
    told, heard = anyio.create_memory_object_stream[None](1)

    def tell() -> None:
        with suppress(anyio.WouldBlock, anyio.ClosedResourceError):
            told.send_nowait(None)

    def hear() -> None:
        with suppress(DevkeelError), review.environment() as environment:
            for _ in environment.process_changes(ended):
                if ended.is_set():
                    return
                # Only rung: what a thread has awaited for it in a scope that was cancelled and left is never told so
                # (anyio), and would hold for ever what it holds.
                anyio.from_thread.run_sync(tell)

    async def look_when_told() -> None:
        async for _ in heard:
            await look()

    try:
        async with told, heard, anyio.create_task_group() as group:
            group.start_soon(look_when_told)
            await anyio.to_thread.run_sync(hear, abandon_on_cancel=True)
            told.close()
    finally:
        ended.set()
