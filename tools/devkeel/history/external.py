"""Edits that went past devkeel: where the files are not as the history last knew them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.errors import DevkeelError
from devkeel.project.root import digest
from devkeel.transaction import FileChange

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devkeel.transaction import Transactions

__all__ = ["not_noted"]


def not_noted(store: Transactions, contents: Mapping[str, bytes | None]) -> list[FileChange]:
    """Return the files that are not as the history last knew them: as it knew them, and as they are.

    contents: what was read already, by path. A file that cannot be read is not known to be another one.
    """
    found = list[FileChange]()
    for path, left in sorted(store.left().items()):
        try:
            data = contents[path] if path in contents else store.project.read(path)
        except DevkeelError:
            continue
        if (None if data is None else digest(data)) != left.hash:
            found.append(FileChange(path, store.content(left.hash), data))
    return found
