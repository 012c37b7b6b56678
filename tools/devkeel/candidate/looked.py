"""What was looked at before something was said to be there, or not to be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Looked"]


class Looked(Struct, frozen=True):
    """What was read of a project for one answer, and what belongs to it and could not be read.

    files: by name, whole; one that is not there was looked for. unread: phrases that name a place and a reason.
    """

    files: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()

    def __add__(self, other: Looked) -> Looked:
        """Return what both looked at."""
        return Looked(_once(self.files, other.files), _once(self.unread, other.unread))

    def __bool__(self) -> bool:
        """Whether anything was looked at."""
        return bool(self.files)

    def __str__(self) -> str:
        """Return it as a phrase."""
        files = ", ".join(self.files) or "nothing"
        return f"{files}; not read: {', '.join(self.unread)}" if self.unread else files


def _once(*parts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item for part in parts for item in part))
