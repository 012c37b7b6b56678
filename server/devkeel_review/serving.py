"""Serving the page on loopback until the process is asked to end."""

from __future__ import annotations

import errno
import logging
import secrets
import signal
import socket
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from devkeel import runtime
from devkeel.errors import UsageError
from devkeel_loopback.listening import listen
from devkeel_loopback.logs import start_logging
from devkeel_loopback.serving import serve as serve_application
from devkeel_review.app import ServedPage
from devkeel_review.front import LIMITS

if TYPE_CHECKING:
    from collections.abc import Callable

    from devkeel_review.review import Review

__all__ = ["serve"]

_LOOPBACK = "127.0.0.1"
_UVICORN = logging.getLogger("uvicorn.error")
_GRACE = 2.0
_TRIES = 5
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def serve(review: Review, port: int, tell: Callable[[str], None]) -> int:
    """Serve the page until a signal asks the process to end, and return its number.

    port: 0 for any free one. tell: called with its address, token included. Raises UsageError `bad_address`.
    """
    with ExitStack() as held:
        listening = _listening(port, held)
        start_logging("plain", "warning", review.disclosure)
        # Of uvicorn's: anybody can have it warn, and its advice is for who installs it.
        _UVICORN.setLevel(logging.ERROR)
        number = listening.getsockname()[1]
        name = _name()
        page = ServedPage(review, number, name)
        tell(f"http://{name}:{number}/#open={page.token}")
        try:
            return anyio.run(_serve, review, page, listening)
        finally:
            review.close()


def _name() -> str:
    """Return the name by which the page is opened: an origin that no server had before.

    Service workers and storage belong to a name and its port for ever: those of a server that had this port before
    would get the token of the page. Browsers lead each name below localhost to loopback by themselves (RFC 6761, 6.3);
    Safari asks the system, which on macOS does not.
    """
    return f"{secrets.token_hex(8)}.localhost" if sys.platform == "linux" else _LOOPBACK


def _listening(port: int, held: ExitStack) -> socket.socket:
    """Listen on loopback, and have no other program take the same port of IPv6, which a browser tries first."""
    refused = UsageError(
        "bad_address",
        "The page cannot listen on that port.",
        seen=str(port),
        remedy="Give a free port of this machine, or none, for any free one.",
    )
    for _ in range(1 if port else _TRIES):
        try:
            listening = held.enter_context(listen(f"{_LOOPBACK}:{port}", beyond=refused))
        except UsageError as error:
            raise refused from error
        beside = socket.socket(socket.AF_INET6) if socket.has_ipv6 else None
        if beside is None:
            return listening
        held.enter_context(beside)
        try:
            # Bound and not listening: whoever connects is refused, and goes on to the other address.
            beside.bind(("::1", listening.getsockname()[1]))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                continue
        return listening
    raise refused


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
