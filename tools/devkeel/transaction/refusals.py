"""Attempts to write that came to nothing: who tried what, and which rule or error it was."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from devkeel.transaction.operation import Refusal

if TYPE_CHECKING:
    import sqlite3

    from devkeel.state.origin import Seal
    from devkeel.transaction.operation import Attempt

__all__ = ["COLUMNS", "MOST_REFUSALS", "add", "is_sealed", "read"]

MOST_REFUSALS = 10_000
_MOST_ITEMS = 50
_MOST_TEXT = 500
_TEXTS = ("actor", "role", "action", "code", "rule", "place", "reason")
_LISTS = ("files", "asked")
COLUMNS = ("time", *_TEXTS, *_LISTS, "milliseconds")
"""What is sealed of a refused attempt beside its number."""


def add(connection: sqlite3.Connection, seal: Seal, attempt: Attempt) -> int:
    """Write an attempt, and let the oldest go beyond those that are kept; return its number."""
    time = datetime.now(UTC).isoformat(timespec="seconds")
    texts = {name: _text(getattr(attempt, name)) for name in _TEXTS}
    lists = {name: json.dumps([_text(item) for item in getattr(attempt, name)[:_MOST_ITEMS]]) for name in _LISTS}
    milliseconds = None if attempt.seconds is None else round(attempt.seconds * 1000)
    values = {"time": time} | texts | lists | {"milliseconds": milliseconds}
    names = ", ".join(COLUMNS)
    holes = ", ".join(f":{name}" for name in COLUMNS)
    # An INTEGER PRIMARY KEY without a value gets one more than the largest there (sqlite.org/autoinc.html).
    cursor = connection.execute(f"INSERT INTO refusal ({names}, mark) VALUES ({holes}, '')", values)  # noqa: S608
    number = int(cursor.lastrowid or 0)
    mark = seal.mark("refusal", number, *(values[name] for name in COLUMNS))
    connection.execute("UPDATE refusal SET mark = ? WHERE id = ?", (mark, number))
    connection.execute("DELETE FROM refusal WHERE id <= ?", (number - MOST_REFUSALS,))
    return number


def read(
    connection: sqlite3.Connection, seal: Seal, since: str | None, until: str | None, limit: int
) -> tuple[list[Refusal], int]:
    """Return the refused attempts of a period, newest first, and how many rows of it carry no seal."""
    asked: list[tuple[str, Any]] = [("time >= ?", since), ("time < ?", until)]
    wanted = [(text, value) for text, value in asked if value is not None]
    where = " AND ".join(text for text, _ in wanted) or "1"
    values = (*(value for _, value in wanted), limit)
    query = f"SELECT id, {', '.join(COLUMNS)}, mark FROM refusal WHERE {where} ORDER BY id DESC LIMIT ?"  # noqa: S608
    rows = connection.execute(query, values).fetchall()
    good = [row for row in rows if is_sealed(row, seal)]
    return [_as_refusal(row) for row in good], len(rows) - len(good)


def is_sealed(row: sqlite3.Row, seal: Seal) -> bool:
    """Return whether a row carries its seal."""
    parts = [row["id"], *(row[name] for name in COLUMNS)]
    return all(isinstance(part, str | int | None) for part in parts) and seal.holds(row["mark"], "refusal", *parts)


def _as_refusal(row: sqlite3.Row) -> Refusal:
    seconds = None if row["milliseconds"] is None else row["milliseconds"] / 1000
    texts = {name: row[name] for name in ("time", *_TEXTS)}
    files, asked = (tuple(json.loads(row[name])) for name in _LISTS)
    return Refusal(id=row["id"], files=files, asked=asked, seconds=seconds, **texts)


def _text(value: str | None) -> str | None:
    # lone surrogates cannot be stored; what a caller wrote is bounded
    return None if value is None else value.encode("utf-8", "replace").decode()[:_MOST_TEXT]
