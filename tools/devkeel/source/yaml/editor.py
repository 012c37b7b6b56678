"""The verbs of the YAML editor: each takes bytes or an open document and returns an edit that is proven."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.source.plain_data import Data, names_of
from devkeel.source.splice import Edited, Span, Splice
from devkeel.source.yaml import entries as _entries
from devkeel.source.yaml import lists as _lists
from devkeel.source.yaml.document import Document
from devkeel.source.yaml.values import value_at as _value_at

if TYPE_CHECKING:
    from collections.abc import Sequence

    from devkeel.source.yaml.document import Entry

__all__ = [
    "Data",
    "Document",
    "Edited",
    "Span",
    "Splice",
    "append",
    "exchange",
    "get",
    "remove",
    "set",
    "take_out",
    "unset",
]


def _open(data: bytes | Document) -> Document:
    return data if isinstance(data, Document) else Document(data)


def get(data: bytes | Document, path: str | Sequence[str]) -> Data:
    """Return the value at a path; KeyError when nothing defines it."""
    return _value_at(_open(data), names_of(path))


def set(data: bytes | Document, path: str | Sequence[str], value: Data) -> Edited:  # noqa: A001  (as users know it)
    """Set a path to a value, in place or behind the last sibling; missing mappings on the way are made."""
    return _entries.set_value(_open(data), names_of(path), value)


def unset(data: bytes | Document, path: str | Sequence[str]) -> Edited:
    """Remove what is at a path, with the comment that belongs to it."""
    return _entries.unset(_open(data), names_of(path))


def append(data: bytes | Document, path: str | Sequence[str], *values: Data) -> Edited:
    """Append elements to a list, those that it does not have yet."""
    return _lists.append(_open(data), names_of(path), [*values])


def remove(data: bytes | Document, path: str | Sequence[str], *values: Data) -> Edited:
    """Remove elements from a list, each wherever it stands in it."""
    return _lists.remove(_open(data), names_of(path), [*values])


def exchange(document: Document, entry: Entry, index: int, text: str) -> Edited:
    """Give one element of an entry's list another text."""
    return _lists.exchange(document, entry, index, text)


def take_out(document: Document, entry: Entry, index: int) -> Edited:
    """Remove one element of an entry's list, with the remark beside it."""
    return _lists.take_out_element(document, entry, index)
