"""Libraries that manifests and locks name, by language, each name as its registry compares it."""

from __future__ import annotations

import json
import posixpath
import re
import tomllib
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from devkeel.checks.rules.sources import continued, wheel_name
from devkeel.deferred import Deferred
from devkeel.errors import DevkeelError
from devkeel.project.environment_files import is_requirements_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from devkeel.libraries.manifests import (
        cargo_file,
        conda_file,
        gemfile,
        go_mod,
        match_spec,
        poetry,
        pyproject,
        requirement,
        requirements_file,
    )
    from devkeel.pinned import conda_lock
    from devkeel.source import toml
else:
    cargo_file = Deferred("devkeel.libraries.manifests.cargo_file")
    conda_file = Deferred("devkeel.libraries.manifests.conda_file")
    conda_lock = Deferred("devkeel.pinned.conda_lock")
    gemfile = Deferred("devkeel.libraries.manifests.gemfile")
    go_mod = Deferred("devkeel.libraries.manifests.go_mod")
    match_spec = Deferred("devkeel.libraries.manifests.match_spec")
    poetry = Deferred("devkeel.libraries.manifests.poetry")
    pyproject = Deferred("devkeel.libraries.manifests.pyproject")
    requirement = Deferred("devkeel.libraries.manifests.requirement")
    requirements_file = Deferred("devkeel.libraries.manifests.requirements_file")
    toml = Deferred("devkeel.source.toml")

__all__ = ["Library", "is_named_in", "is_read", "libraries_in", "locks_beside", "normalised"]

# What a reader raises over a file that does not parse, or is of another shape.
_UNREADABLE = (DevkeelError, ValueError, KeyError, TypeError, AttributeError, RecursionError)
_SECTIONS = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies")
_ALIAS = re.compile(r"(?:npm|jsr):(?P<name>@?[^@]+)")
_PNPM = re.compile(r"/?(?P<name>@?[^@(]+)@(?P<version>[^(]+)")
_YARN = re.compile(r'^"?(?P<name>@?[^@\s"]+)@[^\n]*:\n(?:  [^\n]*\n)*?  version:? "?(?P<version>[^"\s]+)', re.MULTILINE)
_GEM = re.compile(r"^    (?P<name>[\w.-]+) \((?P<version>[^)]+)\)$", re.MULTILINE)
_SUM = re.compile(r"^(?P<name>\S+) (?P<version>v[^\s/]+)(?P<module>/go\.mod)? h1:", re.MULTILINE)


class Library(Struct, frozen=True):
    """A library that a file names. name: as its registry compares it. version: exact, None where the file asks for any.

    locked: whether the file is a lock, which names what others bring along too.
    """

    language: str
    name: str
    version: str | None = None
    locked: bool = False


def normalised(language: str, name: str) -> str:
    """Return a name as the registry of its language compares it (PEP 503; that of Rust takes `_` for `-`)."""
    name = name.strip()
    if language == "python":
        return re.sub(r"[-_.]+", "-", name).lower()
    if language == "rust":
        return name.replace("_", "-").lower()
    return name.lower() if language in ("conda", "javascript") else name


def is_named_in(name: str) -> bool:
    """Return whether a file is one that is read here."""
    return _reader(name) is not None


def locks_beside(name: str) -> tuple[str, ...]:
    """Return the locks of what a manifest names."""
    folder, base = posixpath.split(name)
    found = _LOCKS.get(base, ())
    return tuple(posixpath.join(folder, item) for item in found)


