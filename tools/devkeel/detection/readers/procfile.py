"""Procfiles: what a project runs, a line each."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from devkeel.detection.evidence import Certainty, Clue
    from devkeel.detection.repository import RepositoryFile

__all__ = ["Procfiles"]

# Foreman, PROCFILE: `NAME: COMMAND`, the name of letters, digits, underscore and hyphen.
_LINE = re.compile(r"([A-Za-z0-9_-]+):\s*(\S.*)")
_OF_DEVELOPMENT = "Procfile.dev"
# What a platform runs at a release, and no process.
_ONCE = frozenset({"release"})


class Procfiles:
    """Reads a Procfile, and the one for development, which counts where there is one."""

    def matches(self, name: str) -> bool:
        """Return whether a file is one of the root's by its name."""
        return name in ("Procfile", _OF_DEVELOPMENT)

    def read(self, file: RepositoryFile) -> Iterable[Clue]:
        """Yield a process for each line."""
        return _processes(file)


def _processes(file: RepositoryFile) -> Iterator[Clue]:
    base = posixpath.basename(file.name)
    deployed = base != _OF_DEVELOPMENT and file.beside(_OF_DEVELOPMENT) is not None
    certainty: Certainty = "possible" if deployed else "likely"
    for number, line in enumerate(file.lines, 1):
        found = _LINE.match(line)
        if found is not None and found[1] not in _ONCE:
            yield file.clue("process", found[1], number, certainty, f"{base} runs it", value=found[2].strip())
