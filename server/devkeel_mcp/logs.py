"""The server's log: on stderr, one line for each event, plain or JSON."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from devkeel.disclosure import Disclosure

__all__ = ["LogFormat", "start_logging"]

LogFormat = Literal["plain", "json"]


class _Line(logging.Formatter):
    """One plain line; text of others cannot begin a new one, command a terminal or tell a secret."""

    def __init__(self, disclosure: Disclosure) -> None:
        super().__init__()
        self._disclosure = disclosure

    def format(self, record: logging.LogRecord) -> str:
        told = self._disclosure.line(record.getMessage())
        trace = f"\n{self._disclosure.text(self.formatException(record.exc_info))}" if record.exc_info else ""
        return f"devkeel: {record.levelname.lower()}: {told}{trace}"


class _Json(_Line):
    """One JSON object on one line."""

    def format(self, record: logging.LogRecord) -> str:
        data = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self._disclosure.text(record.getMessage()),
        }
        if record.exc_info:
            data["exception"] = self._disclosure.text(self.formatException(record.exc_info))
        return json.dumps(data)


def start_logging(form: LogFormat, level: str, disclosure: Disclosure) -> None:
    """Send the log of this process to stderr in one form; called after the SDK has set up its own."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter((_Json if form == "json" else _Line)(disclosure))
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
