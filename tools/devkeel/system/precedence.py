"""Work of this process that goes first, and what may wait for it: all threads of Python share one lock (PEP 703).

A thread in the background that works in small steps still takes that lock from another each time that one waits for
the disk. So it looks here, and does its work a moment later.
"""

from __future__ import annotations

import os

__all__ = ["First", "is_busy"]

# One item for each that is under way: `append` and `del` are single steps of CPython, also within a signal's handler.
_UNDER_WAY: list[None] = []


class First:
    """Work that goes first while this is entered, in any number of threads, also within itself."""

    __slots__ = ()

    def __enter__(self) -> None:
        _UNDER_WAY.append(None)

    def __exit__(self, *_: object) -> None:
        del _UNDER_WAY[-1:]


def is_busy() -> bool:
    """Return whether there is such work now."""
    return bool(_UNDER_WAY)


# What other threads were at is not copied into the child of a fork.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_UNDER_WAY.clear)
