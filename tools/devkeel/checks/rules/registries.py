"""Registries that manifests, locks and settings of resolvers name: indexes, channels, and Nix' registry of names."""

from __future__ import annotations

import json
import posixpath
import re
import tomllib
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from devkeel.checks.declared_references import declared_references
from devkeel.checks.rules.named import Named, line_with
from devkeel.checks.rules.sources import addresses_in, continued
from devkeel.errors import DevkeelError
from devkeel.project.environment_files import is_requirements_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = ["BESIDE", "indirect_references", "names_of_url", "registries_in"]

# What resolvers read beside manifests and locks, from the root of the project.
BESIDE = (".npmrc", ".yarnrc", ".yarnrc.yml", "uv.toml", "pip.conf", ".cargo/config.toml", ".cargo/config", ".condarc")
# As pip's optparse takes them: a value that adjoins a letter, and any beginning of a name that is one option's alone.
_OPTION = re.compile(
    r"(?:^|\s)(?:-[if]\s*|--(?:i[a-z-]*|py[a-z-]*|ex[a-z-]*|f[a-z-]*)(?:\s+|=)\s*)['\"]?(?P<url>[a-z+]+://[^\s'\"]+)"
)
_PIP = re.compile(r"^\s*(?:index-url|extra-index-url|find-links)\s*[=:]\s*(?P<url>\S+)", re.MULTILINE)
_NPM = re.compile(r"^\s*(?:@[^:\s]+:)?registry\s*=\s*(?P<url>\S+)", re.MULTILINE)
_YARN = re.compile(r'^\s*"?(?:npmRegistryServer|registry)"?:?\s+"?(?P<url>https?://[^"\s]+)', re.MULTILINE)
_RESOLVED = re.compile(r'\bresolved:? "?(?P<url>https?://[^"\s]+)')
_GEM_SOURCE = re.compile(
    r"^\s*(?:source\s*\(?\s*['\"](?P<url>[^'\"]+)['\"]|remote: (?P<remote>https?://\S+))", re.MULTILINE
)
_LISTED = re.compile(r"https?://\S+")


