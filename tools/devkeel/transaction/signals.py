"""Keeps signals waiting while files are between two states."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["shielded"]

_WAITING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def shielded() -> Iterator[None]:
    """Hold back the signals that ask to end, in this thread, for the milliseconds of a publication or a recovery.

    They are delivered when it is over. A kill cannot be held back; that is what the journal is for.
    """
    # pthread_sigmask(3): the mask is the thread's. Python runs handlers in the main thread whichever thread the kernel
    # picks.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _WAITING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
