"""The seal of an operation: over its row and those of its files, in the project whose history it is."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from devkeel.state.origin import Seal
    from devkeel.transaction.operation import FileImage

__all__ = ["COLUMNS", "digest_of", "is_sealed", "mark_of"]

_KIND = "operation"
COLUMNS = (
    *("id", "token", "state", "time", "kind", "actor", "reason", "edits", "report"),
    *("revision_before", "revision_after", "reverts", "root", "applies"),
)
"""The columns of an operation that are sealed: all but the mark itself."""


def mark_of(seal: Seal, row: Mapping[str, Any], files: Sequence[FileImage]) -> str:
    """Return the mark of an operation. row: its columns; files: in their order. A content is sealed by its hash."""
    return seal.mark(_KIND, *_parts(row, files))


def digest_of(row: Mapping[str, Any], files: Sequence[FileImage]) -> str:
    """Return the SHA-256 of what a mark seals, in hexadecimal; whoever has the operation can compute it.

    It is over the JSON of a list, without white space, ASCII alone: `operation`, the columns in their order, then a
    list for each file.
    """
    # A value of a kind that devkeel never writes has some digest too, which is not the one that the chain has.
    text = json.dumps([_KIND, *_parts(row, files)], separators=(",", ":"), default=repr)
    return hashlib.sha256(text.encode()).hexdigest()


def is_sealed(seal: Seal, row: Mapping[str, Any], files: Sequence[FileImage]) -> bool:
    """Return whether a row carries its mark. One with values of other kinds than devkeel writes carries none."""
    parts = _parts(row, files)
    flat = [part for item in parts for part in (item if isinstance(item, list) else [item])]
    return all(isinstance(part, str | int | None) for part in flat) and seal.holds(row["mark"], _KIND, *parts)


def _parts(row: Mapping[str, Any], files: Sequence[FileImage]) -> list[Any]:
    images = [[item.path, item.before_hash, item.after_hash, item.mode_before, item.mode_after] for item in files]
    values = [int(row[name]) if isinstance(row[name], bool) else row[name] for name in COLUMNS]
    return [*values, *images]
