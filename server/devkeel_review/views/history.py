"""The timeline: operations, edits by hand and refused attempts, newest first, in parts that are read as one scrolls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from msgspec import Struct

from devkeel.errors import UsageError
from devkeel_review.views.view import PageView
from devkeel_words import lines

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devkeel.history.log import HistoryEntry
    from devkeel.history.timeline import Moment, Timeline
    from devkeel_review.review import Review

__all__ = ["HISTORY", "PART", "way_back"]

_PART = 40
# What came since a part was first read is read with it.
_MOST = 1_000
_FILTERS = ("by", "about", "since", "until")
_SHOWN = 4


class Row(Struct, frozen=True):
    """A row of the timeline. title, who, relations: in words. more: how many changes are not shown."""

    moment: Moment
    title: str
    who: str
    relations: tuple[str, ...]
    changes: tuple[str, ...]
    more: int


def _read(review: Review, query: Mapping[str, str]) -> dict[str, Any]:
    """Return the filters and the first part; what is wrong with a filter stands beside it."""
    asked = {name: query.get(name, "").strip() for name in _FILTERS} | {"external": query.get("external", "")}
    try:
        return {"asked": asked, "problem": None, "wrong": None, **_part(review, query)}
    except UsageError as error:
        shown = review.disclosure.error(error)
        wrong = next((name for name in _FILTERS if asked[name] and asked[name][:80] == error.seen), None)
        return {"asked": asked, "problem": shown, "wrong": wrong}


def _part(review: Review, query: Mapping[str, str]) -> dict[str, Any]:
    """Return a part: below `before`, down to `down_to` where it was read already."""
    filters = {name: query[name].strip() for name in _FILTERS if query.get(name, "").strip()}
    filters |= {"external": "1"} if query.get("external") else {}
    before, down_to = _number(query.get("before")), _number(query.get("down_to"))
    found: Timeline = review.call(
        lambda environment: environment.timeline(
            limit=_PART if down_to is None else _MOST,
            before=before,
            down_to=down_to or 0,
            external="external" in filters,
            **{name: filters.get(name) for name in _FILTERS},
        )
    )
    bounds = {name: str(number) for name, number in (("before", before), ("down_to", down_to)) if number is not None}
    following = found.next_before
    return {
        "timeline": found,
        "rows": [_row(moment) for moment in found.moments],
        "first": before is None,
        "filtered": bool(filters),
        "address": _address(filters | bounds),
        "part": "newest" if before is None else str(before),
        "following": following,
        "older": None
        if following is None
        else _address(filters | {"before": str(following)} | ({} if down_to is None else {"down_to": str(down_to)})),
    }


def _row(moment: Moment) -> Row:
    entry = moment.operation
    if entry is None:
        refused = moment.refusal
        who = "" if refused is None else f"by {refused.actor}{f' as {refused.role}' if refused.role else ''}"
        return Row(moment, "" if refused is None else refused.reason or refused.action, who, (), (), 0)
    told = (*lines.relations(entry), *(lines.past_devkeel(entry) if entry.between is not None else ()))
    relations = tuple(text for text in told if text != "; ".join(entry.changes or ()))
    title, changes = entry.reason or way_back(entry), moment.changes
    if not title and changes:
        title, changes = changes[0], changes[1:]
    who = "" if entry.kind == "external" else lines.caller(entry)
    more = max(0, len(changes) - _SHOWN)
    return Row(moment, title or entry.kind, who, relations, changes[:_SHOWN], more)


def way_back(entry: HistoryEntry) -> str:
    """Return what an operation takes back, or what it went back to; nothing for one that does neither."""
    if entry.kind == "restore":
        wanted = next((edit.get("operation") for edit in entry.edits if edit.get("kind") == "restore"), None)
        return "" if wanted is None else f"Back to what #{wanted} left"
    return "" if entry.reverts is None else f"{entry.kind.capitalize()} of #{entry.reverts}"


def _address(query: Mapping[str, str]) -> str:
    return f"history-part?{urlencode(query)}" if query else "history-part"


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdecimal() and len(text) < 16 else None  # noqa: PLR2004  (SQLite has no more digits)


HISTORY = PageView("history", "Timeline", (), "history.html", _read, listed=True)
PART = PageView("history-part", "Timeline", ("history", "declaration"), "history_part.html", _part)
