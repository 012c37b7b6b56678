"""Regular expressions that are compiled by their first use: a command meets a fraction of them."""

from __future__ import annotations

import re
from typing import cast

__all__ = ["expression"]


class _Pattern:
    def __init__(self, source: str, flags: int) -> None:
        self._source, self._flags = source, flags

    def __getattr__(self, name: str) -> object:
        found = getattr(re.compile(self._source, self._flags), name)
        setattr(self, name, found)
        return found


def expression(source: str, flags: int = 0) -> re.Pattern[str]:
    """Return what behaves like the compiled pattern."""
    return cast("re.Pattern[str]", _Pattern(source, flags))