_LOCKS = {
    "pyproject.toml": ("uv.lock", "poetry.lock"),
    "package.json": ("package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "yarn.lock"),
    "Cargo.toml": ("Cargo.lock",),
    "go.mod": ("go.sum",),
    "Gemfile": ("Gemfile.lock",),
    "environment.yml": ("conda-lock.yml",),
    "environment.yaml": ("conda-lock.yml",),
}


def libraries_in(name: str, data: bytes, read: Callable[[str], bytes | None]) -> tuple[Library, ...]:
    """Return the libraries that a manifest or a lock names; none of a file that does not parse.

    read: the files that one includes.
    """
    reader = _reader(name)
    if reader is None:
        return ()
    try:
        return tuple(dict.fromkeys(reader(name, data, read)))
    except _UNREADABLE:
        return ()


def is_read(name: str, data: bytes, read: Callable[[str], bytes | None]) -> bool:
    """Return whether a manifest or a lock can be read, so that what it names is all that it names."""
    reader = _reader(name)
    try:
        for _ in reader(name, data, read) if reader is not None else ():
            pass
    except _UNREADABLE:
        return False
    return True


def _reader(name: str) -> Callable[[str, bytes, Callable[[str], bytes | None]], Iterator[Library]] | None:
    base = posixpath.basename(name)
    found = _READERS.get(base)
    return found or (_requirements if is_requirements_file(name) else None)


def _library(language: str, name: str, version: str | None = None, *, locked: bool = False) -> Library:
    return Library(language, normalised(language, name), version, locked)


def _of_requirement(text: str) -> Iterator[Library]:
    found = requirement.tolerant(text)
    if found is not None:
        exact = [item.version for item in found.specifier if item.operator == "==" and "*" not in item.version]
        yield _library("python", found.name, exact[0] if exact else None)


def _requirements(name: str, data: bytes, read: Callable[[str], bytes | None]) -> Iterator[Library]:
    for text in requirements_file.requirements_in(data):
        yield from _of_requirement(text)
    # `./evil-1.0-py3-none-any.whl`, `git+https://…#egg=evil`, which have no name beside their address.
    for text in continued(data):
        named = next(filter(None, map(wheel_name, text.split())), None)
        if named is not None:
            yield _library("python", named)
    for line in requirements_file.lines_included(name, data, read):
        yield from _of_requirement(str(line.requirement)) if line.requirement else ()


def _pyproject(_: str, data: bytes, __: Callable[[str], bytes | None]) -> Iterator[Library]:
    model = toml.loads(data)
    tools = model.get("tool", {})
    # What builds the project runs as well, and tools have lists of their own.
    more = [model.get("build-system", {}).get("requires")]
    more += [tools.get("uv", {}).get(key) for key in ("dev-dependencies", "override-dependencies")]
    more += [*tools.get("pdm", {}).get("dev-dependencies", {}).values()]
    for table in tools.get("hatch", {}).get("envs", {}).values():
        more += [table.get("dependencies"), table.get("extra-dependencies")] if isinstance(table, dict) else []
    listed = (text for items in more if isinstance(items, list) for text in items if isinstance(text, str))
    for text in (*pyproject.requirements_of(data), *listed):
        yield from _of_requirement(text)
    for _path, table in poetry.tables_of(model):
        for key in table:
            if key != "python":
                yield _library("python", key)


def _environment(name: str, data: bytes, read: Callable[[str], bytes | None]) -> Iterator[Library]:
    model = conda_file.load(data, name)
    for text in conda_file.specifications(model):
        found = match_spec.read(text)
        if found is not None:
            yield _library("conda", found.name)
    for text in conda_file.below_pip(model, name, read):
        yield from _of_requirement(text)


def _package_json(_: str, data: bytes, __: Callable[[str], bytes | None]) -> Iterator[Library]:
    model = json.loads(data.decode("utf-8-sig"))
    for section in _SECTIONS:
        for name, value in dict(model.get(section) or {}).items():
            alias = _ALIAS.match(value) if isinstance(value, str) else None
            yield _library("javascript", alias["name"] if alias else name)
    # What another is put in the place of, at any depth; the name before it is one that the project has already.
    waiting: list[object] = [
        model.get("overrides"),
        model.get("resolutions"),
        dict(model.get("pnpm") or {}).get("overrides"),
    ]
    while waiting:
        item = waiting.pop()
        waiting += item.values() if isinstance(item, dict) else ()
        alias = _ALIAS.match(item) if isinstance(item, str) else None
        if alias is not None:
            yield _library("javascript", alias["name"])


def _cargo_toml(name: str, data: bytes, _: Callable[[str], bytes | None]) -> Iterator[Library]:
    document = toml.Document(data, name)
    for entry in (*cargo_file.entries_of(document), *cargo_file.shared_entries(document)):
        if not (isinstance(entry.value, dict) and "path" in entry.value):
            yield _library("rust", entry.crate)
    for table in tomllib.loads(data.decode()).get("patch", {}).values():
        for crate, value in table.items():
            if isinstance(value, dict) and "path" not in value:
                yield _library("rust", str(value.get("package", crate)))


def _go_mod(_: str, data: bytes, __: Callable[[str], bytes | None]) -> Iterator[Library]:
    for line in go_mod.read(data.decode())[0]:
        if line.verb == "require":
            yield _library("go", line.module, line.version)
        elif line.verb == "replace" and "=>" in (words := [word for word, _, _ in line.words]):
            target = words[words.index("=>") + 1]
            if not target.startswith((".", "/")):
                yield _library("go", target)


def _gemfile(_: str, data: bytes, __: Callable[[str], bytes | None]) -> Iterator[Library]:
    found = gemfile.read(data.decode())
    for name in (*(call.name.value for call in found.calls), *sorted(found.inline)):
        yield _library("ruby", name)


# Locks.


def _toml_lock(language: str) -> Callable[[str, bytes, Callable[[str], bytes | None]], Iterator[Library]]:
    def read_lock(_: str, data: bytes, __: Callable[[str], bytes | None]) -> Iterator[Library]:
        for item in tomllib.loads(data.decode()).get("package", []):
            source = item.get("source", {})
            own = isinstance(source, dict) and not {"editable", "virtual", "directory"}.isdisjoint(source)
            # What Cargo.lock says no source of is a member of the workspace.
            if not own and not (language == "rust" and not source):
                yield _library(language, str(item["name"]), str(item.get("version", "")) or None, locked=True)

    return read_lock


def _package_lock(_: str, data: bytes, __: Callable[[str], bytes | None]) -> Iterator[Library]:
    model: dict[str, Any] = json.loads(data)
    for place, item in dict(model.get("packages") or {}).items():
        name = item.get("name") or place.rpartition("node_modules/")[2]
        if "node_modules/" in place and not item.get("link"):
            yield _library("javascript", name, item.get("version"), locked=True)
    waiting = [] if model.get("packages") else [dict(model.get("dependencies") or {})]
    while waiting:
        for name, item in waiting.pop().items():
            yield _library("javascript", name, item.get("version"), locked=True)
            waiting += [item["dependencies"]] if item.get("dependencies") else []


def _pnpm_lock(_: str, data: bytes, __: Callable[[str], bytes | None]) -> Iterator[Library]:
    for key in dict(_yaml(data).get("packages") or {}):
        found = _PNPM.match(key)
        if found:
            yield _library("javascript", found["name"], found["version"], locked=True)


def _yarn_lock(_: str, data: bytes, __: Callable[[str], bytes | None]) -> Iterator[Library]:
    for found in _YARN.finditer(data.decode()):
        yield _library("javascript", found["name"], found["version"], locked=True)


def _go_sum(_: str, data: bytes, __: Callable[[str], bytes | None]) -> Iterator[Library]:
    for found in _SUM.finditer(data.decode()):
        # Of many a module's go.mod alone was read, to choose the versions; no code of these is taken.
        if not found["module"]:
            yield _library("go", found["name"], found["version"], locked=True)


def _gemfile_lock(_: str, data: bytes, __: Callable[[str], bytes | None]) -> Iterator[Library]:
    for found in _GEM.finditer(data.decode()):
        yield _library("ruby", found["name"], found["version"], locked=True)


def _conda_lock(_: str, data: bytes, __: Callable[[str], bytes | None]) -> Iterator[Library]:
    for item in _yaml(data)["package"]:
        language = "python" if item.get("manager") == "pip" else "conda"
        yield _library(language, str(item["name"]), str(item["version"]), locked=True)


def _yaml(data: bytes) -> dict[str, Any]:
    from ruamel.yaml import YAML  # noqa: PLC0415  (27 ms that only locks in YAML need)
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415  (with the 27 ms)

    try:
        found = YAML(typ="base", pure=True).load(data.decode())
    except YAMLError as error:
        raise ValueError("it does not parse") from error
    return dict(found)


_READERS: dict[str, Callable[[str, bytes, Callable[[str], bytes | None]], Iterator[Library]]] = {
    "pyproject.toml": _pyproject,
    "environment.yml": _environment,
    "environment.yaml": _environment,
    "package.json": _package_json,
    "Cargo.toml": _cargo_toml,
    "go.mod": _go_mod,
    "Gemfile": _gemfile,
    "uv.lock": _toml_lock("python"),
    "poetry.lock": _toml_lock("python"),
    "Cargo.lock": _toml_lock("rust"),
    "package-lock.json": _package_lock,
    "npm-shrinkwrap.json": _package_lock,
    "pnpm-lock.yaml": _pnpm_lock,
    "yarn.lock": _yarn_lock,
    "go.sum": _go_sum,
    "Gemfile.lock": _gemfile_lock,
    "conda-lock.yml": _conda_lock,
}
