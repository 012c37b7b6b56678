"""What the language's tool took becomes part of the manifest: a version for a name alone, the hashes of a version."""

from __future__ import annotations

import json
import posixpath
import tomllib
from typing import TYPE_CHECKING, Any

from devkeel.libraries.manifests import hashes, requirements_file
from devkeel.source import jsonc, toml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = ["HASHED", "settled"]

# Where uv writes what it makes of a requirements file with hashes; in a stage alone.
HASHED = ".devkeel-hashed.txt"

_ANY = "*"


def settled(
    manifest: str, before: bytes, after: bytes, locks: Mapping[str, bytes], read: Callable[[str], bytes | None]
) -> bytes:
    """Return the manifest with versions in place of those that are new and any, and hashes where it has them.

    before, after: the manifest as it was, and with the libraries. locks: what the tool made of it, by path. read: the
    other files.
    """
    folder, name = posixpath.split(manifest)
    data = after
    if compiled := locks.get(posixpath.join(folder, HASHED)):
        included = requirements_file.lines_included(manifest, after, read)
        data = hashes.filled(manifest, before, after, compiled, included)
    elif name == "package.json" and (lock := _lock_of(locks, "package-lock.json")):
        packages = json.loads(lock).get("packages", {})
        for table, library in _new(json.loads(before or b"{}"), json.loads(after)):
            # Of a member of a workspace, the version that it has for itself comes first (npm docs, package-lock.json).
            places = (*(f"{inside}/" for inside in packages if inside and folder.endswith(inside)), "")
            found = [packages[at] for place in places if (at := f"{place}node_modules/{library}") in packages]
            version = found[0].get("version") if found else None
            if version:
                document = jsonc.Document(data, manifest, strict=True)
                # As npm saves one (npm docs, config, save-prefix).
                data = jsonc.set(document, (table, library), f"^{version}").data
    elif name == "Cargo.toml" and (lock := _lock_of(locks, "Cargo.lock")):
        packages = tomllib.loads(lock.decode()).get("package", [])
        for table, library in _new(tomllib.loads(before.decode()), tomllib.loads(after.decode())):
            versions = [item["version"] for item in packages if item["name"] == library]
            if len(versions) == 1:
                # Cargo reference, "Specifying Dependencies": a bare version means what a caret before it would.
                data = toml.set(toml.Document(data, manifest), (table, library), versions[0]).data
    return data


def _lock_of(locks: Mapping[str, bytes], name: str) -> bytes | None:
    """Return a lock of this name: that of the manifest's directory, or of its workspace."""
    return next((data for path, data in locks.items() if posixpath.basename(path) == name), None)


def _new(before: dict[str, Any], after: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for table, entries in after.items():
        known = before.get(table)
        for library, version in entries.items() if isinstance(entries, dict) else ():
            if version == _ANY and library not in (known if isinstance(known, dict) else {}):
                yield table, library
