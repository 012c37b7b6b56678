"""conda-lock.yml: made of environment.yml for each of its platforms, by py-rattler's solver.

The format is conda-lock's own, version 1 (conda-lock, conda_lock/lockfile/v1/models.py; schemas.conda.org,
conda-lock-v1), and so is what environment.yml may say beside conda's words: `platforms`, `category`, and a platform in
brackets behind a line (conda-lock, conda_lock/src_parser). A lock is made for every machine of a platform, so the
solver is given what conda-lock takes such a machine to have, and not what this one has.
"""

from __future__ import annotations

import hashlib
import json
import re
from functools import partial
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from devkeel.errors import CheckFailed, Place, Refused, Unavailable
from devkeel.libraries.manifests import conda_file
from devkeel.libraries.resolve import conda_solver
from devkeel.libraries.resolve.conda_lock import LOCK, subdir
from devkeel.libraries.resolve.cool_down import cool_down, with_age
from devkeel.libraries.resolve.micromamba import INSTALL

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from devkeel.candidate.candidate import Candidate

__all__ = ["changed_since", "lock_conda", "manifest_of", "pip_on", "specs_on"]

_SECONDS = 600.0
_VIRTUAL = "virtual-packages.yml"
# conda-lock, conda_lock/default-virtual-packages.yaml; without its CUDA, which a machine has to have.
_LINUX = {"__unix": "0", "__linux": "5.10", "__glibc": "2.28"}
_MACHINES: dict[str, dict[str, str]] = {
    "linux-64": {**_LINUX, "__archspec": "1 x86_64"},
    "linux-aarch64": {**_LINUX, "__archspec": "1 aarch64"},
    "linux-ppc64le": {**_LINUX, "__archspec": "1 ppc64le"},
    "osx-64": {"__unix": "0", "__osx": "11.0", "__archspec": "1 x86_64"},
    "osx-arm64": {"__unix": "0", "__osx": "11.0", "__archspec": "1 arm64"},
    "win-64": {"__win": "0", "__archspec": "1 x86_64"},
}
# conda-lock, conda_lock/src_parser/selectors.py.
_SELECTORS: dict[str, set[str]] = {
    "linux-64": {"linux64", "unix", "linux"},
    "linux-aarch64": {"aarch64", "unix", "linux"},
    "linux-ppc64le": {"ppc64le", "unix", "linux"},
    "osx-64": {"osx64", "osx", "unix"},
    "osx-arm64": {"arm64", "osx", "unix"},
    "win-64": {"win", "win64"},
}
_KNOWN = frozenset().union(*_SELECTORS.values())
_SELECTED = re.compile(r"[^#\n]+?\s*#.*\[(?P<platform>[^\[\]\n]+)\][^()\n]*")
_PLAIN = re.compile(r"[A-Za-z][\w./:+-]*[\w/]")
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
_HEAD = """\
# This lock file was made by devkeel, in the format of conda-lock: of {manifest}. Do not edit it.
# It is renewed with devkeel, and installed by devkeel, conda-lock and micromamba.
"""
_MAKER = {"made_by": "devkeel"}


class _Wanted(Struct, frozen=True):
    """What environment.yml asks for on one platform."""

    channels: tuple[str, ...]
    specs: tuple[str, ...]

    @property
    def digest(self) -> str:
        """The SHA-256 of it, in hexadecimal."""
        return hashlib.sha256(json.dumps([self.channels, sorted(self.specs)]).encode()).hexdigest()


def manifest_of(subject: Candidate) -> str | None:
    """Return the environment.yml of a project."""
    return next((name for name in conda_file.NAMES if subject.exists(name)), None)


