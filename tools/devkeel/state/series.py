"""A small record in `.devkeel` of what came one after the other, the newest of it. Reading it makes nothing."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Generic, TypeVar

import msgspec

from devkeel.state.files import lock, make_directory, read_record, write_record

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["RecordSeries"]

T = TypeVar("T")
_VERSION, _KEPT = 1, 500
_PATIENCE = 10.0


class RecordSeries(Generic[T]):
    """What is kept under a name. name: of the file, without suffix. field: of the record. of: what each item is."""

    def __init__(self, name: str, field: str, of: type[T]) -> None:
        self._name, self._field, self._of = name, field, of

    def kept(self, state: Path) -> list[T]:
        """Return what is kept, the oldest first; nothing where there is nothing of this user's."""
        found = read_record(state / f"{self._name}.json")
        if found is None or found.get("version") != _VERSION or not isinstance(found.get(self._field), list):
            return []
        items = list[T]()
        for item in found[self._field]:
            with suppress(msgspec.ValidationError):  # of another devkeel
                items.append(msgspec.convert(item, self._of))
        return items

    def keep(self, state: Path, item: T) -> None:
        """Keep one more beside the newest of the others. Raises StateError."""
        make_directory(state)
        # Without the lock another's may be lost, and nothing else.
        with lock(state / f"{self._name}.lock", _PATIENCE):
            items = [*self.kept(state), item][-_KEPT:]
            write_record(state / f"{self._name}.json", {"version": _VERSION, self._field: msgspec.to_builtins(items)})
