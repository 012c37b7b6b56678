"""How much one server takes."""

from __future__ import annotations

from msgspec import Struct

__all__ = ["Limits"]


class Limits(Struct, frozen=True):
    """What one server takes.

    body: bytes. depth: nested arrays and objects. requests: under way at once, open streams included. rate: requests
    per second from one address in the long run, and burst: at once. wait: seconds until a body must be there. bodies:
    how many may be on their way at once; the slowest gives way. connections: at once. head: seconds until the head of
    a request must be there. stall: seconds that a client may leave an answer unread.
    """

    body: int = 1_048_576
    depth: int = 100
    requests: int = 100
    sessions: int = 100
    rate: float = 500.0
    burst: int = 1_000
    wait: float = 30.0
    bodies: int = 50
    connections: int = 500
    head: float = 10.0
    stall: float = 60.0