def lock_conda(subject: Candidate, renew: Collection[str] | None, timeout: float = _SECONDS) -> bytes:
    """Return the conda-lock.yml of environment.yml: what it pins stays where it fits, but for what is to be renewed.

    renew: names of packages, none of them, or None for all. timeout: seconds for a platform. Raises ProjectError
    `missing_file`, Refused `lock_failed`, CheckFailed `unresolvable`, Unavailable.
    """
    manifest = manifest_of(subject)
    if manifest is None:
        raise subject.basis.missing(conda_file.NAMES[0])
    if not conda_solver.has_rattler():
        raise Unavailable(
            "tool_missing",
            f"{LOCK} is made with py-rattler's solver, and py-rattler is not installed.",
            seen=LOCK,
            remedy=INSTALL,
        )
    data, old = subject.read(manifest) or b"", _old(subject.read(LOCK))
    platforms = _platforms(conda_file.load(data, manifest), old)
    _require_lockable(manifest, data, old)
    machines = _machines(subject.read(_VIRTUAL))
    category = str(conda_file.load(data, manifest).get("category") or "main")
    held = cool_down(subject.basis)
    entries, wanted = list[dict[str, Any]](), dict[str, _Wanted]()
    for platform in platforms:
        wanted[platform] = asked = _wanted(data, manifest, platform)
        kept = () if renew is None else tuple(_kept(old, platform, renew))
        solve = partial(
            conda_solver.solve_for,
            conda_solver.CondaPackages(manifest, asked.channels, asked.specs),
            timeout,
            platform,
            machines.get(platform, {}),
            kept,
        )
        try:
            records = solve(held.newest if held is not None else None)
        except CheckFailed as error:
            raise with_age(error, subject.basis, "rattler", lambda solve=solve: bool(solve())) from None  # type: ignore[misc]
        entries += [_entry(record, platform, category) for record in records]
    return _text(manifest, wanted, sorted(entries, key=lambda item: (item["name"], item["platform"])))


def changed_since(data: bytes, name: str, lock: bytes) -> bool:
    """Return whether environment.yml asks for something else than a lock that devkeel made was made of."""
    head = _head(_old(lock))
    digests = head.get("content_hash")
    if head.get("custom_metadata") != _MAKER or not isinstance(digests, dict):
        return False
    return any(_wanted(data, name, str(place)).digest != value for place, value in digests.items())


def specs_on(data: bytes, name: str, platform: str) -> tuple[str, ...]:
    """Return the specifications that environment.yml has for a platform."""
    return _wanted(data, name, platform).specs


def pip_on(data: bytes, name: str, platform: str) -> tuple[str, ...]:
    """Return what environment.yml has below `pip:` for a platform, as it stands there."""
    return _read_for(data, name, platform).pip


def _old(data: bytes | None) -> dict[str, Any]:
    return conda_file.load(data, LOCK, texts=True) if data is not None else {}


def _head(old: Mapping[str, Any]) -> Mapping[str, Any]:
    found = old.get("metadata")
    return found if isinstance(found, dict) else {}


def _platforms(model: Mapping[str, Any], old: Mapping[str, Any]) -> tuple[str, ...]:
    """Return those that environment.yml names, else those of the lock and this machine's."""
    named = model.get("platforms")
    if isinstance(named, list) and named:
        return tuple(dict.fromkeys(map(str, named)))
    known = _head(old).get("platforms")
    return tuple(dict.fromkeys((*(map(str, known) if isinstance(known, list) else ()), subdir())))


def _require_lockable(manifest: str, data: bytes, old: Mapping[str, Any]) -> None:
    """Refuse what only conda-lock itself resolves."""
    sources = _head(old).get("sources")
    others = [item for item in sources if item != manifest] if isinstance(sources, list) else []
    dependencies = conda_file.load(data, manifest).get("dependencies") or []
    tables = [key for item in dependencies if isinstance(item, dict) for key in item]
    why = (
        f"it is made of {', '.join(map(str, others))} too"
        if others
        else f"{manifest} has libraries below {tables[0]}, which conda's solver does not know"
        if tables
        else None
    )
    if why:
        raise Refused(
            "lock_failed",
            f"{LOCK} cannot be made here: {why}. Nothing was written.",
            place=Place(LOCK if others else manifest),
            remedy="Make it with conda-lock.",
        )


def _wanted(data: bytes, name: str, platform: str) -> _Wanted:
    found = _read_for(data, name, platform)
    return _Wanted(found.channels, found.specs)


