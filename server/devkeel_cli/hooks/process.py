"""The process that a host's hook starts: one message in, at most one answer out, and never in the host's way.

What takes too long or fails is not answered at all. The exit code is always 0: hosts take 2 for a refusal.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn

from devkeel_cli.hooks.messages import DIALECTS

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["MOST_BYTES", "answer_host"]

MOST_BYTES = 8 * 1024 * 1024
# Seconds after which it ends unheard; hosts are told to wait a little longer.
_PATIENCE = 3.0


def answer_host(host: str, answered: Callable[[bytes, str], str]) -> NoReturn:
    """Answer the message on standard input and exit. answered: takes it and the host; `` says nothing."""
    # alarm(2), default action: the process ends, also where it hangs outside of Python.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, _PATIENCE)
    gc.disable()  # it ends before any garbage matters
    dialect = DIALECTS[host]
    said = dialect.silent
    try:
        said = answered(sys.stdin.buffer.read(MOST_BYTES + 1), host) or dialect.silent
    except Exception:
        if os.environ.get("DEVKEEL_DEBUG"):
            raise
    if said:
        with suppress(OSError):
            os.write(1, f"{said}\n".encode())
    os._exit(0)
