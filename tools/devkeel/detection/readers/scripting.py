"""Manifests of Ruby, PHP and Elixir: Gemfile, composer.json, mix.exs."""

from __future__ import annotations

import json
import posixpath
import re
from typing import TYPE_CHECKING

from devkeel.source import jsonc

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from devkeel.detection.evidence import Certainty, Clue
    from devkeel.detection.repository import RepositoryFile

__all__ = ["ScriptingManifests"]

# Gemfile(5), RUBY: `ruby "3.3.0"`, `ruby "~> 3.2"`; a second requirement may follow.
_RUBY = re.compile(r"^\s*ruby[\s(]+[\"']([^\"']+)[\"']((?:\s*,\s*[\"'][<>=~!][^\"']*[\"'])*)")
_GEM = re.compile(r"^\s*gem[\s(]+[\"']([\w-]+)[\"']")
_LOCKED = re.compile(r"^ {3}ruby (\d+(?:\.\d+)*)")
# Gems with native extensions: what their extconf looks for, and has no gem of its own built along.
_BUILT_WITH = {"pg": "postgresql", "mysql2": "libmysqlclient", "rmagick": "imagemagick", "sqlite3": "sqlite"}
_CLIENTS = {
    "pg": "postgres",
    "mysql2": "mysql",
    "redis": "redis",
    "sidekiq": "redis",
    "mongoid": "mongodb",
    "bunny": "rabbitmq",
    "dalli": "memcached",
    "elasticsearch": "elasticsearch",
}
_MIX = re.compile(r"\belixir:\s*\"([^\"]+)\"")
_MIX_CLIENTS = {"postgrex": "postgres", "myxql": "mysql", "redix": "redis", "mongodb_driver": "mongodb"}
_ATOM = re.compile(r"\{:(\w+),")
# Extensions of PHP that PHP in nixpkgs has switched on already (pkgs/top-level/php-packages.nix, `php.withExtensions`).
_PHP_OWN = frozenset(
    {
        *("bcmath", "calendar", "ctype", "curl", "dom", "exif", "fileinfo", "filter", "ftp", "gd", "gettext", "gmp"),
        *("iconv", "intl", "json", "ldap", "mbstring", "mysqli", "mysqlnd", "opcache", "openssl", "pcntl", "pcre"),
        *("pdo", "pdo_mysql", "pdo_odbc", "pdo_pgsql", "pdo_sqlite", "pgsql", "phar", "posix", "readline", "session"),
        *("simplexml", "soap", "sockets", "sodium", "sqlite3", "sysvsem", "tokenizer", "xml", "xmlreader", "xmlwriter"),
        *("zip", "zlib", "reflection", "spl", "standard", "hash", "random", "date", "libxml"),
    }
)
_PHP_MORE = frozenset({"redis", "imagick", "amqp", "apcu", "mongodb", "memcached", "xdebug", "pcov", "igbinary"})


class ScriptingManifests:
    """Reads what projects of Ruby, PHP and Elixir declare."""

    def matches(self, name: str) -> bool:
        """Return whether a file is one of theirs, by its path."""
        return _reader(name) is not None

    def read(self, file: RepositoryFile) -> Iterable[Clue]:
        """Yield the language with its version, and what its libraries are built with."""
        reader = _reader(file.name)
        return () if reader is None else reader(file)


def _reader(name: str) -> Callable[[RepositoryFile], Iterator[Clue]] | None:
    base = posixpath.basename(name)
    return _BY_NAME.get(base) or (_gemspec if base.endswith(".gemspec") else None)


def _gemfile(file: RepositoryFile) -> Iterator[Clue]:
    yield file.clue(
        "language", "ruby", 1, "certain", "Bundler installs it", seen="Gemfile", options={"bundler.enable": True}
    )
    for number, line in enumerate(file.lines, 1):
        if found := _RUBY.match(line):
            more = re.findall(r"[\"']([^\"']+)[\"']", found[2])
            version = ", ".join((found[1], *more))
            yield file.clue("language", "ruby", number, "certain", f"it asks for Ruby {version}", version=version)
        elif found := _GEM.match(line):
            yield from _gem(file, number, found[1])


def _gem(file: RepositoryFile, number: int, name: str) -> Iterator[Clue]:
    if name in _BUILT_WITH:
        yield file.clue("package", _BUILT_WITH[name], number, "likely", f"the gem {name} is built with it")
    if name in _CLIENTS:
        yield file.clue("service", _CLIENTS[name], number, "possible", f"the gem {name} speaks to it, wherever it runs")


def _gem_lock(file: RepositoryFile) -> Iterator[Clue]:
    for number, line in enumerate(file.lines, 1):
        if found := _LOCKED.match(line):
            version = found[1]
            yield file.clue(
                "language", "ruby", number, "certain", f"it was locked with Ruby {version}", version=version
            )


def _gemspec(file: RepositoryFile) -> Iterator[Clue]:
    if not file.nested:
        yield file.clue("language", "ruby", None, "certain", "it is a gem")


def _composer(file: RepositoryFile) -> Iterator[Clue]:
    model = jsonc.Document(file.data, file.name).root.value
    required = model.get("require") or {}
    platform = ((model.get("config") or {}).get("platform") or {}).get("php")
    yield file.clue("language", "php", 1, "certain", "Composer installs it", seen="composer.json")
    for version, why in ((platform, "its platform is PHP"), (required.get("php"), "it asks for PHP")):
        if isinstance(version, str):
            line = file.line_with('"php"', json.dumps(version)) or file.line_with('"php"')
            yield file.clue("language", "php", line, "certain", f"{why} {version}", version=version)
    for name in required:
        extension = name.removeprefix("ext-").lower()
        if extension == name.lower() or extension in _PHP_OWN:
            continue
        certainty: Certainty = "likely" if extension in _PHP_MORE else "possible"
        line, why = file.line_with(json.dumps(name)), f"it asks for PHP's extension {extension}"
        options = {"extensions": [extension]} if certainty == "likely" else {}
        yield file.clue("language", "php", line, certainty, why, options=options)


def _mix(file: RepositoryFile) -> Iterator[Clue]:
    yield file.clue("language", "elixir", 1, "certain", "Mix builds it", seen="mix.exs")
    if file.nested:
        return
    for number, line in enumerate(file.lines, 1):
        text = line.partition("#")[0]
        if found := _MIX.search(text):
            yield file.clue("language", "elixir", number, "certain", f"it asks for {found[1]}", version=found[1])
        for name in _ATOM.findall(text):
            if name in _MIX_CLIENTS:
                why = f"{name} speaks to it, wherever it runs"
                yield file.clue("service", _MIX_CLIENTS[name], number, "possible", why)
    yield file.clue("test", "mix", 1, "possible", "Mix runs its tests by this", seen="mix.exs", value="mix test")


_BY_NAME: dict[str, Callable[[RepositoryFile], Iterator[Clue]]] = {
    "Gemfile": _gemfile,
    "Gemfile.lock": _gem_lock,
    "composer.json": _composer,
    "mix.exs": _mix,
}