def _read_for(data: bytes, name: str, platform: str) -> conda_solver.CondaPackages:
    selectors = _SELECTORS.get(platform, set())
    kept = [line for line in data.decode("utf-8", "replace").splitlines() if _is_for(line, selectors)]
    return conda_solver.wanted_of("\n".join(kept).encode(), name)


def _is_for(line: str, selectors: Collection[str]) -> bool:
    found = _SELECTED.fullmatch(line)
    # What names no platform, `# see [docs]`, is a remark: conda itself takes the line for every one.
    return found is None or (word := found["platform"].strip()) in selectors or word not in _KNOWN


def _machines(data: bytes | None) -> Mapping[str, Mapping[str, str]]:
    """Return the virtual packages of each platform: conda-lock's, or those of the project's own file for it."""
    subdirs = conda_file.load(data, _VIRTUAL, texts=True).get("subdirs") if data is not None else None
    found = {key: item.get("packages") for key, item in (subdirs or {}).items() if isinstance(item, dict)}
    return {**_MACHINES, **{key: dict(item) for key, item in found.items() if isinstance(item, dict)}}


def _kept(old: Mapping[str, Any], platform: str, renew: Collection[str]) -> Iterable[tuple[str, str]]:
    """Yield name and URL of what the lock has for a platform and is not to be renewed."""
    items = old.get("package")
    for item in items if isinstance(items, list) else []:
        known = item if isinstance(item, dict) and item.get("platform") == platform else {}
        if known.get("url") and known.get("name") not in renew:
            yield str(known.get("name")), str(known["url"])


def _entry(record: Any, platform: str, category: str) -> dict[str, Any]:  # noqa: ANN401  (of rattler)
    depends = dict[str, str]()
    for text in map(str, record.depends):
        name, _, spec = text.partition(" ")
        if not name.startswith("__"):
            depends[name] = f"{depends[name]},{spec.strip()}" if depends.get(name) else spec.strip()
    hashes = {key: value.hex() for key in ("md5", "sha256") if (value := getattr(record, key)) is not None}
    return {
        "name": record.name.normalized,
        "version": str(record.version),
        "manager": "conda",
        "platform": platform,
        "dependencies": dict(sorted(depends.items())),
        "url": str(record.url),
        "hash": hashes,
        "category": category,
        "optional": category != "main",
    }


def _text(manifest: str, wanted: Mapping[str, _Wanted], entries: Sequence[Mapping[str, Any]]) -> bytes:
    channels = dict.fromkeys(name for asked in wanted.values() for name in asked.channels)
    metadata = {
        "content_hash": {platform: asked.digest for platform, asked in wanted.items()},
        "channels": [{"url": name, "used_env_vars": []} for name in channels],
        "platforms": [*wanted],
        "sources": [manifest],
        "custom_metadata": _MAKER,
    }
    body = _lines({"version": 1, "metadata": metadata, "package": entries}, "")
    return (_HEAD.format(manifest=manifest) + "\n".join(body) + "\n").encode()


def _lines(value: Mapping[str, Any], indent: str) -> Iterable[str]:
    """Yield a table as YAML, in block style."""
    for key, item in value.items():
        if isinstance(item, dict) and item:
            yield f"{indent}{_scalar(key)}:"
            yield from _lines(item, f"{indent}  ")
        elif isinstance(item, list | tuple) and item:
            yield f"{indent}{_scalar(key)}:"
            yield from (line for element in item for line in _element(element, indent))
        else:
            yield f"{indent}{_scalar(key)}: {_scalar(item)}"


def _element(element: object, indent: str) -> Iterable[str]:
    if isinstance(element, dict):
        first, *rest = _lines(element, f"{indent}  ")
        yield f"{indent}- {first.lstrip()}"
        yield from rest
    else:
        yield f"{indent}- {_scalar(element)}"


def _scalar(value: object) -> str:
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return value
    # What JSON writes, YAML reads (YAML 1.2.2, section 1.3).
    return json.dumps(value)
