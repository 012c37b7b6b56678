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

    def hear() -> None:
        with suppress(DevkeelError), review.environment() as environment:
            for _ in environment.process_changes(ended):
                if ended.is_set():
                    return
                anyio.from_thread.run(look)

    try:
        await anyio.to_thread.run_sync(hear, abandon_on_cancel=True)
    finally:
        ended.set()
