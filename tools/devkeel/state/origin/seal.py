"""A seal: what devkeel wrote for one project carries a mark that cannot be made without the key."""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Seal", "written"]

_Part = str | int | None


# JSON keeps the parts and their kinds apart: no two lists of parts have the same text. One encoder for all of them:
# `json.dumps` makes one for each call that wants no white space, which costs as much as what it writes.
_ENCODER = json.JSONEncoder(separators=(",", ":"))


def written(parts: Sequence[_Part | Sequence[_Part]]) -> str:
    """Return parts as the text that is sealed, without what is before and behind them."""
    return _ENCODER.encode(parts)[1:-1]


@dataclass(frozen=True, slots=True)
class Seal:
    """The key together with the random id of the project, so that a mark says nothing in another project."""

    key: bytes = field(repr=False)
    project: str

    def mark(self, kind: str, *parts: _Part | Sequence[_Part]) -> str:
        """Return the mark of a record: HMAC-SHA256 in hexadecimal, over its kind, the project and its parts."""
        return self.mark_of(kind, written(parts))

    def mark_of(self, kind: str, parts: str) -> str:
        """Return the mark of a record. parts: as `written` has them, for who needs that for more."""
        # Kinds and ids of projects have no letter that JSON writes in another way.
        text = f'["{kind}","{self.project}",{parts}]'
        # RFC 2104: a key of 32 bytes is as long as the hash, the least that it advises.
        return hmac.digest(self.key, text.encode(), "sha256").hex()

    def holds(self, mark: object, kind: str, *parts: _Part | Sequence[_Part]) -> bool:
        """Return whether a mark is that of a record."""
        return self.holds_of(mark, kind, written(parts))

    def holds_of(self, mark: object, kind: str, parts: str) -> bool:
        """Return whether a mark is that of a record. parts: as `written` has them."""
        # compare_digest takes as long for any wrong mark, and raises TypeError for text that is not ASCII (Python,
        # hmac).
        return isinstance(mark, str) and mark.isascii() and hmac.compare_digest(mark, self.mark_of(kind, parts))
