"""One option of devenv."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from devkeel.source.path import AttrPath

__all__ = ["Option"]


_NAMES = re.compile(r'"([^"]*)"|([^."]+)')


class Option(Struct, frozen=True):
    """One option. `path` may have `<name>` where any attribute name stands; `type` is the module system's phrase."""

    path: str
    type: str
    default: str = ""
    allowed: str = ""
    read_only: bool = False
    description: str = ""

    @property
    def names(self) -> AttrPath:
        """The path as names, placeholders included."""
        if '"' not in self.path:
            return tuple(self.path.split("."))
        return tuple(match[1] if match[1] is not None else match[2] for match in _NAMES.finditer(self.path))
