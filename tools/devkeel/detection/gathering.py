"""Gathering evidence: each file that a reader knows is read, and says what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.detection.registry import READERS
from devkeel.detection.repository import is_aside
from devkeel.errors import DevkeelError
from devkeel.text.clean import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from devkeel.detection.evidence import Clue
    from devkeel.detection.registry import EvidenceReader
    from devkeel.detection.repository import Repository

__all__ = ["Gathered", "Unread", "gather"]


class Unread(Struct, frozen=True):
    """A file that was not understood. why: a clause."""

    file: str
    why: str


class Gathered(Struct, frozen=True):
    """What the files of a repository say. files: those that a reader knows; unread: those that it could not read."""

    clues: tuple[Clue, ...]
    files: tuple[str, ...]
    unread: tuple[Unread, ...]


def gather(repository: Repository, readers: Iterable[EvidenceReader] = READERS) -> Gathered:
    """Return what the files of a repository say, those of its root first; examples, pages and tests say nothing."""
    rows, files, unread = tuple(readers), list[str](), list[Unread]()
    clues: list[Clue] = []
    for name in repository.names:
        reading = () if is_aside(name) else tuple(row for row in rows if row.matches(name))
        file = repository.file(name) if reading else None
        if file is None:
            continue
        files.append(name)
        for row in reading:
            try:
                clues += row.read(file)
            except (ValueError, DevkeelError) as error:
                unread.append(Unread(name, one_line(getattr(error, "message", str(error)))))
            except (LookupError, TypeError, AttributeError, RecursionError):
                # A file of others may have any shape, and one of them hides no other.
                unread.append(Unread(name, "it is not laid out as its format has it"))
        if repository.budget.over:
            break  # the repository says that it was cut
    return Gathered(tuple(clues), tuple(files), tuple(dict.fromkeys(unread)))
