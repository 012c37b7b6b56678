"""What a generator is: a kind of file, or of several that belong together, made from the project and parameters."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from devkeel.project.declaration import read_declaration

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from devkeel.candidate.candidate import Candidate
    from devkeel.errors import Diagnostic, Place
    from devkeel.generate.parameters import Parameter

__all__ = ["Generated", "GeneratedFile", "Generator", "MergedFile", "ProjectSource"]


class ProjectSource(Struct, frozen=True):
    """What a generator makes its files from. given: the parameters of this call and those of the last time.

    parameters: these with the defaults, None where the generator is to find a value itself. backend: of the project's
    environment.
    """

    candidate: Candidate
    parameters: Mapping[str, Any]
    given: Mapping[str, Any]
    backend: str

    def read(self, name: str) -> bytes | None:
        """Return the bytes of a file of the project, None where there is none."""
        return self.candidate.read(name)

    @property
    def declared(self) -> dict[str, bytes]:
        """The files of the declaration, by name."""
        return read_declaration(self.candidate.basis)

    @property
    def name(self) -> str:
        """What the project is called, by its directory: lower case, digits and `-`."""
        return re.sub(r"[^a-z0-9]+", "-", self.candidate.root.name.lower()).strip("-") or "project"


class GeneratedFile(Struct, frozen=True):
    """A file with a part between marks. text: the part's lines, the last with its line feed.

    before, after: what stands around the part in a file that begins; it is the reader's from then on. comment: what
    begins a comment to the end of the line in this format.
    """

    name: str
    text: str
    comment: str = "#"
    before: str = ""
    after: str = ""


class MergedFile(Struct, frozen=True):
    """A file that takes no marks. merge: of its bytes (None: it is not there) and of whether what differs is replaced.

    It returns the new bytes, and raises Refused where it would take away what a person wrote, and is not to.
    """

    name: str
    merge: Callable[[bytes | None, bool], bytes]


class Generated(Struct, frozen=True):
    """What a generator makes. parameters: those that are kept in the parts, so that the next call needs none.

    notes: what could not be carried over, and what is to be done next. runs: when something runs that the files add.
    findings: warnings about what is made.
    """

    files: tuple[GeneratedFile | MergedFile, ...]
    parameters: Mapping[str, Any]
    notes: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()
    findings: tuple[Diagnostic, ...] = ()


class Generator(Struct, frozen=True):
    """A kind of files. name: as a caller calls it. about: one line of what it makes.

    places: the files that it makes, by its parameters; the first that is there has those of the last time. generate:
    of the source; raises Refused or ProjectError where the files cannot be made of this project. adopted: a file of a
    name with a part for what devkeel wrote there before it had parts. kept: of a reader of files, the parameters of the
    last time in a file that takes no marks, as they stand there, with their place; None without such a file.
    enters: whether what it makes, by its parameters, enters or realises the environment, which has to be declared.
    """

    name: str
    about: str
    parameters: tuple[Parameter, ...]
    places: Callable[[Mapping[str, Any]], tuple[str, ...]]
    generate: Callable[[ProjectSource], Generated]
    adopted: Callable[[str, bytes], bytes] = lambda _name, data: data
    kept: Callable[[Callable[[str], bytes | None]], tuple[Place, object] | None] = lambda _read: None
    enters: Callable[[Mapping[str, Any]], bool] = lambda _parameters: False
