"""How long each rung took, for whoever keeps it: it is no part of what the checks say, which is the same each time."""

from __future__ import annotations

import time
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["measured", "timed"]

_TAKEN: ContextVar[dict[str, float] | None] = ContextVar("taken", default=None)
_DIGITS = 4


@contextmanager
def measured() -> Iterator[dict[str, float]]:
    """Measure what is checked meanwhile; yield the seconds by rung, whole with `total` afterwards."""
    taken = dict[str, float]()
    token, start = _TAKEN.set(taken), time.perf_counter()
    try:
        yield taken
    finally:
        _TAKEN.reset(token)
        taken["total"] = round(time.perf_counter() - start, _DIGITS)


@contextmanager
def timed(rung: str) -> Iterator[None]:
    """Add what a rung takes, where that is measured."""
    start = time.perf_counter()
    try:
        yield
    finally:
        taken = _TAKEN.get()
        if taken is not None:
            taken[rung] = round(taken.get(rung, 0.0) + time.perf_counter() - start, _DIGITS)
