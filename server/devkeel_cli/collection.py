"""How often Python searches for circles of garbage: seldom while a command runs, or a server imports what it needs."""

from __future__ import annotations

import gc

__all__ = ["seldom", "usually"]

_USUAL = gc.get_threshold()
# New objects between two searches. By default 700: a command searches a hundred times while it imports what stays
# anyway, 5% of its time.
_SELDOM = 50_000


def seldom() -> None:
    """Search after many new objects only."""
    gc.set_threshold(_SELDOM)


def usually() -> None:
    """Search as often as Python does by default: a server lives long."""
    gc.set_threshold(*_USUAL)
