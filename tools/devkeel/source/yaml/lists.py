"""Lists: append."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.source.plain_data import dotted, require_data, shown, without_known
from devkeel.source.splice import Edited
from devkeel.source.yaml.entries import create, extend, require_own
from devkeel.source.yaml.proof import prove
from devkeel.source.yaml.values import data_of

if TYPE_CHECKING:
    from devkeel.source.plain_data import Data
    from devkeel.source.yaml.document import Document

__all__ = ["append"]


def append(document: Document, path: tuple[str, ...], values: list[Data]) -> Edited:
    """Append those values to the list at a path that it does not have; a missing list is made."""
    require_data(values)
    found = document.find(path)
    if found.rest or found.item is None:
        new, _ = without_known([], values)
        return prove(document, create(document, path, found, new), path, new) if new else Edited(document.data)
    item, entry = found.item, found.entries[-1]
    require_own(document, item, path)
    if item.kind != "list" and not (item.vacant and item.kind == "scalar"):
        raise document.refuse("opaque_value", f"{dotted(path)} has no list to add to.", item.start)
    data = data_of(document, item)
    known = data if isinstance(data, list) else []
    new, old = without_known(known, values)
    notes = [f"{shown(value)} is already in {dotted(path)}." for value in old]
    if not new:
        return Edited(document.data, notes=tuple(notes))
    return prove(document, extend(document, entry, new), path, [*known, *new], notes)
