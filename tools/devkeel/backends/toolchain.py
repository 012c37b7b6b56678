"""The interpreters and installers of each language, and a directory that keeps those of the host out of reach.

A program of the host that an environment lacks is found behind it on PATH, which is what devenv and direnv do too. For
the languages that the environment is about that would be wrong: `pip install` would change the host's Python. So the
directory `absent` stands between the two, with a program of each such name that says so and fails.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs
from msgspec import Struct

from devkeel.backends.registry import backend_named
from devkeel.errors import DevkeelError
from devkeel.source import nix

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from devkeel.backends.backend import Applied

__all__ = ["Toolchain", "absent", "toolchains"]


class Toolchain(Struct, frozen=True):
    """The programs of a language. option: its name below `languages` in devenv."""

    option: str
    interpreters: tuple[str, ...]
    installers: tuple[str, ...] = ()

    @property
    def programs(self) -> tuple[str, ...]:
        """The names of all of them."""
        return (*self.interpreters, *self.installers)


_MINORS = tuple(f"3.{minor}" for minor in range(41))
_PYTHON = Toolchain(
    "python",
    ("python", "python3", "python2", "python2.7", "pypy", "pypy3", *(f"python{item}" for item in _MINORS)),
    (
        *("pip", "pip3", "pip2", "pipx", "easy_install", "uv", "uvx", "poetry", "pdm", "pipenv", "hatch", "rye"),
        *("virtualenv", "pip-compile", "pip-sync", "pyenv"),
        *("conda", "mamba", "micromamba", "pixi", *(f"pip{item}" for item in _MINORS)),
    ),
)
_JAVASCRIPT = Toolchain(
    "javascript",
    ("node", "nodejs", "bun", "deno"),
    ("npm", "npx", "yarn", "yarnpkg", "pnpm", "pnpx", "bunx", "corepack"),
)
_KNOWN = (
    _PYTHON,
    _JAVASCRIPT,
    Toolchain("typescript", ("tsc", "ts-node", "tsx"), _JAVASCRIPT.programs),
    Toolchain("deno", ("deno",)),
    Toolchain("rust", ("rustc", "rustdoc"), ("cargo", "rustup")),
    Toolchain("go", ("go", "gofmt")),
    Toolchain("ruby", ("ruby", "irb", "jruby"), ("gem", "bundle", "bundler")),
    Toolchain("php", ("php",), ("composer", "pecl", "pear")),
    Toolchain("perl", ("perl",), ("cpan", "cpanm")),
    Toolchain("java", ("java", "javac", "jshell"), ("mvn", "gradle")),
    Toolchain("kotlin", ("kotlin", "kotlinc")),
    Toolchain("scala", ("scala", "scalac"), ("sbt", "cs")),
    Toolchain("clojure", ("clojure", "clj"), ("lein",)),
    Toolchain("elixir", ("elixir", "elixirc", "iex"), ("mix",)),
    Toolchain("erlang", ("erl", "erlc", "escript"), ("rebar3",)),
    Toolchain("haskell", ("ghc", "ghci", "runghc", "runhaskell"), ("cabal", "stack", "ghcup")),
    Toolchain("ocaml", ("ocaml", "ocamlc", "ocamlopt", "utop"), ("opam", "dune")),
    Toolchain("lua", ("lua", "luajit"), ("luarocks",)),
    Toolchain("r", ("R", "Rscript")),
    Toolchain("julia", ("julia",), ("juliaup",)),
    Toolchain("dart", ("dart", "flutter")),
    Toolchain("dotnet", ("dotnet",), ("nuget",)),
    Toolchain("swift", ("swift", "swiftc")),
    Toolchain("zig", ("zig",)),
    Toolchain("nim", ("nim",), ("nimble",)),
    Toolchain("crystal", ("crystal",), ("shards",)),
    Toolchain("gleam", ("gleam",)),
    Toolchain("elm", ("elm",)),
    Toolchain("raku", ("raku",), ("zef",)),
    Toolchain("racket", ("racket",), ("raco",)),
    Toolchain("purescript", ("purs",), ("spago",)),
    Toolchain("unison", ("ucm",)),
    Toolchain("v", ("v",)),
    Toolchain("vala", ("valac",)),
)
# 127 is what a shell ends with for a command that it does not find (POSIX, 2.8.2).
_SAYS = """\
#!/bin/sh
name=${0##*/}
echo "devkeel: $name is not in the environment. The host's is left out, because the environment has this language." >&2
exit 127
"""


def toolchains(applied: Applied, files: Mapping[str, bytes]) -> tuple[Toolchain, ...]:
    """Return the languages that an environment is about.

    Those that its backend is about, or else those that the declaration enables; those whose interpreter it has.
    """
    enabled = set(backend_named(applied.backend).languages) or set(_enabled(files))
    folders = [Path(place) for place in applied.variables.get("PATH", "").split(os.pathsep) if place]

    def has(names: Iterable[str]) -> bool:
        return any(os.path.lexists(place / name) for place in folders for name in names)

    return tuple(item for item in _KNOWN if item.option in enabled or has(item.interpreters))


def _enabled(files: Mapping[str, bytes]) -> Iterator[str]:
    """Yield the languages that literal definitions enable, under conditions too."""
    for name, data in files.items():
        if not name.endswith(".nix"):
            continue
        try:
            document = nix.Document(data, name)
            for item in document.definitions:
                shape = (item.path[:1], item.path[2:]) == (("languages",), ("enable",))
                if shape and document.value(item) is not False:
                    yield item.path[1]
        except DevkeelError:
            continue


def absent(languages: Iterable[Toolchain]) -> str:
    """Return a search path with a program for each name of these languages that says that it is absent.

    It is made in the user's cache directory, where nothing of a project is written.
    """
    return os.pathsep.join(str(_folder(item)) for item in languages)


@cache
def _folder(language: Toolchain) -> Path:
    import hashlib  # noqa: PLC0415  (2 ms, with what it is for)

    mark = hashlib.sha256("\n".join((_SAYS, *language.programs)).encode()).hexdigest()[:12]
    place = platformdirs.user_cache_path("devkeel") / "absent" / f"{language.option}-{mark}"
    if place.is_dir():
        return place
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=".making-", dir=place.parent))
    except OSError:
        # Without a cache directory there is one for this process, which the system clears away.
        made = place = Path(tempfile.mkdtemp(prefix="devkeel-absent-"))
    _fill(made, language.programs)
    if made != place:
        try:
            made.rename(place)
        except OSError:  # another process was faster
            shutil.rmtree(made, ignore_errors=True)
    return place


def _fill(folder: Path, names: Iterable[str]) -> None:
    script = folder / ".absent"
    script.write_text(_SAYS)
    script.chmod(0o755)
    for name in names:
        (folder / name).symlink_to(script.name)
    folder.chmod(0o755)
