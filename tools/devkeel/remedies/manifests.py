"""What the manifests of languages name, as a failure's proposals ask for it: the text of files, nothing resolved."""

from __future__ import annotations

import json
import posixpath
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from devkeel.deferred import Deferred
from devkeel.errors import DevkeelError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from devkeel.libraries.manifests import conda_file, pyproject, requirements_file
    from devkeel.remedies.situation import Situation
    from devkeel.source import toml
else:
    conda_file = Deferred("devkeel.libraries.manifests.conda_file")
    pyproject = Deferred("devkeel.libraries.manifests.pyproject")
    requirements_file = Deferred("devkeel.libraries.manifests.requirements_file")
    toml = Deferred("devkeel.source.toml")

__all__ = [
    "DOCUMENTS",
    "PACKAGE",
    "canonical",
    "folders",
    "gems_of",
    "javascript_manager",
    "packages_of",
    "python_group",
    "python_manifest",
    "python_names",
    "section",
    "table_of",
]

PACKAGE = "package.json"
_PYPROJECT = "pyproject.toml"
_REQUIREMENTS = (
    *("requirements.txt", "requirements.in", "requirements-dev.txt", "requirements_dev.txt", "dev-requirements.txt"),
    *("requirements/base.txt", "requirements/dev.txt", "requirements/test.txt", "requirements/base.in"),
    *("docs/requirements.txt", "doc/requirements.txt", "requirements-docs.txt", "requirements-doc.txt"),
    *("requirements/docs.txt", "docs-requirements.txt", "docs/requirements-docs.txt", "app/requirements.txt"),
    *("backend/requirements.txt", "src/requirements.txt", "server/requirements.txt", "api/requirements.txt"),
    *("test-requirements.txt", "requirements-test.txt", "requirements/local.txt", "requirements/production.txt"),
)
# Those of what documents are made with.
DOCUMENTS = tuple(name for name in _REQUIREMENTS if "doc" in name)
_OF_DEVELOPMENT = tuple(name for name in _REQUIREMENTS if re.search(r"dev|test", name))
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_SECTIONS = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies")
_LOCKS = (
    ("pnpm-lock.yaml", "pnpm"),
    ("yarn.lock", "yarn"),
    ("bun.lock", "bun"),
    ("bun.lockb", "bun"),
    ("package-lock.json", "npm"),
    ("npm-shrinkwrap.json", "npm"),
)
_PATH = re.compile(
    r"(?:/|\./|\b)((?:[\w.@+-]{1,80}/){1,12})[\w.@+-]{1,80}\.(?:[mc]?[jt]sx?|vue|svelte|json|py|rb|go|rs)\b"
)
_TEXT = 200_000
_PATHS = 40
_GEM = re.compile(r"^\s*gem\s*\(?\s*['\"]([\w.-]{1,80})['\"]", re.MULTILINE)
_LOCKED_GEM = re.compile(r"^ {4}([\w.-]{1,80}) \(", re.MULTILINE)


def canonical(name: str) -> str:
    """Return the name of a distribution as PEP 503 compares it, without extras and versions."""
    found = _NAME.match(name.strip())
    return re.sub(r"[-_.]+", "-", found[0].rstrip("-_.")).lower() if found else ""


