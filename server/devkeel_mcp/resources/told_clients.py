"""The newest events, for clients that read them, and word for those that subscribe that there are more."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from devkeel.events.outlet import Handed

__all__ = ["ToldClients"]

# Events that can be read: the file has all, and a client that listens reads soon.
_KEPT = 500
_ENCODER = msgspec.json.Encoder()


class ToldClients:
    """Keeps the newest events. bells: called when there are more, in the thread that brings them."""

    def __init__(self, bells: Sequence[Callable[[], object]]) -> None:
        self._bells = bells
        self._turn = threading.Lock()
        self._newest: deque[bytes] = deque(maxlen=_KEPT)

    def deliver(self, handed: Sequence[Handed]) -> int:
        """Take events; none is given up, for what a client has not read it can see from their ids."""
        with self._turn:
            self._newest += [_ENCODER.encode(event) for event, _ in handed]
        for ring in self._bells:
            ring()
        return 0

    def lines(self) -> str:
        """Return the newest events, one JSON object a line, the oldest first."""
        with self._turn:
            return b"".join(line + b"\n" for line in self._newest).decode()
