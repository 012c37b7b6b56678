"""What a lock holds one thing at."""

from __future__ import annotations

from msgspec import Struct

__all__ = ["Held"]


class Held(Struct, frozen=True):
    """What a lock holds something at. version: as a person names it. date: ISO 8601, where the lock has one.

    identity: what differs whenever the content does, a hash or a revision.
    """

    version: str
    date: str | None = None
    identity: str = ""
