"""Projects of .NET: global.json and what MSBuild builds."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from devkeel.detection.readers.xml_elements import elements
from devkeel.detection.versions import newest
from devkeel.source import jsonc

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from devkeel.detection.evidence import Clue
    from devkeel.detection.repository import RepositoryFile

__all__ = ["DotnetProjects"]

_PROJECTS = (".csproj", ".fsproj", ".vbproj")
# Target frameworks in SDK-style projects: `net8.0`, `net8.0-windows`; `netstandard2.0` and `net48` are not its own.
_FRAMEWORK = re.compile(r"net(\d+\.\d+)(?:-\w+)?|netcoreapp(\d+\.\d+)")


class DotnetProjects:
    """Reads what projects of .NET declare."""

    def matches(self, name: str) -> bool:
        """Return whether a file is one of theirs, by its path."""
        return posixpath.basename(name) == "global.json" or name.endswith(_PROJECTS)

    def read(self, file: RepositoryFile) -> Iterable[Clue]:
        """Yield the SDK with its version."""
        return _global(file) if file.name.endswith(".json") else _project(file)


def _global(file: RepositoryFile) -> Iterator[Clue]:
    version = (jsonc.Document(file.data, file.name).root.value.get("sdk") or {}).get("version")
    if isinstance(version, str):
        line = file.line_with('"version"')
        yield file.clue("language", "dotnet", line, "certain", f"it asks for the SDK {version}", version=version)


def _project(file: RepositoryFile) -> Iterator[Clue]:
    for item in elements(file.data):
        if item.name in ("TargetFramework", "TargetFrameworks"):
            found = [next(part for part in groups if part) for groups in _FRAMEWORK.findall(item.text)]
            version = newest(found) if found else None
            why = f"it targets .NET {version}" if version else "MSBuild builds it"
            yield file.clue("language", "dotnet", item.line, "certain", why, version=version)
            return
    yield file.clue("language", "dotnet", None, "certain", "MSBuild builds it")
