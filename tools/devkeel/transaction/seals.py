"""The seal of an operation: over its row and those of its files, in the project whose history it is."""

from __future__ import annotations

import hashlib
import json
from operator import itemgetter
from types import NoneType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from devkeel.state.origin import Seal
    from devkeel.transaction.operation import FileImage

__all__ = ["COLUMNS", "compared", "digest_of", "is_sealed", "mark_of"]

_KIND = "operation"
COLUMNS = (
    *("id", "token", "state", "time", "kind", "actor", "reason", "edits", "report"),
    *("revision_before", "revision_after", "reverts", "root", "applies"),
)
"""The columns of an operation that are sealed: all but the mark itself."""
_VALUES = itemgetter(*COLUMNS)
_OURS = frozenset({str, int, bool, NoneType})
# A value of a kind that devkeel never writes has some digest too, which is not the one that the chain has.
_ENCODER = json.JSONEncoder(separators=(",", ":"), default=repr)


def mark_of(seal: Seal, row: Mapping[str, Any], files: Sequence[FileImage]) -> str:
    """Return the mark of an operation. row: its columns; files: in their order. A content is sealed by its hash."""
    return seal.mark(_KIND, *_parts(row, files))


def digest_of(row: Mapping[str, Any], files: Sequence[FileImage]) -> str:
    """Return the SHA-256 of what a mark seals, in hexadecimal; whoever has the operation can compute it.

    It is over the JSON of a list, without white space, ASCII alone: `operation`, the columns in their order, then a
    list for each file.
    """
    return _digest(_written(_parts(row, files)))


def is_sealed(seal: Seal, row: Mapping[str, Any], files: Sequence[FileImage]) -> bool:
    """Return whether a row carries its mark. One with values of other kinds than devkeel writes carries none."""
    parts = _parts(row, files)
    return _are_ours(parts) and seal.holds_of(row["mark"], _KIND, _written(parts))


def compared(seal: Seal, row: Mapping[str, Any], files: Sequence[FileImage]) -> tuple[bool, str]:
    """Return both at once, for who goes through all of a history: whether a row carries its mark, and its digest."""
    parts = _parts(row, files)
    text = _written(parts)
    return _are_ours(parts) and seal.holds_of(row["mark"], _KIND, text), _digest(text)


def _digest(text: str) -> str:
    return hashlib.sha256(f'["{_KIND}",{text}]'.encode()).hexdigest()


def _written(parts: Sequence[Any]) -> str:
    return _ENCODER.encode(parts)[1:-1]


def _are_ours(parts: Sequence[Any]) -> bool:
    values, images = parts[: len(COLUMNS)], parts[len(COLUMNS) :]
    return _OURS.issuperset(map(type, values)) and all(_OURS.issuperset(map(type, item)) for item in images)


def _parts(row: Mapping[str, Any], files: Sequence[FileImage]) -> list[Any]:
    values = [int(value) if value is True or value is False else value for value in _VALUES(row)]
    images = ([item.path, item.before_hash, item.after_hash, item.mode_before, item.mode_after] for item in files)
    return [*values, *images]