def registries_in(name: str, data: bytes) -> tuple[Named, ...]:
    """Return the registries that a file names, and where else it has code from; none of a file that does not parse.

    A glob means one by its URL, by that without its scheme, or by its host; a channel of conda by its name.
    """
    found = dict[str, str]()
    for kind, reader in (("registry", _reader(name)), ("source", lambda data: addresses_in(name, data))):
        with suppress(DevkeelError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            for url in reader(data) if reader is not None else ():
                found.setdefault(url, kind)
    return tuple(
        Named("registries", names, f"the {kind} {url}", name, line_with(data, url), also=also)
        for url, kind in found.items()
        if url
        for names, also in [names_of_url(url)]
    )


def indirect_references(files: Mapping[str, bytes]) -> Iterator[Named]:
    """Yield the inputs that name nothing but an entry of Nix' registry, which each machine gives its own meaning."""
    for reference in declared_references(files):
        if reference.kind == "registry" and reference.text is not None:
            bare = reference.text.removeprefix("flake:")
            names = (f"flake:{bare}", bare, f"flake:{bare.partition('/')[0]}", "flake")
            what = f"the input {reference.name}, which is {bare} of Nix' registry"
            yield Named("registries", names, what, reference.place.file, reference.place.line)


def names_of_url(url: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what a URL is meant by, and what it may be forbidden by only: at another port a host is another one."""
    plain = url.removeprefix("sparse+").removeprefix("registry+").rstrip("/")
    parts = urlsplit(plain)
    if not parts.netloc:
        return (plain,), ()
    host = parts.hostname or ""
    usual = parts.port is None or (parts.scheme, parts.port) in (("https", 443), ("http", 80))
    at = host if usual else f"{host}:{parts.port}"
    bare = f"{at}{parts.path}".rstrip("/")
    # The public host of conda has each channel by its name (conda documentation, Channels).
    channel = (parts.path.strip("/").partition("/")[0],) if host.endswith("anaconda.org") else ()
    return tuple(dict.fromkeys((plain, f"{plain}/", bare, f"{bare}/", at, *channel))), () if usual else (host,)


def _reader(name: str) -> Callable[[bytes], Iterator[str]] | None:
    folder, base = posixpath.split(name)
    if posixpath.basename(folder) == ".cargo" and base in ("config", "config.toml"):
        return _cargo_config
    return _READERS.get(base) or (_requirements if is_requirements_file(name) else None)


def _found(pattern: re.Pattern[str]) -> Callable[[bytes], Iterator[str]]:
    def read(data: bytes) -> Iterator[str]:
        for match in pattern.finditer(data.decode("utf-8", "replace")):
            yield next(item for item in match.groupdict().values() if item)

    return read


def _requirements(data: bytes) -> Iterator[str]:
    for line in continued(data):
        yield from (found["url"] for found in _OPTION.finditer(line))


def _uv(model: Mapping[str, Any]) -> Iterator[str]:
    for item in model.get("index") or []:
        yield str(item.get("url", ""))
    for key in ("index-url", "default-index"):
        yield str(model.get(key) or "")
    for key in ("extra-index-url", "find-links"):
        yield from (str(item) for item in model.get(key) or [] if "://" in str(item))
    yield from _uv(model["pip"]) if isinstance(model.get("pip"), dict) else ()


def _pyproject(data: bytes) -> Iterator[str]:
    tools = tomllib.loads(data.decode()).get("tool", {})
    yield from _uv(tools.get("uv", {}))
    for tool in ("poetry", "pdm"):
        for item in tools.get(tool, {}).get("source") or []:
            yield str(item.get("url", ""))


def _uv_toml(data: bytes) -> Iterator[str]:
    yield from _uv(tomllib.loads(data.decode()))


def _uv_lock(data: bytes) -> Iterator[str]:
    for item in tomllib.loads(data.decode()).get("package", []):
        source = item.get("source", {})
        keys = ("registry", "url", "git")
        yield next((str(source[key]) for key in keys if source.get(key)), "") if isinstance(source, dict) else ""


def _poetry_lock(data: bytes) -> Iterator[str]:
    for item in tomllib.loads(data.decode()).get("package", []):
        yield str(item.get("source", {}).get("url", ""))


def _cargo_lock(data: bytes) -> Iterator[str]:
    for item in tomllib.loads(data.decode()).get("package", []):
        source = str(item.get("source", ""))
        kind, plus, address = source.partition("+")
        yield address if plus and kind in ("registry", "git") else source if plus else ""


def _cargo_config(data: bytes) -> Iterator[str]:
    model = tomllib.loads(data.decode())
    for table in dict(model.get("registries") or {}).values():
        yield str(table.get("index", ""))
    for table in dict(model.get("source") or {}).values():
        yield str(table.get("registry", ""))


def _package_lock(data: bytes) -> Iterator[str]:
    waiting: list[Any] = [json.loads(data)]
    while waiting:
        item = waiting.pop()
        resolved = item.get("resolved")
        if isinstance(resolved, str) and resolved.startswith(("http:", "https:")):
            yield _registry_of(resolved)
        waiting += [
            value
            for key in ("packages", "dependencies")
            for value in dict(item.get(key) or {}).values()
            if isinstance(value, dict)
        ]


def _yarn_lock(data: bytes) -> Iterator[str]:
    for found in _RESOLVED.finditer(data.decode()):
        yield _registry_of(found["url"])


def _registry_of(url: str) -> str:
    """Return the registry that an archive is of: all of its address before the name of the package."""
    parts = urlsplit(url)
    path = parts.path.partition("/-/")[0]
    above = path.rpartition("/@")[0] if "/@" in path else path.rpartition("/")[0]
    return f"{parts.scheme}://{parts.netloc}{above}/" if "/-/" in parts.path else f"{parts.scheme}://{parts.netloc}/"


def _environment(data: bytes) -> Iterator[str]:
    model = _yaml(data)
    for item in model.get("channels") or []:
        yield str(item)
    for item in model.get("dependencies") or []:
        if isinstance(item, str) and "::" in item:
            yield item.partition("::")[0]
        for line in (item.get("pip") or []) if isinstance(item, dict) else []:
            found = _OPTION.search(str(line))
            yield found["url"] if found is not None else ""


def _condarc(data: bytes) -> Iterator[str]:
    model = _yaml(data)
    for key in ("channels", "default_channels"):
        yield from (str(item) for item in model.get(key) or [])
    yield str(model.get("channel_alias") or "")


def _conda_lock(data: bytes) -> Iterator[str]:
    model = _yaml(data)
    for item in dict(model.get("metadata") or {}).get("channels") or []:
        yield str(item.get("url", "")) if isinstance(item, dict) else str(item)
    for item in model.get("package") or []:
        parts = urlsplit(str(item.get("url", "")))
        yield (
            f"{parts.scheme}://{parts.netloc}{parts.path.rpartition('/')[0].rpartition('/')[0]}" if parts.netloc else ""
        )


def _yaml(data: bytes) -> dict[str, Any]:
    from ruamel.yaml import YAML  # noqa: PLC0415  (27 ms that only files of conda need)
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415  (with the 27 ms)

    try:
        found = YAML(typ="safe", pure=True).load(data.decode())
    except YAMLError as error:
        raise ValueError("it does not parse") from error
    return dict(found or {})


_READERS: dict[str, Callable[[bytes], Iterator[str]]] = {
    "pyproject.toml": _pyproject,
    "uv.toml": _uv_toml,
    "pip.conf": _found(_PIP),
    "uv.lock": _uv_lock,
    "poetry.lock": _poetry_lock,
    "Cargo.lock": _cargo_lock,
    ".npmrc": _found(_NPM),
    ".yarnrc": _found(_YARN),
    ".yarnrc.yml": _found(_YARN),
    "package-lock.json": _package_lock,
    "npm-shrinkwrap.json": _package_lock,
    "yarn.lock": _yarn_lock,
    "Gemfile": _found(_GEM_SOURCE),
    "Gemfile.lock": _found(_GEM_SOURCE),
    "environment.yml": _environment,
    "environment.yaml": _environment,
    "conda-lock.yml": _conda_lock,
    ".condarc": _condarc,
}
