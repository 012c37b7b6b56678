"""How often: a token bucket for each address."""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Buckets"]

_CLIENTS = 1_000


class Buckets:
    """A token bucket for each address; the addresses that were silent longest are forgotten.

    rate: takes per second in the long run. burst: takes at once.
    """

    def __init__(self, rate: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, client: str) -> bool:
        """Take one, and return whether there was one left for that address."""
        now = self._clock()
        level, then = self._levels.pop(client, (float(self._burst), now))
        level = min(self._burst, level + (now - then) * self._rate)
        allowed = level >= 1
        self._levels[client] = (level - allowed, now)
        if len(self._levels) > _CLIENTS:
            self._levels.popitem(last=False)
        return allowed
