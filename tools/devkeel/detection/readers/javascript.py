"""Manifests and locks of JavaScript: package.json, what npm, pnpm, Yarn and Bun lock, tsconfig.json, deno.json."""

from __future__ import annotations

import json
import posixpath
from typing import TYPE_CHECKING, Any

from devkeel.source import jsonc

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from devkeel.detection.evidence import Clue
    from devkeel.detection.repository import RepositoryFile

__all__ = ["JavaScriptManifests"]

_LANGUAGE = "javascript"
_LOCKS = {
    **dict.fromkeys(("package-lock.json", "npm-shrinkwrap.json"), "npm"),
    "pnpm-lock.yaml": "pnpm",
    "yarn.lock": "yarn",
    **dict.fromkeys(("bun.lock", "bun.lockb"), "bun"),
}
_CALLED = {"npm": "npm", "pnpm": "pnpm", "yarn": "Yarn", "bun": "Bun"}
_DENO = frozenset({"deno.json", "deno.jsonc", "deno.lock"})
# Client libraries of npm: a database that another machine may have.
_CLIENTS = {
    **dict.fromkeys(("pg", "postgres", "pg-promise"), "postgres"),
    **dict.fromkeys(("mysql", "mysql2", "mariadb"), "mysql"),
    **dict.fromkeys(("mongodb", "mongoose"), "mongodb"),
    **dict.fromkeys(("redis", "ioredis", "bullmq", "bull"), "redis"),
    "@elastic/elasticsearch": "elasticsearch",
    **dict.fromkeys(("amqplib", "amqp-connection-manager"), "rabbitmq"),
    "kafkajs": "kafka",
    "nats": "nats",
    "memjs": "memcached",
}
# What `npm init` writes where there are no tests.
_NO_TESTS = "no test specified"


class JavaScriptManifests:
    """Reads what projects of JavaScript and TypeScript declare."""

    def matches(self, name: str) -> bool:
        """Return whether a file is one of theirs, by its path."""
        base = posixpath.basename(name)
        return base in _LOCKS or base in _DENO or base in ("package.json", "tsconfig.json", "tsconfig.base.json")

    def read(self, file: RepositoryFile) -> Iterable[Clue]:
        """Yield the language with its version, its manager and its tests."""
        base = posixpath.basename(file.name)
        if base in _LOCKS:
            return _lock(file, _LOCKS[base])
        if base in _DENO:
            return _deno(file)
        return _package(file) if base == "package.json" else _typescript(file)


def _lock(file: RepositoryFile, manager: str) -> Iterator[Clue]:
    package = file.beside("package.json")
    named = _named(jsonc.Document(package.data, package.name).root.value) if package is not None else None
    if named not in (None, manager):
        why = f"{_CALLED[manager]} has locked it, and package.json asks for {_CALLED[named or manager]}"
        yield file.clue("package", manager, None, "possible", why)
    else:
        yield _managed(file, None, manager, f"{_CALLED[manager]} has locked it")


def _managed(file: RepositoryFile, line: int | None, manager: str, why: str) -> Clue:
    return file.clue("language", _LANGUAGE, line, "certain", why, options={f"{manager}.enable": True})


def _named(model: object) -> str | None:
    """Return the manager that a package.json asks for by name: `pnpm@9.1.0`."""
    found = model.get("packageManager") if isinstance(model, dict) else None
    manager = found.partition("@")[0] if isinstance(found, str) else None
    return manager if manager in _CALLED else None


def _deno(file: RepositoryFile) -> Iterator[Clue]:
    yield file.clue("language", "deno", None, "certain", "Deno is set up by it")


def _typescript(file: RepositoryFile) -> Iterator[Clue]:
    if not any(file.beside(name) is not None for name in _DENO):
        yield file.clue("language", "typescript", None, "certain", "the compiler of TypeScript is set up by it")


def _package(file: RepositoryFile) -> Iterator[Clue]:
    model = jsonc.Document(file.data, file.name).root.value
    if not isinstance(model, dict):
        raise ValueError("it is no JSON object")  # noqa: TRY004  (of what is written, not of a type)
    named, locked = _named(model), next((name for lock, name in _LOCKS.items() if file.beside(lock) is not None), None)
    asked = [(name, _table(model, name).get("node")) for name in ("volta", "engines")]
    if named is not None:
        yield _managed(file, file.line_with('"packageManager"'), named, f"it asks for {_CALLED[named]}")
    elif locked is None and not file.nested and not _named_alone(model):
        why = "it is a package, and npm is what installs one where nothing else is named"
        yield file.clue("language", _LANGUAGE, 1, "likely", why, seen="package.json", options={"npm.enable": True})
    for name, version in asked:
        if isinstance(version, str):
            line, why = _line(file, name, '"node"'), f"{name} asks for Node.js {version}"
            yield file.clue("language", _LANGUAGE, line, "certain", why, version=version)
    if not _named_alone(model):
        yield file.clue("language", _LANGUAGE, 1, "certain", "it is a package of npm", seen="package.json")
    yield from _clients(file, model)
    yield from _tests(file, model, named or locked)


def _named_alone(model: Mapping[str, Any]) -> bool:
    """Return whether a package.json has nothing that anyone would install or run, as `{"type": "module"}`."""
    return not any(
        model.get(key) for key in ("scripts", "dependencies", "devDependencies", "main", "bin", "workspaces")
    )


def _clients(file: RepositoryFile, model: Mapping[str, Any]) -> Iterator[Clue]:
    for name in _table(model, "dependencies"):
        if name in _CLIENTS:
            line = file.line_with(json.dumps(name))
            yield file.clue("service", _CLIENTS[name], line, "possible", f"{name} speaks to it, wherever it runs")


def _tests(file: RepositoryFile, model: Mapping[str, Any], manager: str | None) -> Iterator[Clue]:
    script = _table(model, "scripts").get("test")
    if isinstance(script, str) and script and _NO_TESTS not in script and not file.nested:
        command = "bun run test" if manager == "bun" else f"{manager or 'npm'} test"
        line = _line(file, "scripts", '"test"')
        yield file.clue("test", "test", line, "likely", "the package has a script for its tests", value=command)


def _line(file: RepositoryFile, group: str, key: str) -> int | None:
    """Return the line of a key below a group."""
    start = file.line_with(f'"{group}"') or 1
    return next((at for at, line in enumerate(file.lines, 1) if at >= start and key in line), None)


def _table(model: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = model.get(name)
    return found if isinstance(found, dict) else {}
