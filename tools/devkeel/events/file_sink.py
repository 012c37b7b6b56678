"""A file of events: one JSON object a line."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

import msgspec

from devkeel.state.lines import append_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from devkeel.events.event import Event
    from devkeel.events.outlet import Handed
    from devkeel.state.lines import FilePlace

__all__ = ["FileSink"]

logger = logging.getLogger(__name__)
# Events that are held until the project has records.
_HELD = 1_000
_BEGINNING = b'{"schema":'
_ENCODER = msgspec.json.Encoder()
# Events that are encoded between two breaths, in which other threads of Python run.
_PIECE = 500
_BREATH = 0.000_5


class FileSink:
    """Appends events to a file. most: bytes, from which on it is put aside; one older is kept."""

    def __init__(self, place: FilePlace, most: int) -> None:
        self._place = place
        self._most = most
        self._held: list[Event] = []

    def deliver(self, handed: Sequence[Handed]) -> int:
        """Append events; return how many were given up."""
        self._held += [event for event, _ in handed]
        if not self._place.begun():
            over, self._held = self._held[:-_HELD], self._held[-_HELD:]
            return sum(1 + event.lost for event in over)
        held, self._held = self._held, []
        try:
            there = append_lines(self._place, _encoded(held), most=self._most, beginning=_BEGINNING)
        except OSError as error:
            logger.info("no event can be written to %s: %s", self._place.path, error)
            there = 0
        return sum(1 + event.lost for event in held[there:])


def _encoded(events: Sequence[Event]) -> bytes:
    pieces = [_ENCODER.encode_lines(events[:_PIECE])]
    for start in range(_PIECE, len(events), _PIECE):
        time.sleep(_BREATH)
        pieces.append(_ENCODER.encode_lines(events[start : start + _PIECE]))
    return b"".join(pieces)
