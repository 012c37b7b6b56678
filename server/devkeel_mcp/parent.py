"""The process that started the server: when it dies, the server has no client left."""

from __future__ import annotations

import os

import anyio

__all__ = ["until_orphaned"]

_INIT = 1
_SECONDS = 2.0


async def until_orphaned(pause: float = _SECONDS) -> None:
    """Return when the process that started this one has ended.

    The end of the input says so too, but not where another process inherited the other end of the pipe. Asking the
    kernel for a signal (PR_SET_PDEATHSIG) would tie the server to the thread that started it.
    """
    parent = os.getppid()
    # getppid(2): a process whose parent has ended belongs to init, or to the nearest subreaper.
    if parent <= _INIT:
        await anyio.sleep_forever()
    while os.getppid() == parent:  # noqa: ASYNC110  (no event tells of it)
        await anyio.sleep(pause)
