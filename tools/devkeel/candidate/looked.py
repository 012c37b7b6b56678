"""What was looked at before something was said to be there, or not to be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Looked"]

_SHOWN = 8


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

    @property
    def names(self) -> str:
        """The files as a phrase, not more than eight of them."""
        more = len(self.files) - _SHOWN
        return ", ".join(self.files[:_SHOWN]) + (f" and {more} more" if more > 0 else "")

    def says(self, sentence: str) -> str:
        """Return a sentence about what is there or not, with what was not read and may say otherwise."""
        return f"{sentence} Not read: {', '.join(self.unread)}." if self.unread else sentence


def _once(*parts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item for part in parts for item in part))
