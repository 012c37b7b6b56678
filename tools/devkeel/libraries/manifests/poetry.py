"""Libraries in Poetry's tables of pyproject.toml: a version, or a table with version, extras and markers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from devkeel.errors import Place, Refused
from devkeel.libraries.manifests.requirement import Requirement, canonicalize_name, parse, written
from devkeel.libraries.request import bad_library
from devkeel.source import Edited, toml
from devkeel.source.plain_data import dotted
from devkeel.source.splice import compose
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from devkeel.libraries.request import LibraryPlan, Request

__all__ = ["edit", "names_in", "tables_of"]

_POETRY = ("tool", "poetry")
# Where a library comes from when it is not the index: a version beside it would be another wish.
_ORIGINS = ("git", "path", "url", "file")

_Path = tuple[str, ...]


def tables_of(model: Mapping[str, Any]) -> Iterator[tuple[_Path, dict[str, Any]]]:
    """Yield the tables of a model that name libraries, with their paths: the project's own first."""
    poetry = _table(_table(model, "tool"), "poetry")
    for name in ("dependencies", "dev-dependencies"):
        if isinstance(poetry.get(name), dict):
            yield (*_POETRY, name), poetry[name]
    for group, entry in _table(poetry, "group").items():
        if isinstance(entry, dict) and isinstance(entry.get("dependencies"), dict):
            yield (*_POETRY, "group", group, "dependencies"), entry["dependencies"]


def names_in(table: Mapping[str, Any], key: str) -> list[str]:
    """Return how a table spells a distribution, each time that it does. key: the normalised name."""
    return [name for name in table if canonicalize_name(name) == key]


def edit(plan: LibraryPlan, request: Request, path: _Path) -> bool:
    """Add libraries to a table, or remove them where it has them; return whether it had all of these."""
    complete = True
    for name in request.names:
        wanted = parse(name, remove=request.remove)
        if canonicalize_name(wanted.name) == "python":
            raise bad_library(name, "in Poetry's tables it is the interpreter", "httpx>=0.27")
        document = toml.Document(plan.data(plan.manifest), plan.manifest)
        table = dict(tables_of(document.model)).get(path, {})
        spelt = names_in(table, canonicalize_name(wanted.name))
        complete &= bool(spelt)
        if request.remove:
            for item in spelt:
                document = toml.Document(plan.data(plan.manifest), plan.manifest)
                plan.take(plan.manifest, toml.unset(document, (*path, item)))
        else:
            plan.take(plan.manifest, _put(document, path, spelt, table, wanted))
    return complete


def _table(model: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = model.get(name)
    return found if isinstance(found, dict) else {}


def _put(
    document: toml.Document, path: _Path, spelt: list[str], table: Mapping[str, Any], wanted: Requirement
) -> Edited:
    if wanted.url:
        raise Refused(
            "poetry_source",
            "A URL has a form of its own in Poetry's table.",
            place=Place(document.name),
            seen=written(wanted)[:200],
            remedy=f"Write this entry with {do('patch')}.",
        )
    if not spelt:
        return _add(document, (*path, wanted.name), wanted)
    place = (*path, spelt[0])
    asked = wanted.specifier or wanted.extras or wanted.marker
    if not asked:
        return Edited(document.data, notes=(f"{spelt[0]} is already in {dotted(path)}.",))
    entry = table[spelt[0]]
    if isinstance(entry, list):
        raise _choose(document, place, "has several constraints, each for other systems")
    if isinstance(entry, str):
        version = _version(wanted) if wanted.specifier else entry
        value = {"version": version, **_more(wanted)}
        return toml.set(document, place, value if len(value) > 1 else version)
    origin = next((name for name in _ORIGINS if name in entry), None)
    if origin is not None and wanted.specifier:
        raise _choose(document, place, f"comes from {origin} = {str(entry[origin])[:80]!r}, not from an index")
    return _amend(document, place, entry, wanted)


def _amend(document: toml.Document, place: _Path, entry: Mapping[str, Any], wanted: Requirement) -> Edited:
    """Change the keys of a table that a request names; extras are added to those that there are."""
    before, steps = document.data, list[tuple[str, Any]]()
    if wanted.specifier:
        steps.append(("version", _version(wanted)))
    known = entry.get("extras", [])
    extras = [item for item in sorted(wanted.extras) if canonicalize_name(item) not in map(canonicalize_name, known)]
    if extras:
        steps.append(("extras", [*known, *extras]))
    if wanted.marker:
        steps.append(("markers", str(wanted.marker)))
    made = [Edited(before)]
    for key, value in steps:
        made.append(toml.set(toml.Document(made[-1].data, document.name), (*place, key), value))
    return compose(before, made)


def _choose(document: toml.Document, place: _Path, why: str) -> Refused:
    return Refused(
        "opaque_value",
        f"{dotted(place)} {why}.",
        place=document.place(*place),
        remedy=f"Change this entry with {do('patch')}.",
    )


def _version(wanted: Requirement) -> str:
    bare = Requirement(wanted.name)
    bare.specifier = wanted.specifier
    return written(bare).removeprefix(wanted.name) or "*"


def _more(wanted: Requirement) -> dict[str, Any]:
    extras = {"extras": sorted(wanted.extras)} if wanted.extras else {}
    return extras | ({"markers": str(wanted.marker)} if wanted.marker else {})


def _add(document: toml.Document, place: _Path, wanted: Requirement) -> Edited:
    """Add an entry on one line, as Poetry does: a value first, which a table then takes the place of."""
    version, more = _version(wanted), _more(wanted)
    plain = toml.set(document, place, version)
    if not more:
        return plain
    whole = toml.set(toml.Document(plain.data, document.name), place, {"version": version, **more})
    return compose(document.data, (plain, whole))
