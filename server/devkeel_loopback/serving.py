"""Serving an application on a listening socket until the process ends."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import anyio
import uvicorn

from devkeel_loopback.connections import Connections

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

    from starlette.types import ASGIApp

    from devkeel_loopback.limits import Limits

__all__ = ["serve"]


async def serve(
    application: ASGIApp,
    limits: Limits,
    listening: socket.socket,
    *,
    end: anyio.Event | None = None,
    farewell: int = 1,
    proxied: bool = True,
) -> None:
    """Serve until cancelled, or in good order until `end` is set; signals are left to the caller.

    farewell: seconds that answers which are under way may take then. proxied: whether a program of this machine may
    say for which address it asks (X-Forwarded-For), by which the rate is judged.
    """
    connections = Connections(limits)
    config = uvicorn.Config(
        application,
        http=connections.protocol(),
        log_config=None,
        access_log=False,
        server_header=False,
        ws="none",
        proxy_headers=proxied,
        timeout_graceful_shutdown=None if end is None else farewell,
    )
    server = _Uvicorn(config, connections, listening)
    async with anyio.create_task_group() as group:
        if end is not None:
            group.start_soon(server.leave_at, end)
        await server.serve(sockets=[])
        group.cancel_scope.cancel()


class _Uvicorn(uvicorn.Server):
    """uvicorn without its signal handlers, which end it between two writes, and with an accepting of our own."""

    def __init__(self, config: uvicorn.Config, connections: Connections, listening: socket.socket) -> None:
        super().__init__(config)
        self._connections = connections
        self._listening = listening

    async def leave_at(self, end: anyio.Event) -> None:
        await end.wait()
        self.should_exit = True

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def main_loop(self) -> None:
        def make() -> asyncio.Protocol:
            return self.config.http_protocol_class(  # type: ignore[call-arg]
                config=self.config, server_state=self.server_state, app_state=self.lifespan.state
            )

        accepting = asyncio.create_task(self._connections.accept(self._listening, make))
        try:
            await super().main_loop()
        finally:
            accepting.cancel()
