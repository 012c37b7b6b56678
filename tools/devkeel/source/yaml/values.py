"""Items as data: what a path says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from devkeel.source.plain_data import dotted
from devkeel.source.yaml.document import MERGE
from devkeel.source.yaml.scalars import resolve

if TYPE_CHECKING:
    from devkeel.source.plain_data import Data
    from devkeel.source.yaml.document import Document, Item

__all__ = ["data_of", "value_at"]

_SURROGATE = re.compile("[\ud800-\udfff]")
_MAX_DEPTH = 100
_MAX_ITEMS = 100_000


def value_at(document: Document, path: tuple[str, ...]) -> Data:
    """Return the value at a path, aliases followed; KeyError when nothing defines it."""
    found = document.find(path, reading=True)
    if found.rest or found.item is None:
        raise KeyError(dotted(path))
    return data_of(document, found.item)


def data_of(document: Document, item: Item) -> Data:
    """Return an item as data. Raises Refused for tags, merges, keys that are there twice, and endless aliases."""
    return _Data(document).of(item, 0)


class _Data:
    def __init__(self, document: Document) -> None:
        self.document = document
        self.count = 0

    def of(self, item: Item, depth: int) -> Data:
        self.count += 1
        # An alias of aliases of aliases is small text and much data ("billion laughs").
        if depth > _MAX_DEPTH or self.count > _MAX_ITEMS:
            raise self.document.refuse("unsupported_style", "Aliases make this value too large.", item.start)
        if item.target is not None:
            return self.of(item.target, depth + 1)
        if item.tag is not None:
            raise self.document.refuse_tag(item, ())
        if item.kind == "scalar":
            if _SURROGATE.search(item.value):
                raise self.document.refuse("unsupported_style", "An escape in this text is no character.", item.start)
            return item.value if item.style else resolve(item.value)
        if item.kind == "list":
            return [self.of(child, depth + 1) for child in item.items]
        return self._mapping(item, depth)

    def _mapping(self, item: Item, depth: int) -> Data:
        result: dict[str, Data] = {}
        for entry in item.entries:
            key = entry.key
            if key.kind != "scalar":
                raise self.document.refuse("unsupported_style", "A key is no scalar.", key.start)
            if key.value == MERGE:
                raise self.document.refuse("inherited", "A part comes from a merge (<<).", key.start)
            if key.value in result:
                raise self.document.refuse("duplicate_attribute", f"{key.value} is there twice.", key.start)
            result[key.value] = self.of(entry.value, depth + 1)
        return result
