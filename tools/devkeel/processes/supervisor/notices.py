"""What a process says of itself: the socket of sd_notify(3)."""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["Notices"]

_MOST = 4096


class Notices:
    """Listens at a path, for the time of one start; as a context manager, which closes it."""

    def __init__(self, path: Path) -> None:
        """Listen."""
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.bind(str(path))

    def __enter__(self) -> Self:
        """Return it."""
        return self

    def __exit__(self, *_: object) -> None:
        """Listen no more."""
        self._socket.close()

    def fileno(self) -> int:
        """Return a descriptor that is readable when something has come."""
        return self._socket.fileno()

    def heard(self) -> Iterator[tuple[str, str]]:
        """Yield what has come: names and values, such as READY and 1."""
        with suppress(BlockingIOError):
            while True:
                # sd_notify(3): lines of NAME=VALUE, several in one datagram.
                for line in self._socket.recv(_MOST).decode("utf-8", "replace").splitlines():
                    name, found, value = line.strip().partition("=")
                    if found:
                        yield name, value
