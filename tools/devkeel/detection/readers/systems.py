"""Manifests of languages that are compiled: go.mod, Cargo.toml, rust-toolchain, CMake, Zig, Haskell."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Any

from devkeel.source import toml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from devkeel.detection.evidence import Clue
    from devkeel.detection.repository import RepositoryFile

__all__ = ["SystemsManifests"]

# Crates that build against a library of the system, and look for it with pkg-config (their build scripts).
_CRATES = {"openssl-sys": "openssl", "openssl": "openssl", "native-tls": "openssl"}
# Their feature `vendored` builds the library itself.
_VENDORED = "vendored"


class SystemsManifests:
    """Reads what projects of compiled languages declare."""

    def matches(self, name: str) -> bool:
        """Return whether a file is one of theirs, by its path."""
        return _reader(name) is not None

    def read(self, file: RepositoryFile) -> Iterable[Clue]:
        """Yield the language with its version, and what it is built with."""
        reader = _reader(file.name)
        return () if reader is None else reader(file)


def _reader(name: str) -> Callable[[RepositoryFile], Iterator[Clue]] | None:
    base = posixpath.basename(name)
    return _BY_NAME.get(base) or (_haskell if base.endswith(".cabal") else None)


def _go(file: RepositoryFile) -> Iterator[Clue]:
    # Go Toolchains: `go` is the oldest that can compile it; `toolchain` is taken where the one at hand is older.
    command = "go test ./..."
    for number, line in enumerate(file.lines, 1):
        words = line.partition("//")[0].split()
        if words[:1] == ["module"]:
            yield file.clue("language", "go", number, "certain", "it is a module of Go")
            if not file.nested:
                yield file.clue("test", "go", number, "possible", "Go runs its tests by this", value=command)
        elif words[:1] == ["go"] and len(words) > 1:
            why = f"it asks for Go {words[1]} or newer"
            yield file.clue("language", "go", number, "certain", why, version=f">={words[1]}")
        elif words[:1] == ["toolchain"] and len(words) > 1 and words[1].startswith("go"):
            version = words[1].removeprefix("go")
            why = f"it prefers Go {version} to an older one"
            yield file.clue("language", "go", number, "certain", why, version=f">={version}")


def _cargo(file: RepositoryFile) -> Iterator[Clue]:
    document = toml.Document(file.data, file.name)
    model = document.model
    package = model.get("package") or (model.get("workspace") or {}).get("package") or {}
    path = ("package", "rust-version") if model.get("package") else ("workspace", "package", "rust-version")
    oldest = package.get("rust-version") if isinstance(package, dict) else None
    if isinstance(oldest, str):
        # The Cargo Book, "The rust-version field": the oldest that compiles it.
        line = document.place(*path).line
        yield file.clue(
            "language", "rust", line, "certain", f"it asks for Rust {oldest} or newer", version=f">={oldest}"
        )
    else:
        yield file.clue("language", "rust", 1, "certain", "Cargo builds it", seen="Cargo.toml")
    for name, given in (model.get("dependencies") or {}).items():
        if name in _CRATES and _VENDORED not in str(given):
            line = document.place("dependencies", name).line
            for needed in (_CRATES[name], "pkg-config"):
                yield file.clue("package", needed, line, "likely", f"the crate {name} is built with it on Linux")
    if not file.nested:
        yield file.clue("test", "cargo", 1, "possible", "Cargo runs its tests by this", value="cargo test")


def _toolchain(file: RepositoryFile) -> Iterator[Clue]:
    # The rustup book, "The toolchain file": TOML, or a line with the channel alone.
    toolchain: dict[str, Any] = {}
    line: int | None = 1
    if file.name.endswith(".toml") or "[toolchain]" in file.text:
        document = toml.Document(file.data, file.name)
        toolchain = document.model.get("toolchain") or {}
        channel, line = toolchain.get("channel"), document.place("toolchain", "channel").line
    else:
        channel = file.text.strip()
    if isinstance(channel, str) and channel:
        yield file.clue("language", "rust", line, "certain", f"it asks for the toolchain {channel}", version=channel)


def _cmake(file: RepositoryFile) -> Iterator[Clue]:
    if file.nested:
        return  # a part of the build above it, or of a library that came with it
    line = file.line_with("project(")
    yield file.clue("language", "cplusplus", line, "certain", "CMake builds it")
    yield file.clue("package", "cmake", line, "certain", "CMake builds it")


def _meson(file: RepositoryFile) -> Iterator[Clue]:
    if file.nested:
        return
    line = file.line_with("project(")
    for package in ("meson", "ninja", "pkg-config"):
        yield file.clue("package", package, line, "certain", "Meson builds it")
    found = re.search(r"project\([^)]*?\b(cpp|c)\b", file.text)
    if found is not None:
        name = "cplusplus" if found[1] == "cpp" else "c"
        yield file.clue("language", name, line, "certain", "Meson builds it")


def _zig(file: RepositoryFile) -> Iterator[Clue]:
    found = re.search(r"\.minimum_zig_version\s*=\s*\"([^\"]+)\"", file.text) if file.name.endswith(".zon") else None
    if found is not None:
        line = file.line_with(".minimum_zig_version")
        why = f"it asks for Zig {found[1]} or newer"
        yield file.clue("language", "zig", line, "certain", why, version=f">={found[1]}")
    else:
        yield file.clue("language", "zig", None, "certain", "Zig builds it")


def _haskell(file: RepositoryFile) -> Iterator[Clue]:
    yield file.clue("language", "haskell", None, "certain", "it is a package of Haskell")


def _terraform(file: RepositoryFile) -> Iterator[Clue]:
    yield file.clue("language", "terraform", None, "certain", "Terraform has locked its providers")


_BY_NAME: dict[str, Callable[[RepositoryFile], Iterator[Clue]]] = {
    "go.mod": _go,
    "Cargo.toml": _cargo,
    "rust-toolchain.toml": _toolchain,
    "rust-toolchain": _toolchain,
    "CMakeLists.txt": _cmake,
    "meson.build": _meson,
    "build.zig": _zig,
    "build.zig.zon": _zig,
    "stack.yaml": _haskell,
    "cabal.project": _haskell,
    ".terraform.lock.hcl": _terraform,
}
