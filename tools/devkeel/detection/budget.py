"""What looking at a repository may cost: one budget of time and of work for all of it, a part of it for each file."""

from __future__ import annotations

import time

__all__ = ["Budget", "FileBudget"]

_SECONDS = 20  # a repository of 20,000 files takes three
# Characters read, and made of what was read: texts of shell, clues.
_MOST, _MOST_OF_FILE = 32 * 1024 * 1024, 4 * 1024 * 1024


class Budget:
    """The budget of one look. It is spent once; what asks for more is refused, and what is left out is to be said."""

    def __init__(self, seconds: float = _SECONDS, most: int = _MOST) -> None:
        self._end, self._left, self._seconds = time.monotonic() + seconds, most, seconds

    @property
    def over(self) -> bool:
        """Whether nothing more may be looked at."""
        return self._left < 0 or time.monotonic() > self._end

    def spend(self, size: int) -> None:
        """Take a number of characters. Raises ValueError with why there are none left, as a clause."""
        self._left -= size
        if self.over:
            why = "had more in them than is looked at" if self._left < 0 else f"took more than {self._seconds} seconds"
            raise ValueError(f"this and others {why}")


class FileBudget:
    """The part of a budget that one file may take, so that none of them hides the others."""

    def __init__(self, whole: Budget, most: int = _MOST_OF_FILE) -> None:
        self._whole, self._left = whole, most

    def spend(self, size: int) -> None:
        """Take a number of characters. Raises ValueError with why there are none left, as a clause."""
        self._left -= size
        if self._left < 0:
            raise ValueError("it makes more of itself than is looked at")
        self._whole.spend(size)
