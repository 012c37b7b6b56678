"""Marks: what the state of a project looks like from outside, so that a change of any process is seen.

A mark changes whenever what it stands for does; it may change without that, and then a page only looks once more.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from typing import TYPE_CHECKING

from devkeel.errors import DevkeelError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from devkeel_review.review import Review

__all__ = ["MARKS", "marks"]

# What each mark is of, by the beginnings of names below `.devkeel`.
MARKS: dict[str, tuple[str, ...]] = {
    "history": ("state.db", "state.db-wal"),
    "declaration": (),
    "environments": ("environments", "environment"),
    "jobs": ("jobs",),
    "processes": ("processes",),
    "gates": ("gates.json",),
    "proposals": ("proposals",),
}
_DEEP = 3


def marks(review: Review) -> dict[str, str]:
    """Return the marks as they are now."""
    state = review.root / ".devkeel"
    found = {mark: _of(seen for name in names for seen in _seen(state / name, _DEEP)) for mark, names in MARKS.items()}
    with suppress(DevkeelError):
        found["declaration"] = review.call(lambda environment: environment.revision())
    return found


def _of(seen: Iterator[str]) -> str:
    return hashlib.sha256("\n".join(seen).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _seen(path: Path, deep: int) -> Iterator[str]:
    """Yield what the system says of a file, or of all that is below a directory; nothing is read or followed."""
    try:
        found = path.lstat()
    except OSError:
        return
    yield f"{path.name} {found.st_ino} {found.st_size} {found.st_mtime_ns}"
    if path.is_dir() and not path.is_symlink() and deep:
        with suppress(OSError):
            for inner in sorted(path.iterdir()):
                yield from _seen(inner, deep - 1)
