"""The signals that ask a command to end: it rolls back what is under way, then ends with the code of the signal."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType

__all__ = ["Ended", "end_on_signals"]

_SIGNALS = (signal.SIGTERM, signal.SIGHUP)


class Ended(BaseException):
    """A signal asked the process to end; `code` is its exit code."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.code = 128 + number  # as a shell reports it (bash(1), EXIT STATUS)


def end_on_signals() -> None:
    """Let SIGTERM and SIGHUP raise Ended, once, so that the way out is not disturbed. SIGINT is Python's own."""
    for number in _SIGNALS:
        if signal.getsignal(number) is signal.SIG_DFL:  # nohup ignores SIGHUP, and that stays
            signal.signal(number, _end)


def _end(number: int, _frame: FrameType | None) -> None:
    for each in (*_SIGNALS, signal.SIGINT):
        signal.signal(each, signal.SIG_IGN)
    raise Ended(number)
