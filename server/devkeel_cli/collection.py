"""How often Python searches for circles of garbage: seldom while a command or a server starts, not at the end."""

from __future__ import annotations

import gc

__all__ = ["no_more", "seldom", "usually"]

_USUAL = gc.get_threshold()
# New objects between two searches. By default 700: a command searches a hundred times while it imports what stays
# anyway, 5% of its time. One search of the 50,000 objects of a change takes 14 ms.
_SELDOM = 250_000


def seldom() -> None:
    """Search after many new objects only."""
    gc.set_threshold(_SELDOM)


def usually() -> None:
    """Search as often as Python does by default: a server lives long."""
    gc.set_threshold(*_USUAL)


def no_more() -> None:
    """Leave to the end of the process what is there now: to search all of it once more, for nothing, takes 20 ms."""
    gc.freeze()
