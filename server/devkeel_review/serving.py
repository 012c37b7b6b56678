"""Serving the page on loopback until the process is asked to end."""

from __future__ import annotations

import logging
import signal
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from devkeel import runtime
from devkeel.errors import UsageError
from devkeel_loopback.listening import address_of, listen
from devkeel_loopback.logs import start_logging
from devkeel_loopback.serving import serve as serve_application
from devkeel_review.app import ServedPage
from devkeel_review.front import LIMITS

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from devkeel_review.review import Review

__all__ = ["serve"]

_LOOPBACK = "127.0.0.1"
_UVICORN = logging.getLogger("uvicorn.error")
_GRACE = 2.0
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def serve(review: Review, port: int, tell: Callable[[str], None]) -> int:
    """Serve the page until a signal asks the process to end, and return its number.

    port: 0 for any free one. tell: called with its address, token included. Raises UsageError `bad_address`.
    """
    beyond = UsageError("bad_address", "The page is for this machine alone.", remedy=f"Listen on {_LOOPBACK}.")
    with listen(f"{_LOOPBACK}:{port}", beyond=beyond) as listening:
        start_logging("plain", "warning", review.disclosure)
        # Of uvicorn's: anybody can have it warn, and its advice is for who installs it.
        _UVICORN.setLevel(logging.ERROR)
        page = ServedPage(review, listening.getsockname()[1])
        tell(f"http://{address_of(listening)}/#open={page.token}")
        try:
            return anyio.run(_serve, review, page, listening)
        finally:
            review.close()


async def _serve(review: Review, page: ServedPage, listening: socket.socket) -> int:
    ending, numbers = anyio.Event(), list[int]()
    # nohup ignores SIGHUP, and that stays.
    heard = [number for number in _SIGNALS if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN]

    async def end_on_signal() -> None:
        with anyio.open_signal_receiver(*heard) as signals:
            async for number in signals:
                numbers.append(number)
                _UVICORN.setLevel(logging.CRITICAL)  # that answers are cut off is what was asked for
                page.end()
                ending.set()
                # What a view or an act waits for would hold up the end.
                await anyio.to_thread.run_sync(review.close)
                await anyio.to_thread.run_sync(runtime.end_children, _GRACE)

    async with anyio.create_task_group() as group:
        group.start_soon(end_on_signal)
        await serve_application(page.application, LIMITS, listening, end=ending, proxied=False)
        group.cancel_scope.cancel()
    return numbers[0] if numbers else 0
