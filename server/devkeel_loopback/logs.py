"""The server's log: on stderr, one line for each event, plain or JSON."""

from __future__ import annotations

import json
import logging
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from devkeel.disclosure.output import Disclosure

__all__ = ["LogFormat", "start_logging"]

LogFormat = Literal["plain", "json"]
_MINUTE, _OFTEN, _PLACES = 60.0, 20, 1_000


class _Plain(logging.Formatter):
    """One plain line; text of others cannot begin a new one, command a terminal or show a secret."""

    def __init__(self, disclosure: Disclosure) -> None:
        super().__init__()
        self._disclosure = disclosure

    def format(self, record: logging.LogRecord) -> str:
        told = self._disclosure.sentence(record.getMessage())
        trace = f"\n{self._disclosure.sentences(self.formatException(record.exc_info))}" if record.exc_info else ""
        return f"devkeel: {record.levelname.lower()}: {told}{trace}"


class _Json(_Plain):
    """One JSON object on one line."""

    def format(self, record: logging.LogRecord) -> str:
        data = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self._disclosure.sentences(record.getMessage()),
        }
        if record.exc_info:
            data["exception"] = self._disclosure.sentences(self.formatException(record.exc_info))
        return json.dumps(data)


class _Calm(logging.Filter):
    """Lets pass what is said now and then: the same line of code says at most so much in a minute.

    A fault that every request meets would fill the disk that the log is on. What was left out is counted when it is
    said again.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._said: dict[tuple[str, int], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        place = (record.pathname, record.lineno)
        now = self._clock()
        since, count = self._said.get(place, (now, 0))
        if now - since >= _MINUTE:
            if count > _OFTEN:
                record.msg, record.args = f"{record.getMessage()} (and {count - _OFTEN} more like it)", ()
            since, count = now, 0
        self._said[place] = (since, count + 1)
        if len(self._said) > _PLACES:
            self._said.clear()
        return count < _OFTEN


def start_logging(form: LogFormat, level: str, disclosure: Disclosure) -> None:
    """Send the log of this process to stderr in one form; called after the SDK has set up its own."""
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_Calm())
    handler.setFormatter((_Json if form == "json" else _Plain)(disclosure))
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
