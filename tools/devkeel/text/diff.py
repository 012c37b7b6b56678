"""Differences as people read them: unified diffs of files."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["unified", "unified_all", "without_locks"]


def unified(name: str, before: bytes | None, after: bytes | None) -> str:
    """Return the unified diff of one file; None stands for a file that does not exist."""
    old, new = (_lines(data) for data in (before, after))
    left = "/dev/null" if before is None else f"a/{name}"
    right = "/dev/null" if after is None else f"b/{name}"
    rows = difflib.unified_diff(old, new, left, right)
    # As diff(1) and Git mark it: without the mark the patch would add a line break.
    return "".join(row if row.endswith("\n") else f"{row}\n\\ No newline at end of file\n" for row in rows)


def unified_all(files: Iterable[tuple[str, bytes | None, bytes | None]]) -> str:
    """Return the unified diffs of several files, one behind the other."""
    return "".join(unified(name, before, after) for name, before, after in files if before != after)


def without_locks(files: Iterable[tuple[str, bytes | None, bytes | None]]) -> str:
    """Return the same for an answer: of a long change of a lock only how long it is, for hashes are not read."""
    return "".join(_brief(name, before, after) for name, before, after in files if before != after)


_LONG = 40
_LOCKS = ("lock", "lock.json", "lock.yaml", "lock.yml", "lockb", "go.sum", "shrinkwrap.json")


def _brief(name: str, before: bytes | None, after: bytes | None) -> str:
    whole = unified(name, before, after)
    rows = whole.split("\n")
    if len(rows) <= _LONG or not (name.endswith(_LOCKS) or b"--hash=" in (after or before or b"")):
        return whole
    added = sum(row.startswith("+") for row in rows) - 1
    removed = sum(row.startswith("-") for row in rows) - 1
    return f"{rows[0]}\n{rows[1]}\n@@ a lock: {added} lines added, {removed} removed; the history has them @@\n"


def _lines(data: bytes | None) -> list[str]:
    # Split at line feeds only: other separators are content to Nix.
    text = (data or b"").decode("utf-8", "replace")
    return [line + "\n" for line in text.split("\n")[:-1]] + [last for last in text.split("\n")[-1:] if last]
