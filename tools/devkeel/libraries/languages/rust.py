"""Rust libraries in Cargo.toml; `name` or `name@version`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from devkeel.libraries.request import Plan, bad_library, no_manifest, refused
from devkeel.source import Edited, toml

if TYPE_CHECKING:
    from collections.abc import Callable

    from devkeel.libraries.request import Request

__all__ = ["MANIFESTS", "plan"]

MANIFESTS = ("Cargo.toml",)
_NAME = re.compile(r"(?P<name>[A-Za-z][\w-]*)(?:@(?P<version>[\w.*+^~<>=, -]+))?")
# Cargo reference, "Specifying Dependencies": a build script sees the last of these, and not the others.
_TABLES = {None: "dependencies", "dev": "dev-dependencies", "build": "build-dependencies"}


def plan(request: Request, read: Callable[[str], bytes | None]) -> Plan:
    """Return the edit of Cargo.toml. A name alone means any version, until cargo has taken one."""
    name = request.file or MANIFESTS[0]
    if read(name) is None:
        raise no_manifest("Rust", MANIFESTS)
    if request.group not in _TABLES:
        raise refused("no_groups", f"Cargo.toml has no group {request.group!r}.", name, "Use dev or build.")
    table, made = _TABLES[request.group], Plan(name, read)
    for item in request.names:
        found = _NAME.fullmatch(item)
        if found is None:
            raise bad_library(item, "it is no name of a crate", "serde or serde@1.0")
        made.take(name, _edit(made, table, found["name"], found["version"], remove=request.remove))
    return made


def _edit(made: Plan, table: str, crate: str, version: str | None, *, remove: bool) -> Edited:
    document = toml.Document(made.data(made.manifest), made.manifest)
    known = {} if document.model.get(table) is None else document.model[table]
    if not isinstance(known, dict):
        raise document.refuse("opaque_value", f"{table} is no table.")
    # The public registry has no two names that differ in - and _ alone (Cargo reference, Index Format, "Name
    # restrictions").
    spelt = next((item for item in known if item.replace("-", "_") == crate.replace("-", "_")), None)
    if remove:
        if spelt is None:
            return Edited(document.data, notes=(f"{crate} is not in {table}.",))
        return toml.unset(document, (table, spelt))
    if spelt is None:
        return toml.set(document, (table, crate), version or "*")
    entry = known[spelt]
    if version is None or version == (entry.get("version") if isinstance(entry, dict) else entry):
        return Edited(document.data, notes=(f"{spelt} is already in {table}.",))
    path = (table, spelt, "version") if isinstance(entry, dict) else (table, spelt)
    return toml.set(document, path, version)
