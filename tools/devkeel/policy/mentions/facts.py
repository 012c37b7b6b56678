"""One thing that the files say about an option, and the files themselves."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.errors import DevkeelError
from devkeel.project.declaration import origin

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from devkeel.project.root import Reader

__all__ = ["UNPARSED", "DeclarationFiles", "Fact"]

# The kind of a file that says nothing that can be read.
UNPARSED = "a file that does not parse"


@dataclass(frozen=True, slots=True)
class Fact:
    """A part of the files that the option depends on.

    text: its tokens, without comments and layout; two facts are the same when these are. kind: what it is, in words.
    opaque: it could be about the option, and cannot be looked into. missing: it is not there; once it is, it speaks for
    itself. file, line: where, for messages only.
    """

    text: str
    kind: str = field(compare=False)
    file: str = field(compare=False)
    line: int | None = field(default=None, compare=False)
    opaque: bool = field(default=False, compare=False)
    missing: bool = field(default=False, compare=False)


class DeclarationFiles(Struct, frozen=True):
    """The files of a project, as they are or as they would be.

    read: the bytes of a file by its path relative to the root, None where there is none or it is not to be read.
    changed: the names of those that differ between the two versions that are compared. origin: the file that relative
    paths of one begin at, which a link leads to.
    """

    read: Callable[[str], bytes | None]
    changed: frozenset[str] = frozenset()
    origin: Callable[[str], str] = str

    @classmethod
    def of(cls, project: Reader, given: Mapping[str, bytes | None], changed: frozenset[str]) -> DeclarationFiles:
        """Return the files of a project as they would be. given: those that differ from the disk; None for none."""

        def read(name: str) -> bytes | None:
            try:
                relative = project.resolve(name)
                return given[relative] if relative in given else project.read(relative)
            except DevkeelError:
                return None

        def begins(name: str) -> str:
            try:
                return origin(project, name)
            except DevkeelError:
                return name

        return cls(cache(read), changed, begins)
