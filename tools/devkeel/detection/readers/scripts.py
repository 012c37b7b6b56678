"""Scripts by their first line, and the variables that an example of an `.env` file names."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from devkeel.detection.interpolation import env_lines
from devkeel.detection.tools import tool_named
from devkeel.detection.variables import variable_clue

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from devkeel.detection.evidence import Certainty, Clue
    from devkeel.detection.repository import RepositoryFile

__all__ = ["EnvExamples", "Scripts", "interpreter", "is_script"]

_FOLDERS = frozenset({"", "bin", "script", "scripts", "tools", "hack", "ci", ".ci", "dev", "build", "devtools"})
_ENDINGS = re.compile(r"[\w-]+(?:\.(?:sh|bash|py|rb|pl|js|mjs|ts|php|exs))?")
_EXAMPLE = re.compile(r"\.?env(?:\.[\w-]+)?\.(?:example|sample|template|dist|tpl)|\.env-example|example\.env")
# execve(2): an interpreter with one argument; env(1) -S splits it into several.
_SHEBANG = re.compile(r"#!\s*(?:\S*/env\s+(?:-\S+\s+)*(?:\w+=\S+\s+)*)?(?:\S*/)?(?P<program>[\w.+-]+)")
_NUMBERED = re.compile(r"(?P<name>[a-z]+?)(?P<version>\d+(?:\.\d+)?)?")


class Scripts:
    """Reads first lines: what a script is run by is needed by whoever runs it."""

    def matches(self, name: str) -> bool:
        """Return whether a file may be a script by its place and name."""
        return is_script(name)

    def read(self, file: RepositoryFile) -> Iterable[Clue]:
        """Yield the language of its interpreter."""
        found = _NUMBERED.fullmatch(interpreter(file) or "")
        tool = tool_named(found["name"]) if found is not None else None
        if tool is None or tool.about != "language":
            return
        # A helper among the sources of another language is run by few.
        sure: Certainty = "possible" if file.folder else "likely"
        version = found["version"] if found is not None and "." in (found["version"] or "") else None
        yield file.clue("language", tool.name, 1, sure, f"{tool.spoken} runs the script", version=version)


class EnvExamples:
    """Reads examples of `.env` files for the names in them; their values are examples."""

    def matches(self, name: str) -> bool:
        """Return whether a file is one by its name."""
        return _EXAMPLE.fullmatch(posixpath.basename(name)) is not None

    def read(self, file: RepositoryFile) -> Iterator[Clue]:
        """Yield the variables without their values."""
        for item in env_lines(file):
            why = "the project reads it, as its example shows"
            yield from variable_clue(file, item.name, None, item.line, why, "possible")


def is_script(name: str) -> bool:
    """Return whether a file may be a script by its place and name."""
    return posixpath.dirname(name) in _FOLDERS and _ENDINGS.fullmatch(posixpath.basename(name)) is not None


def interpreter(file: RepositoryFile) -> str | None:
    """Return the program that runs a script by its first line, None where it says none."""
    if not file.data.startswith(b"#!"):
        return None
    found = _SHEBANG.match(file.data[:256].decode("utf-8", "replace"))
    return None if found is None else found["program"]
