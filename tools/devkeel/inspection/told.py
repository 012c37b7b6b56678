"""The events that were written to a file: the project's own, or one that a person names."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from devkeel.errors import UsageError
from devkeel.events.event import KINDS
from devkeel.events.reading import EventChoice, EventReader, no_events
from devkeel.history.since import read_time
from devkeel.state.lines import FilePlace

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from devkeel.context import Context

__all__ = ["read_events"]


def read_events(context: Context, path: Path | None, since: str | None, kinds: Sequence[str]) -> EventReader:
    """Return what reads a file of events; see `Environment.events`."""
    strange = sorted(set(kinds) - set(KINDS))
    if strange:
        raise UsageError(
            "bad_argument",
            "There is no such kind of event.",
            seen=strange[0][:80],
            remedy="Name kinds of events.",
            alternatives=KINDS,
        )
    wanted = EventChoice(None if since is None else read_time(since, datetime.now(UTC)), frozenset(kinds))
    if path is not None:
        return EventReader(path, wanted)
    settings = context.settings.events
    if settings is None or settings.file is None:
        raise no_events(context.project.root, "devkeel.toml switches no file on")
    place = FilePlace(context.project.root, context.project.root / settings.file)
    if not place.begun():
        raise no_events(place.path, "devkeel has written no records here")
    return EventReader(place.path, wanted, follows=False)
