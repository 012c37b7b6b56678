"""What a file declares, as things with names: packages, options, libraries, inputs, settings.

Read by the text alone, by a reader for each format; None where a file is not read, so that only its lines can be
compared. What a lock pins is said by `devkeel.pinned`.
"""

from __future__ import annotations

import json
import posixpath
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

from devkeel.deferred import Deferred
from devkeel.errors import DevkeelError
from devkeel.project.root import INPUTS, LOCAL_INPUTS, SETTINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from devkeel.project import survey
    from devkeel.source import nix, toml_document
else:
    survey, nix = Deferred("devkeel.project.survey"), Deferred("devkeel.source.nix")
    toml_document = Deferred("devkeel.source.toml_document")

__all__ = ["Kind", "Thing", "normal", "things_of"]

Kind = Literal["package", "option", "library", "input", "setting"]
Thing = tuple[Kind, str]
Things = dict[Thing, str]

_FLAKE = "flake.nix"
_LIBRARY = re.compile(r"\s*(?P<name>[A-Za-z0-9][\w.-]*)\s*(?P<rest>[^#]*)")
_CONDA = re.compile(r"\s*(?:[\w./-]+::)?(?P<name>[A-Za-z0-9_][\w.-]*)\s*(?P<rest>.*)")
_GEM = re.compile(r"""^[ \t]*gem[ (]+["'](?P<name>[^"']+)["'](?P<rest>[^#\n]*)""", re.MULTILINE)
_REQUIRE = re.compile(r"^[ \t]*(?:require[ \t]+)?(?P<name>[\w.~-]+(?:/[\w.~-]+)+)[ \t]+(?P<rest>v\S+)", re.MULTILINE)
_REQUIREMENTS = re.compile(r"(?:.*/)?[\w.-]*(?:requirements|constraints)[\w.-]*\.(?:txt|in)|.*\.in")
_SHOWN = 120
_READ = 512


