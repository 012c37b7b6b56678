"""One step of the work as a record. Its form is `event.schema.json`, whose version each record carries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["KINDS", "SCHEMA", "Event", "Kind"]

Kind = Literal["proposed", "checked", "denied", "published", "applied", "started", "failed", "diagnosed", "restored"]
KINDS: tuple[Kind, ...] = get_args(Kind)
# Grows when a field goes, or means something else; a new field that may be left out changes nothing.
SCHEMA = 1


# No event is part of a cycle, and many that wait are nothing for the collector to go through.
class Event(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One step.

    id: unique; those of one process sort in the order in which they came about. time: UTC, ISO 8601, milliseconds.
    project: by which events of the same project are known, and no path. actor: who called. action: the verb of
    `Environment`. operation: the number in the history. revision: of the files that the step is about. code: of the
    error, or how it came out. seconds: what it took. lost: how many events before this one were given up, because they
    could not be written in time.
    """

    schema: int
    id: str
    time: str
    kind: Kind
    project: str
    actor: str | None = None
    role: str | None = None
    action: str | None = None
    operation: int | None = None
    revision: str | None = None
    files: tuple[str, ...] = ()
    code: str | None = None
    seconds: float | None = None
    reason: str | None = None
    details: Mapping[str, Any] = {}
    lost: int = 0
