"""A callable of this process as a listener."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from devkeel.events.event import Event
    from devkeel.events.outlet import Handed

__all__ = ["Subscriber"]

logger = logging.getLogger(__name__)


class Subscriber:
    """Calls a callable with each event; one at which it fails is given up, and it gets the next one all the same."""

    def __init__(self, call: Callable[[Event], object]) -> None:
        self._call = call

    def deliver(self, handed: Sequence[Handed]) -> int:
        """Call it with each; return how many it failed at, with what these had lost."""
        failed = 0
        for event, _ in handed:
            try:
                self._call(event)
            except BaseException:
                logger.info("a subscriber of events has failed", exc_info=True)
                failed += 1 + event.lost
        return failed
