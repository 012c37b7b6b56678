"""Serving the page on loopback until the process is asked to end."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import anyio
import uvicorn

from devkeel.errors import UsageError
from devkeel_review.app import ServedPage

if TYPE_CHECKING:
    from collections.abc import Callable

    from devkeel_review.review import Review

__all__ = ["serve"]

_LOOPBACK = "127.0.0.1"
_FAREWELL = 1


def serve(review: Review, port: int, tell: Callable[[str], None]) -> None:
    """Serve the page until the process ends. port: 0 for any free one. tell: called with its address, token included.

    Raises UsageError `bad_address`.
    """
    try:
        listening = socket.create_server((_LOOPBACK, port))
    except (OSError, OverflowError) as error:
        raise UsageError(
            "bad_address",
            f"The page cannot listen there: {error}.",
            seen=f"{_LOOPBACK}:{port}",
            remedy="Give a free port of this machine; port 0 takes any free one.",
        ) from error
    with listening:
        number = listening.getsockname()[1]
        page = ServedPage(review, number)
        config = uvicorn.Config(
            page.application,
            log_config=None,
            access_log=False,
            server_header=False,
            ws="none",
            timeout_graceful_shutdown=_FAREWELL,
        )
        tell(f"http://{_LOOPBACK}:{number}/#open={page.token}")
        try:
            anyio.run(_Server(config, page).serve, [listening])
        except KeyboardInterrupt:
            return  # the way to end it that its reader has
        finally:
            review.close()


class _Server(uvicorn.Server):
    """uvicorn that lets those go who follow, as soon as it is to end."""

    def __init__(self, config: uvicorn.Config, page: ServedPage) -> None:
        super().__init__(config)
        self._page = page

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._page.end()
        await super().shutdown(sockets)