def table_of(situation: Situation, name: str) -> dict[str, Any]:
    """Return what a TOML or JSON file of the project says, an empty table where it says nothing."""
    data = situation.read(name)
    if data is None:
        return {}
    try:
        found = json.loads(data.decode("utf-8-sig")) if name.endswith(".json") else toml.loads(data)
    except (ValueError, DevkeelError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def section(holder: object, *keys: str) -> dict[str, Any]:
    """Return the table at some keys, an empty one where what is on the way is none: manifests say odd things."""
    for key in keys:
        holder = holder.get(key) if isinstance(holder, dict) else None
    return holder if isinstance(holder, dict) else {}


def python_manifest(situation: Situation) -> str | None:
    """Return the file that names the Python libraries of the project, None where none does."""
    for name in ("environment.yml", "environment.yaml"):
        if situation.backend == "conda" and situation.read(name) is not None:
            return name
    data = situation.read(_PYPROJECT)
    if data is not None and pyproject.declares(data):
        return _PYPROJECT
    return next((name for name in _REQUIREMENTS if situation.read(name) is not None), None)


def python_group(situation: Situation) -> dict[str, str]:
    """Return what an edit says to put a library where those of development are: a group, a file, or nothing."""
    manifest = python_manifest(situation)
    if manifest == _PYPROJECT:
        return {"group": "dev"}
    if manifest in _REQUIREMENTS:
        file = next((name for name in _OF_DEVELOPMENT if situation.read(name) is not None), None)
        return {"file": file} if file else {}
    return {}


def python_names(situation: Situation) -> frozenset[str]:
    """Return the distributions that the project's manifests name, in whatever group, as PEP 503 compares names."""
    return frozenset(filter(None, map(canonical, _python(situation))))


def _python(situation: Situation) -> Iterator[str]:
    for name in ("environment.yml", "environment.yaml"):
        if (data := situation.read(name)) is not None:
            with suppress(DevkeelError):
                model = conda_file.load(data, name)
                yield from (item.rpartition("::")[2] for item in conda_file.specifications(model))
                yield from conda_file.below_pip(model, name, situation.read)
    model = table_of(situation, _PYPROJECT)
    yield from _strings(section(model, "project"), "dependencies", "optional-dependencies")
    yield from _strings(model, "dependency-groups")
    yield from _strings(section(model, "tool", "uv"), "dev-dependencies")
    yield from _strings(section(model, "tool", "pdm"), "dev-dependencies")
    poetry = section(model, "tool", "poetry")
    for holder in (poetry, *section(poetry, "group").values()):
        for key in ("dependencies", "dev-dependencies"):
            yield from section(holder, key)
    for name in _REQUIREMENTS:
        if (data := situation.read(name)) is not None:
            yield from requirements_file.requirements_in(data)
    yield from section(table_of(situation, "Pipfile"), "packages")


def _strings(holder: object, *keys: str) -> Iterator[str]:
    """Yield the texts at some keys, however deep."""
    waiting = [holder.get(key) for key in keys] if isinstance(holder, dict) else []
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, (list, tuple)):
            waiting += item
        elif isinstance(item, dict):
            waiting += item.values()


def folders(situation: Situation, manifest: str) -> tuple[str, ...]:
    """Return the folders of the project with a manifest, the root first, then those that the failed run names."""
    found = [""] if situation.read(manifest) is not None else []
    for number, match in enumerate(_PATH.finditer(situation.text[-_TEXT:])):
        if number >= _PATHS:
            break
        parts = match[1].rstrip("/").split("/")
        if "node_modules" in parts or ".." in parts:
            continue
        # A path of another machine: what is below the root there is below the root here.
        for first in range(len(parts)):
            for last in range(len(parts), first, -1):
                folder = "/".join(parts[first:last])
                if folder in found or folder.startswith("."):
                    continue
                if situation.read(posixpath.join(folder, manifest)) is not None:
                    found.append(folder)
    return tuple(found)


def packages_of(situation: Situation, folder: str = "") -> Mapping[str, str]:
    """Return what a package.json names, by name with the section."""
    model = table_of(situation, posixpath.join(folder, PACKAGE))
    found = dict[str, str]()
    for section in _SECTIONS:
        held = model.get(section)
        if isinstance(held, dict):
            found |= {name: section for name in held if name not in found}
    return found


def javascript_manager(situation: Situation, folder: str = "") -> str:
    """Return the package manager of a folder: npm, pnpm, yarn or bun, as its files or those of the root say."""
    for place in dict.fromkeys((folder, "")):
        said = table_of(situation, posixpath.join(place, PACKAGE)).get("packageManager")
        if isinstance(said, str) and (name := said.partition("@")[0]) in ("npm", "pnpm", "yarn", "bun"):
            return name
        for file, name in _LOCKS:
            if situation.read(posixpath.join(place, file)) is not None:
                return name
    return "npm"


def gems_of(situation: Situation) -> frozenset[str]:
    """Return the gems that the Gemfile names or its lock has."""
    text = (situation.read("Gemfile") or b"").decode("utf-8", "replace")
    lock = (situation.read("Gemfile.lock") or b"").decode("utf-8", "replace")
    return frozenset((*_GEM.findall(text), *_LOCKED_GEM.findall(lock)))
