"""How much history is kept: the oldest operations go, and the contents that nothing refers to any more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from devkeel.transaction import chain

if TYPE_CHECKING:
    import sqlite3

    from devkeel.project.settings import Retention
    from devkeel.state.origin import Seal

__all__ = ["REMEMBERED", "SAID_AGAIN", "TRIM_EVERY", "trim"]

TRIM_EVERY = 64
SAID_AGAIN, REMEMBERED = 64, 256
"""After how many operations how a file was is said again by a new one, and how far back that is looked for: all of a
long history would take a tenth of a second."""
_MIDDLE = "SELECT id FROM operation ORDER BY id LIMIT 1 OFFSET (SELECT count(*) / 2 FROM operation)"
# The newest operation of each file stays: it holds the last declaration that was checked and published. So does the one
# that last says how a file was, changed or not.
_OLD = """
SELECT id FROM operation WHERE id < :bound AND state <> 'pending'
  AND id NOT IN (SELECT max(f.operation) FROM file AS f JOIN operation AS p ON p.id = f.operation
                 WHERE p.state = 'published' AND f.before_hash IS NOT f.after_hash GROUP BY f.path)
  AND id NOT IN (SELECT max(f.operation) FROM file AS f JOIN operation AS p ON p.id = f.operation
                 WHERE p.state = 'published' GROUP BY f.path)
"""
_DROP_BLOBS = """
DELETE FROM blob WHERE hash NOT IN
  (SELECT before_hash FROM file WHERE before_hash IS NOT NULL
   UNION SELECT after_hash FROM file WHERE after_hash IS NOT NULL)
"""


def trim(connection: sqlite3.Connection, seal: Seal, keep: Retention, last: int) -> int:
    """Drop the oldest operations beyond what is to be kept; return how many. last: the newest operation's id."""
    since = datetime.now(UTC) - timedelta(days=keep.days or 0)
    asked: list[tuple[str, tuple[int | str, ...]]] = [
        ("SELECT id FROM operation ORDER BY id DESC LIMIT 1 OFFSET ?", (keep.operations - 1,))
    ]
    if keep.days is not None:
        asked.append(("SELECT min(id) FROM operation WHERE time >= ?", (since.isoformat(timespec="seconds"),)))
    if _bytes(connection) > keep.bytes:
        asked.append((_MIDDLE, ()))
    bounds = [row[0] or last for query, values in asked for row in connection.execute(query, values)]
    bound = max(bounds, default=0)
    if not connection.execute("SELECT 1 FROM operation WHERE id < ? LIMIT 1", (bound,)).fetchone():
        return 0
    gone = [row[0] for row in connection.execute(_OLD, {"bound": bound})]
    if gone:
        connection.executemany("DELETE FROM operation WHERE id = ?", [(number,) for number in gone])
        connection.execute("DELETE FROM file WHERE operation NOT IN (SELECT id FROM operation)")
        connection.execute(_DROP_BLOBS)
        chain.drop(connection, seal, gone)
    return len(gone)


def _bytes(connection: sqlite3.Connection) -> int:
    names = ("page_count", "freelist_count", "page_size")
    figures = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names]
    return int((figures[0] - figures[1]) * figures[2])
