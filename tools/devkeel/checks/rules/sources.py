"""Hosts that code of libraries comes from where a manifest names its address itself, past any registry."""

from __future__ import annotations

import json
import posixpath
import re
import shlex
import tomllib
from typing import TYPE_CHECKING, Any

from devkeel.project.environment_files import is_requirements_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["addresses_in", "continued", "wheel_name"]

_ADDRESS = re.compile(r"(?:(?:git|hg|svn|bzr)\+)?(?:https?|ssh|git|ftp)://[^\s;\"']+")
_SECTIONS = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies", "resolutions", "overrides")
# npm docs, package.json, "Git URLs as dependencies" and "GitHub URLs".
_FORGES = {"github": "github.com", "gitlab": "gitlab.com", "bitbucket": "bitbucket.org", "gist": "gist.github.com"}
_OF_FORGE = re.compile(r"(?:(?P<forge>github|gitlab|bitbucket):)?(?P<path>[\w-][\w.-]*/[\w.-]+)(?:#.*)?|gist:\S+")
_AT = re.compile(r"(?:(?:git\+)?ssh://)?git@(?P<host>[\w.-]+)[:/](?P<path>[^\s#]+)")
_GEM = re.compile(
    r"""(?:\b(?P<key>git|github|gitlab|bitbucket)(?::\s*|\s*=>\s*)|^\s*(?P<block>git|github)\s*\(?\s*)['"](?P<value>[^'"]+)"""
)
# The name in a file of a wheel or of a source distribution (binary distribution format; PEP 625).
_FILE = re.compile(r"(?P<name>[A-Za-z0-9][\w.]*?)-\d[^-/]*(?:-[^/]+\.whl|\.tar\.(?:gz|bz2|xz)|\.zip)")


def addresses_in(name: str, data: bytes) -> Iterator[str]:
    """Yield the addresses of code that a manifest names. Raises ValueError and what a file of another shape raises."""
    reader = _READERS.get(posixpath.basename(name)) or (_requirements if is_requirements_file(name) else None)
    for address in reader(data) if reader is not None else ():
        yield re.sub(r"^(?:git|hg|svn|bzr)\+", "", address)


def continued(data: bytes) -> Iterator[str]:
    """Yield the lines of a requirements file as pip reads them: joined where one ends in a backslash, no comments."""
    joined = re.sub(r"\\\r?\n", "", data.decode("utf-8", "replace"))
    for line in joined.splitlines():
        yield re.sub(r"(?:^|\s)#.*", "", line)


def wheel_name(text: str) -> str | None:
    """Return the name of the distribution that an address or a path leads to, by its fragment or its file."""
    egg = re.search(r"#(?:.*&)?egg=([\w.-]+)", text)
    if egg is not None:
        return egg[1]
    found = _FILE.fullmatch(posixpath.basename(re.split(r"[#?]", text)[0]))
    return None if found is None else found["name"]


def _requirements(data: bytes) -> Iterator[str]:
    for line in continued(data):
        words = _words(line)
        if words and words[0].startswith("-") and words[0] not in ("-e", "--editable"):
            continue
        found = _ADDRESS.search(line)
        if found is not None:
            yield found[0]


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError:
        return line.split()


def _pyproject(data: bytes) -> Iterator[str]:
    model = tomllib.loads(data.decode())
    tools = model.get("tool", {})
    waiting: list[Any] = [model.get("project", {}).get(key) for key in ("dependencies", "optional-dependencies")]
    waiting += [model.get("dependency-groups"), model.get("build-system", {}).get("requires")]
    waiting += [tools.get("uv", {}).get(key) for key in ("dev-dependencies", "override-dependencies")]
    waiting += [tools.get("pdm", {}).get("dev-dependencies")]
    for text in _texts(waiting):
        found = _ADDRESS.search(text)
        if found is not None:
            yield found[0]
    poetry = tools.get("poetry", {})
    below = [poetry.get(key) for key in ("dependencies", "dev-dependencies", "group")]
    yield from _given([tools.get("uv", {}).get("sources"), *below], ("git", "url"))


def _texts(value: object) -> Iterator[str]:
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict):
            waiting += item.values()
        elif isinstance(item, list):
            waiting += item


def _package_json(data: bytes) -> Iterator[str]:
    model = json.loads(data.decode("utf-8-sig"))
    for text in _texts([model.get(key) for key in _SECTIONS] + [dict(model.get("pnpm") or {}).get("overrides")]):
        at, forge = _AT.match(text), _OF_FORGE.fullmatch(text)
        if at is not None:
            yield f"ssh://{at['host']}/{at['path']}"
        elif _ADDRESS.match(text):
            yield text
        elif forge is not None:
            host = "gist" if text.startswith("gist:") else forge["forge"] or "github"
            yield f"https://{_FORGES[host]}/{forge['path'] or text.removeprefix('gist:')}"


def _cargo_toml(data: bytes) -> Iterator[str]:
    model = tomllib.loads(data.decode())
    for address in _given(model, ("git", "registry-index")):
        yield address.removeprefix("sparse+")


def _given(value: object, keys: tuple[str, ...]) -> Iterator[str]:
    """Yield the texts that stand at some keys, at any depth."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            yield from (inner for key, inner in item.items() if key in keys and isinstance(inner, str))
            # What a package says of itself are no sources.
            waiting += [inner for key, inner in item.items() if key not in ("package", "metadata")]
        elif isinstance(item, list):
            waiting += item


def _gemfile(data: bytes) -> Iterator[str]:
    for line in data.decode("utf-8", "replace").splitlines():
        for found in _GEM.finditer(line.partition("#")[0]):
            key, value = found["key"] or found["block"], found["value"]
            yield value if key == "git" else f"https://{_FORGES[key]}/{value}"


_READERS: dict[str, Callable[[bytes], Iterator[str]]] = {
    "pyproject.toml": _pyproject,
    "package.json": _package_json,
    "Cargo.toml": _cargo_toml,
    "Gemfile": _gemfile,
}
