"""The history as a person follows it: operations with what they did and which checks ran, refused attempts between."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from itertools import chain
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from devkeel.errors import UsageError
from devkeel.history import attempts, log, selection
from devkeel.history.checked import checked
from devkeel.transaction import EXTERNAL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devkeel.history.log import HistoryEntry
    from devkeel.history.selection import Chosen, Query
    from devkeel.transaction import Operation, Refusal, Transactions

__all__ = ["Moment", "Timeline", "timeline"]

_MOST_REFUSALS = 200


class Moment(Struct, frozen=True):
    """An operation or a refused attempt: one of both is there. changes: what the operation did, in words.

    ran: the checks of the operation; ok: whether they found no error, None where nothing is kept of that; errors: how
    many were there all the same. seconds: how long they took.
    """

    operation: HistoryEntry | None = None
    refusal: Refusal | None = None
    changes: tuple[str, ...] = ()
    ran: tuple[str, ...] = ()
    ok: bool | None = None
    errors: int = 0
    seconds: float | None = None


class Timeline(Struct, frozen=True):
    """A part of the history, newest first; `next_before` is the id to go on below, None at the end.

    not_noted: what went past devkeel and no write has noted yet, in words. newest: the id of the newest operation, and
    undoable of the one that an undo without a name takes back, in the whole history. withheld: there are more refused
    attempts in this part than are shown. notes: what is not believed, and how far was looked.
    """

    moments: tuple[Moment, ...]
    next_before: int | None
    recovery_pending: bool
    not_noted: tuple[str, ...] = ()
    newest: int = 0
    undoable: int | None = None
    redoable: int | None = None
    withheld: bool = False
    notes: tuple[str, ...] = ()


def timeline(
    store: Transactions, wanted: Query, *, limit: int, contents: Mapping[str, bytes | None] | None = None
) -> Timeline:
    """Return a part of the timeline. wanted, limit, contents: as for `log.page`, whose errors it raises."""
    log.require_limit(limit)
    asked = log.timed(wanted, datetime.now(UTC))
    found = selection.choose(store, asked, limit)
    refusals = [] if wanted.external else _refusals(store, asked, found)
    told = refusals[:_MOST_REFUSALS]
    first = wanted.before is None
    newest, undoable, redoable = (
        (next(iter(store.history(limit=1)), None), store.newest_undoable(), store.newest_undo())
        if first
        else (None, None, None)
    )
    return Timeline(
        moments=tuple(_in_order(store, found, told)),
        next_before=found.last if found.more else None,
        recovery_pending=store.recovery_pending(),
        not_noted=tuple(log.unseen_words(store, wanted, contents)),
        newest=0 if newest is None else newest.id,
        undoable=None if undoable is None else undoable.id,
        redoable=None if redoable is None else redoable.id,
        withheld=len(refusals) > len(told),
        notes=tuple(chain(*log.page_notes(store, found, limit))),
    )


def _refusals(store: Transactions, asked: Query, found: Chosen) -> list[Refusal]:
    """Return the attempts between the operations of a part, so that the parts have each of them once."""
    since, until = asked.since, asked.until
    if found.more:
        since = max(since or "", _time(store, found.last) or "")
    if asked.before is not None and (above := _time(store, asked.before)) is not None:
        until = above if until is None else min(until, above)
    if asked.down_to and (below := _time(store, asked.down_to)) is not None:
        since = max(since or "", below)
    wanted = replace(asked, since=since, until=until)
    return attempts.chosen(store, wanted, _MOST_REFUSALS + 1)


def _time(store: Transactions, number: int) -> str | None:
    with suppress(UsageError):  # it is not kept any more
        return store.operation(number).time
    return None


def _in_order(store: Transactions, found: Chosen, refusals: list[Refusal]) -> list[Moment]:
    waiting, moments = list(refusals), list[Moment]()
    for item in found.operations:
        # Of the same second an attempt stands above, as the parts are cut.
        while waiting and waiting[0].time >= item.time:
            moments.append(Moment(refusal=waiting.pop(0)))
        moments.append(_moment(store, item))
    return [*moments, *(Moment(refusal=item) for item in waiting)]


def _moment(store: Transactions, item: Operation) -> Moment:
    entry, found = log.entry(item, store), checked(item)
    changes = entry.changes if item.kind == EXTERNAL else log.changes_of(item, store)
    return Moment(
        operation=entry,
        changes=changes or (),
        ran=found.ran,
        ok=found.ok,
        errors=_errors(item.report),
        seconds=found.seconds,
    )


def _errors(report: Mapping[str, Any]) -> int:
    found = report.get("diagnostics")
    items = found if isinstance(found, list) else []
    return sum(isinstance(item, dict) and item.get("severity") == "error" for item in items)