def normal(name: str) -> str:
    """Return the name of a library as all of its spellings compare (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).casefold()


@lru_cache(maxsize=_READ)
def things_of(name: str, data: bytes) -> Mapping[Thing, str] | None:
    """Return what a file declares: each thing, and what is said of it on one line; None where it is not read."""
    reader = _reader(name)
    if reader is None:
        return None
    try:
        return {thing: _short(said) for thing, said in reader(data)}
    except (DevkeelError, ValueError, TypeError, AttributeError, KeyError, RecursionError):
        return None


def _reader(name: str) -> Callable[[bytes], Iterable[tuple[Thing, str]]] | None:
    base = posixpath.basename(name)
    if base in _READERS:
        return _READERS[base]
    if base.endswith(".nix"):
        return _module
    if name in (INPUTS, LOCAL_INPUTS) or base == INPUTS:
        return _devenv_yaml
    return _requirements if _REQUIREMENTS.fullmatch(name) else None


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1]}…"


def _module(data: bytes) -> Iterator[tuple[Thing, str]]:
    """Yield the packages and options of a Nix module."""
    document = nix.Document(data, "devenv.nix")
    if document.root.has_error:
        raise ValueError
    found = survey.survey({"devenv.nix": data}, None)
    for package in found.packages:
        yield ("package", package.removeprefix("pkgs.")), ""
    said = dict[str, list[str]]()
    for item in found.definitions:
        if item.path == "packages":
            continue
        text = item.source if item.source is not None else _plain(item.value)
        said.setdefault(item.path, []).append(text + (f" if {item.condition}" if item.condition else ""))
    for path, texts in said.items():
        yield ("option", path), "; ".join(sorted(texts))


def _flake(data: bytes) -> Iterator[tuple[Thing, str]]:
    """Yield the inputs of a flake, and the packages that its shells name in this file."""
    document = nix.Document(data, _FLAKE)
    if document.root.has_error:
        raise ValueError
    for name, value in nix.flake_inputs(document).items():
        yield ("input", name), _reference(value)
    for shell in nix.shells_of(lambda other: data if other == _FLAKE else None, _FLAKE):
        for package, _ in nix.shell_packages(shell):
            yield ("package", package), ""


def _devenv_yaml(data: bytes) -> Iterator[tuple[Thing, str]]:
    loaded = _yaml(data)
    inputs = loaded.pop("inputs", None)
    for name, value in (inputs if isinstance(inputs, dict) else {}).items():
        yield ("input", str(name)), _reference(value)
    for name, value in loaded.items():
        yield ("setting", str(name)), _plain(value)


def _reference(value: object) -> str:
    """Return what an input says: its reference alone where there is nothing else."""
    return str(value["url"]) if isinstance(value, dict) and [*value] == ["url"] else _plain(value)


def _settings(data: bytes) -> Iterator[tuple[Thing, str]]:
    """Yield the settings of devkeel.toml by their dotted names; of several tables of a name each by its number."""
    waiting: list[tuple[str, Any]] = [("", toml_document.loads(data))]
    while waiting:
        name, value = waiting.pop()
        if isinstance(value, dict) and value:
            waiting += [(f"{name}.{key}" if name else str(key), item) for key, item in value.items()]
        elif isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
            waiting += [(f"{name}.{n}", item) for n, item in enumerate(value, 1)]
        elif name:
            yield ("setting", name), _plain(value)


def _pyproject(data: bytes) -> Iterator[tuple[Thing, str]]:
    model: Any = toml_document.loads(data)
    project, tool = model.get("project", {}), model.get("tool", {})
    lists = [project.get("dependencies", []), *project.get("optional-dependencies", {}).values()]
    lists += [*model.get("dependency-groups", {}).values(), tool.get("uv", {}).get("dev-dependencies", [])]
    for item in (item for each in lists for item in each if isinstance(item, str)):
        yield from _written(item, _LIBRARY)
    poetry = tool.get("poetry", {})
    groups = [group.get("dependencies", {}) for group in poetry.get("group", {}).values()]
    for table in (poetry.get("dependencies", {}), poetry.get("dev-dependencies", {}), *groups):
        yield from (_library(name, _plain(value)) for name, value in table.items())
    if "requires-python" in project:
        yield ("setting", "requires-python"), str(project["requires-python"])


def _requirements(data: bytes) -> Iterator[tuple[Thing, str]]:
    text = data.decode("utf-8-sig").replace("\\\n", " ")
    for line in text.splitlines():
        bare = re.sub(r"\s--hash[= ]\S+", "", line)
        if not bare.lstrip().startswith(("#", "-")):
            yield from _written(bare, _LIBRARY)


def _package_json(data: bytes) -> Iterator[tuple[Thing, str]]:
    model = json.loads(data.decode("utf-8-sig"))
    for table in ("dependencies", "devDependencies", "peerDependencies", "optionalDependencies"):
        yield from (_library(name, str(version)) for name, version in model.get(table, {}).items())


def _cargo(data: bytes) -> Iterator[tuple[Thing, str]]:
    model: Any = toml_document.loads(data)
    holders = [model, model.get("workspace", {}), *model.get("target", {}).values()]
    for holder in holders:
        for table in ("dependencies", "dev-dependencies", "build-dependencies"):
            yield from (_library(name, _plain(value)) for name, value in holder.get(table, {}).items())


def _go_mod(data: bytes) -> Iterator[tuple[Thing, str]]:
    yield from (_library(found["name"], found["rest"]) for found in _REQUIRE.finditer(data.decode()))


def _gemfile(data: bytes) -> Iterator[tuple[Thing, str]]:
    yield from (_library(found["name"], found["rest"].strip(" ,)")) for found in _GEM.finditer(data.decode()))


def _environment_yml(data: bytes) -> Iterator[tuple[Thing, str]]:
    for item in _yaml(data).get("dependencies") or ():
        if isinstance(item, str):
            yield from _written(item, _CONDA)
        elif isinstance(item, dict):
            for line in item.get("pip") or ():
                yield from _written(line, _LIBRARY)


def _yaml(data: bytes) -> dict[str, Any]:
    from ruamel.yaml import YAML  # noqa: PLC0415  (27 ms that most files do not need)
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415  (with the 27 ms)

    try:
        loaded = YAML(typ="safe", pure=True).load(data.decode())
    except YAMLError as error:
        raise ValueError from error
    return loaded if isinstance(loaded, dict) else {}


def _written(text: str, pattern: re.Pattern[str]) -> Iterator[tuple[Thing, str]]:
    found = pattern.match(text)
    if found is not None:
        yield _library(found["name"], found["rest"].strip())


def _library(name: str, said: str) -> tuple[Thing, str]:
    return ("library", name), said.strip('"')


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


_READERS: dict[str, Callable[[bytes], Iterable[tuple[Thing, str]]]] = {
    _FLAKE: _flake,
    SETTINGS: _settings,
    "pyproject.toml": _pyproject,
    "package.json": _package_json,
    "Cargo.toml": _cargo,
    "go.mod": _go_mod,
    "Gemfile": _gemfile,
    "environment.yml": _environment_yml,
    "environment.yaml": _environment_yml,
}
