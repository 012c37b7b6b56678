"""The connections of the HTTP server: how many, how long they may take for what, and which gives way to a new one.

A connection costs a descriptor. There are always some left for the work itself, and where there is no room for a new
connection, the one gives way that has shown least: no token first, then no request, then no body. So whoever has the
token gets in, however many connections others hold open.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import resource
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.h11_impl import H11Protocol

from devkeel_loopback.gate import KNOWN

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from uvicorn.protocols.http.h11_impl import RequestResponseCycle

    from devkeel_loopback.limits import Limits

__all__ = ["Connections"]

logger = logging.getLogger(__name__)
_EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
# Descriptors for what a call opens: files, the history, pipes of programs, watches.
_RESERVED = 100
_FEWEST = 4
_PAUSE = 0.2
_CALLING = 4
_MOST_AHEAD = 64 * 1024


class Connections:
    """All connections of one server, oldest first."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.most = max(_FEWEST, min(limits.connections, _descriptors()))
        self._open: dict[Connection, None] = {}

    def protocol(self) -> type[H11Protocol]:
        """Return the class of which uvicorn makes one for each connection."""
        connections = self

        class Bound(Connection):
            registry = connections

        return Bound

    def add(self, connection: Connection) -> None:
        """Take a new connection, and let another one go where there are too many."""
        if len(self._open) >= self.most:
            self.shed(connection)
        if not connection.transport.is_closing():
            self._open[connection] = None

    def discard(self, connection: Connection) -> None:
        """Forget a connection that has ended."""
        self._open.pop(connection, None)

    def shed(self, newcomer: Connection | None = None) -> None:
        """End the connection that has shown least; of several, the oldest. A call under way ends for no newcomer."""
        victim = min(self._open, key=lambda item: item.merit, default=newcomer)
        if victim is not None and victim.merit == _CALLING:
            victim = newcomer
        if victim is not None:
            self.discard(victim)
            victim.transport.abort()

    async def accept(self, listening: socket.socket, make: Callable[[], asyncio.Protocol]) -> None:
        """Accept connections until cancelled.

        asyncio's own way of it tries on for the whole backlog when descriptors run out, logs each try, and plans as
        many new beginnings, which multiply (Python 3.11, `_accept_connection`).
        """
        loop = asyncio.get_running_loop()
        listening.setblocking(False)
        while True:
            try:
                # accept(2), ERRORS: those of the network that wait on the new socket come from it too, and mean that
                # one tries again.
                connection, _ = await loop.sock_accept(listening)
            except OSError as error:
                if error.errno in _EXHAUSTED:
                    logger.warning("no descriptor is left for a connection: %s", os.strerror(error.errno or 0))
                    self.shed()
                    await asyncio.sleep(_PAUSE)
                continue
            try:
                await loop.connect_accepted_socket(make, connection)
            except OSError:
                connection.close()


class Connection(H11Protocol):
    """One connection, with a deadline for each head and for a reader that does not read."""

    registry: Connections

    def __init__(self, *arguments: Any, **given: Any) -> None:  # noqa: ANN401  (uvicorn's)
        super().__init__(*arguments, **given)
        self._known = False
        self._deadline: asyncio.TimerHandle | None = None
        self._stalled: asyncio.TimerHandle | None = None
        self.app_state = {**self.app_state, KNOWN: self._know}

    @property
    def merit(self) -> int:
        """How much a connection has shown: nothing, a request, the token, with it a request, with it all of one."""
        if not self._known:
            return int(self._busy)
        return 2 + self._busy + (self._busy and not self.cycle.more_body)

    @property
    def _busy(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle  # None before the first request
        return cycle is not None and not cycle.response_complete

    def _know(self) -> None:
        self._known = True

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin: the head of a request has to come soon."""
        super().connection_made(transport)
        self.flow = _Flow(transport, self._ahead)
        self._expect()
        self.registry.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self.registry.discard(self)
        self._expect_nothing()
        self.resume_writing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on; what does not complete a head does not buy more time for it."""
        if not self._busy and self._deadline is None:
            self._expect()
        super().data_received(data)
        if self._busy:
            self._expect_nothing()

    def on_response_complete(self) -> None:
        """Go on to the next request, which may have begun already."""
        super().on_response_complete()
        if self._busy:
            self._expect_nothing()

    def pause_writing(self) -> None:
        """Hold the answer back: the client does not read, and has some time to begin."""
        super().pause_writing()
        if self._stalled is None:
            # A receiver may keep its window at zero for as long as it likes (RFC 9293, 3.8.6.1), and the answer waits
            # in our memory.
            self._stalled = self.loop.call_later(self.registry.limits.stall, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on: the client has read."""
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None
        super().resume_writing()

    def _ahead(self) -> int:
        return len(self.conn.trailing_data[0])

    def _expect(self) -> None:
        self._deadline = self.loop.call_later(self.registry.limits.head, self._late)

    def _expect_nothing(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _late(self) -> None:
        self._deadline = None
        if not self._busy:
            self.transport.abort()


class _Flow(FlowControl):
    """Reads on only where the client is not far ahead with requests.

    uvicorn reads a further piece for each answer, and whenever an application asks whether the client is still there:
    a client that sends faster than it is answered would be buffered without an end.
    """

    def __init__(self, transport: asyncio.Transport, ahead: Callable[[], int]) -> None:
        super().__init__(transport)
        self._ahead = ahead

    def resume_reading(self) -> None:
        if self.read_paused and self._ahead() <= _MOST_AHEAD:
            super().resume_reading()


def _descriptors() -> int:
    """Return how many connections leave enough descriptors for the rest."""
    # getrlimit(2): the soft limit is the one that open and accept meet, with EMFILE.
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return 1_000_000
    return max(soft // 4, soft - 2 * _RESERVED)
