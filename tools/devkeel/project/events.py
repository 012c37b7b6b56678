"""Where events go: `[events]` of devkeel.toml.

The file may be a stranger's: it can have a file written inside of `.devkeel` and nowhere else, and nothing sent that
the person has not switched on where devkeel was started.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["EventSettings", "events_in"]

EVENTS = "events"
_MIB = 1024 * 1024
# No other record of `.devkeel` ends so.
_FILE = re.compile(r"\.devkeel/[A-Za-z0-9][\w.-]{0,60}\.jsonl", re.ASCII)
_MOST_MIB = 4096


class EventSettings(Struct, frozen=True):
    """Which listeners of a project are on.

    file: the name of a file in `.devkeel`. file_bytes: how large it may grow before it is put aside; one older is kept.
    clients: whether clients of MCP may listen. telemetry: whether events go where traces go, as logs.
    """

    file: str | None = None
    file_bytes: int = 16 * _MIB
    clients: bool = False
    telemetry: bool = False

    @property
    def any(self) -> bool:
        """Whether any listener is on."""
        return self.file is not None or self.clients or self.telemetry


def events_in(found: Mapping[str, Any], error: Callable[[str, tuple[str, ...]], Exception]) -> EventSettings | None:
    """Return what the table has, None where it switches nothing on.

    error: makes the error of a sentence and the keys that lead to what it is about.
    """
    given: dict[str, Any] = {}
    for key, value in found.items():
        why = _why_wrong(key, value)
        if why is not None:
            raise error(f"{key} of {EVENTS} {why}", (EVENTS, key))
        given |= {"file_bytes": int(value * _MIB)} if key == "file_mib" else {key: value}
    wanted = EventSettings(**given)
    return wanted if wanted.any else None


def _why_wrong(key: str, value: object) -> str | None:
    if key == "file":
        named = isinstance(value, str) and _FILE.fullmatch(value)
        return None if named else "is a name in .devkeel, as .devkeel/events.jsonl; another place is named at the start"
    if key == "file_mib":
        good = isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value <= _MOST_MIB
        return None if good else f"is a number above 0 and up to {_MOST_MIB}"
    if key in ("clients", "telemetry"):
        return None if isinstance(value, bool) else "is true or false"
    return "is not known there: file, file_mib, clients, telemetry are"
