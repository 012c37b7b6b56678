"""JavaScript libraries in package.json; `name`, `name@range`, `@scope/name@range`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from devkeel.errors import Place, Refused
from devkeel.libraries.request import Plan, bad_library, no_manifest, refused, require_reference
from devkeel.source import Edited, jsonc
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Callable

    from devkeel.libraries.request import Request

__all__ = ["MANIFESTS", "plan"]

MANIFESTS = ("package.json",)
# npm's rules for `name` in package.json: lower case, and neither dot nor underscore first.
_NAME = re.compile(r"(?P<name>(?:@[a-z0-9~-][a-z0-9._~-]*/)?[a-z0-9~-][a-z0-9._~-]*)(?:@(?P<version>[^\s@][^\n\r]*))?")
_TABLES = {
    None: "dependencies",
    "dev": "devDependencies",
    "optional": "optionalDependencies",
    # npm docs, package.json: what whoever installs this package has to have beside it.
    "peer": "peerDependencies",
}


def plan(request: Request, read: Callable[[str], bytes | None]) -> Plan:
    """Return the edit of package.json. A name alone means any version, until npm has taken one."""
    name = request.file or MANIFESTS[0]
    if read(name) is None:
        raise no_manifest("JavaScript", MANIFESTS)
    if request.group not in _TABLES:
        raise refused("no_groups", f"package.json has no group {request.group!r}.", name, "Use dev, optional or peer.")
    table, made = _TABLES[request.group], Plan(name, read)
    for item in request.names:
        found = _NAME.fullmatch(item)
        if found is None:
            raise bad_library(item, "it is no name of npm", "lodash or lodash@^4.17.21")
        require_reference(item, found["version"] or "", "lodash or lodash@^4.17.21")
        made.take(name, _edit(made, table, found["name"], found["version"], remove=request.remove))
    return made


def _edit(made: Plan, table: str, library: str, version: str | None, *, remove: bool) -> Edited:
    document = jsonc.Document(made.data(made.manifest), made.manifest, strict=True)
    known = _table(document, table)
    if remove:
        if library not in known:
            return Edited(document.data, notes=(f"{library} is not in {table}.",))
        return jsonc.unset(document, (table, library))
    if library in known and version in (None, known[library]):
        return Edited(document.data, notes=(f"{library}@{known[library]} is already in {table}.",))
    # npm sorts the names of a table by itself when it saves, so that another order would be changed by the next
    # install.
    return jsonc.set(document, (table, library), version or "*", ordered=True)


def _table(document: jsonc.Document, table: str) -> dict[str, Any]:
    """Return a table at the top of the file, empty where there is none."""
    try:
        tables = document.root.value
    except Refused as error:
        error.remedy = f"Repair the syntax with {do('patch')}, then repeat the edit."
        raise
    if not isinstance(tables, dict):
        raise _opaque(document.name, "the file is no object")
    found = {} if tables.get(table) is None else tables[table]
    if not isinstance(found, dict):
        raise _opaque(document.name, f"{table} is no object")
    return found


def _opaque(name: str, why: str) -> Refused:
    return Refused(
        "opaque_value",
        f"This edit is not safe in this file: {why}. Nothing was changed.",
        place=Place(name),
        remedy=f"Write this change with {do('patch')}.",
    )
