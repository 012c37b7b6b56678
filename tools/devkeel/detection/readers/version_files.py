"""Files that name versions of tools: `.tool-versions`, `mise.toml`, `.nvmrc`, `.python-version`, `.sdkmanrc`."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from devkeel.detection.tools import tool_named
from devkeel.detection.versions import numbered
from devkeel.source import toml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from devkeel.detection.evidence import Clue
    from devkeel.detection.repository import RepositoryFile

__all__ = ["VersionFiles"]

# A file that has one version of one tool.
_SINGLE = {
    ".nvmrc": "nodejs",
    ".node-version": "nodejs",
    ".python-version": "python",
    ".ruby-version": "ruby",
    ".java-version": "java",
    ".go-version": "golang",
    ".php-version": "php",
    ".terraform-version": "terraform",
    ".bun-version": "bun",
    ".deno-version": "deno",
    ".elixir-version": "elixir",
    ".zigversion": "zig",
}
_TOOL_VERSIONS = ".tool-versions"
_SDKMAN = ".sdkmanrc"
# mise: Configuration, "mise.toml": the names under which it is looked for.
_MISE = ("mise.toml", ".mise.toml")
_MISE_OF_ROOT = frozenset({"mise/config.toml", ".mise/config.toml", ".config/mise.toml"})


class VersionFiles:
    """Reads the files of version managers."""

    def matches(self, name: str) -> bool:
        """Return whether a file is one of theirs."""
        base = posixpath.basename(name)
        return (
            base in _SINGLE or base in (_TOOL_VERSIONS, _SDKMAN) or name in _MISE or base in ("mise.toml", ".mise.toml")
        )

    def read(self, file: RepositoryFile) -> Iterable[Clue]:
        """Yield a language or a package for each tool that is known."""
        base = posixpath.basename(file.name)
        if base in _SINGLE:
            return _single(file, _SINGLE[base])
        if base == _TOOL_VERSIONS:
            return _tool_versions(file)
        return _sdkman(file) if base == _SDKMAN else _mise(file)


def _single(file: RepositoryFile, tool: str) -> Iterator[Clue]:
    for number, line in enumerate(file.lines, 1):
        word = line.partition("#")[0].strip()
        if word:
            yield from _clue(file, tool, number, word)
            return


def _tool_versions(file: RepositoryFile) -> Iterator[Clue]:
    # asdf: Configuration, ".tool-versions": a tool, then its versions; the first is the one, others are fallbacks.
    for number, line in enumerate(file.lines, 1):
        words = line.partition("#")[0].split()
        if words:
            yield from _clue(file, words[0], number, words[1] if len(words) > 1 else "")


def _sdkman(file: RepositoryFile) -> Iterator[Clue]:
    # SDKMAN!, "Env command": lines of `candidate=version`; a version of Java ends in its vendor: `21.0.2-tem`.
    for number, line in enumerate(file.lines, 1):
        tool, equals, version = line.partition("#")[0].partition("=")
        if equals:
            yield from _clue(file, tool.strip(), number, version.strip())


def _mise(file: RepositoryFile) -> Iterator[Clue]:
    document = toml.Document(file.data, file.name)
    tools = document.model.get("tools")
    for name, given in tools.items() if isinstance(tools, dict) else ():
        first = given[0] if isinstance(given, list) and given else given
        version = first.get("version") if isinstance(first, dict) else first
        if isinstance(version, (str, int, float)):
            yield from _clue(file, name, document.place("tools", name).line, str(version))


def _clue(file: RepositoryFile, tool: str, line: int | None, word: str) -> Iterator[Clue]:
    """Yield what a tool with a version says. word: the version as it is written, also `v20`, `lts/*`, `python-3.12`."""
    known = tool_named(tool.rpartition(":")[2] if tool.startswith(("core:", "asdf:")) else tool)
    if known is None:
        return
    version = numbered(word, known.name) if known.versioned else None
    options: dict[str, Any] = dict(known.options)
    why = f"it asks for {known.spoken}{f' {version}' if version else ''}"
    yield file.clue(known.about, known.name, line, "certain", why, version=version, options=options)
