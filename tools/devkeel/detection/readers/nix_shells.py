"""Development shells that a repository has already: flake.nix and shell.nix, as their text shows them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from devkeel.deferred import Deferred
from devkeel.detection.tools import tool_named

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from devkeel.detection.evidence import Clue
    from devkeel.detection.repository import RepositoryFile
    from devkeel.project import flake_survey
else:
    flake_survey = Deferred("devkeel.project.flake_survey")

__all__ = ["NixShells"]

_FLAKE, _SHELL = "flake.nix", "shell.nix"
# A flake whose one shell is that of a shell.nix, so that both are read in one way.
_AROUND = b"{ outputs = _: { devShells.default = import ./shell.nix { }; }; }\n"
# nixpkgs: packages of a series have it in their attributes; what stands for the language, its compiler or its manager.
_SERIES = re.compile(
    r"(?P<name>nodejs|python|ruby|go|jdk|php|dotnet-sdk|elixir|erlang|zig|temurin-bin)(?P<version>[\d_-]*)"
)
_LANGUAGES = {
    **dict.fromkeys(("rustc", "cargo", "rustup", "rust-analyzer", "clippy", "rustfmt"), "rust"),
    **dict.fromkeys(("ghc", "cabal-install", "stack"), "haskell"),
    **dict.fromkeys(("jdk", "temurin-bin", "openjdk"), "java"),
    **dict.fromkeys(("nodejs", "nodejs-slim"), "javascript"),
    "dotnet-sdk": "dotnet",
    "gopls": "go",
    "php": "php",
}


class NixShells:
    """Reads the shells of a flake or a shell.nix at the root."""

    def matches(self, name: str) -> bool:
        """Return whether a file is one by its name."""
        return name in (_FLAKE, _SHELL)

    def read(self, file: RepositoryFile) -> Iterable[Clue]:
        """Yield the packages of the default shell, of all where none is the default."""

        def read(name: str) -> bytes | None:
            if name == _FLAKE and file.name == _SHELL:
                return _AROUND
            other = file.beside(name)
            return None if other is None else other.data

        survey = flake_survey.flake_survey(read)
        shells = [shell for shell in survey.shells if "default" in shell.name] if survey is not None else []
        for shell in shells or (survey.shells if survey is not None else ()):
            for name, place in shell.packages.items():
                where, _, line = place.rpartition(":")
                other = file if where == file.name else file.beside(where)
                if other is not None:
                    yield from _package(other, name, int(line))


def _package(file: RepositoryFile, name: str, line: int) -> Iterator[Clue]:
    if name.startswith("<"):
        return
    head = name.partition(".")[0]
    why = f"the shell of {file.name} has {name}"
    found = _SERIES.fullmatch(head)
    language = _language(found["name"] if found is not None else name)
    if language is not None:
        version = _version(language, found["version"]) if found is not None else None
        yield file.clue("language", language, line, "certain", why, seen=name, version=version)
        return
    tool = tool_named(name)
    if tool is not None and tool.about == "language":
        yield file.clue("language", tool.name, line, "certain", why, seen=name, options=dict(tool.options))
        return
    yield file.clue("package", name, line, "certain", why, seen=name)


def _language(name: str) -> str | None:
    if name in _LANGUAGES:
        return _LANGUAGES[name]
    tool = tool_named(name)
    return tool.name if tool is not None and tool.about == "language" and tool.versioned else None


def _version(language: str, digits: str) -> str | None:
    """Return the version in the name of an attribute: `python312`, `go_1_22`, `nodejs_20`, `php83`."""
    parts = [part for part in re.split(r"[_-]", digits) if part]
    if language in ("python", "php") and len(parts) == 1 and len(parts[0]) > 1:
        parts = [parts[0][0], parts[0][1:]]
    if language == "python" and parts == ["3"]:
        return None
    return ".".join(parts) or None
