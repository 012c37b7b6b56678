"""Libraries in pyproject.toml: PEP 621, dependency groups (PEP 735), the tables of Poetry, uv and PDM."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from devkeel.errors import Refused
from devkeel.libraries.manifests import poetry
from devkeel.libraries.manifests.requirement import (
    Requirement,
    amended,
    canonicalize_name,
    is_bare,
    key_of,
    parse,
    which,
    written,
)
from devkeel.libraries.manifests.requirement_lines import lines_of, tolerant_text
from devkeel.libraries.request import bad_library, refused
from devkeel.source import Edited, toml
from devkeel.source.plain_data import dotted
from devkeel.text.actions import argument, do

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from devkeel.libraries.request import LibraryPlan, Request

__all__ = ["PYPROJECT", "declares", "dynamic_files", "edit", "is_dynamic", "requirements_of"]

PYPROJECT = "pyproject.toml"
_POETRY = ("tool", "poetry")
_DEPENDENCIES = ("project", "dependencies")
_SOURCES = ("tool", "uv", "sources")
_DEV = "dev"

_Path = tuple[str, ...]


def _get(model: dict[str, Any], *path: str) -> Any:  # noqa: ANN401  (plain data)
    found: Any = model
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found


def _table(model: dict[str, Any], *path: str) -> dict[str, Any]:
    found = _get(model, *path)
    return found if isinstance(found, dict) else {}


def _is_dynamic(model: dict[str, Any], what: str = "dependencies") -> bool:
    found = _get(model, "project", "dynamic")
    # PEP 621, `dynamic`: what stands in this list a build back end provides, and may not be in the table as well.
    return isinstance(found, list) and what in found


def declares(data: bytes) -> bool:
    """Return whether a pyproject.toml names the project's libraries, or has settings of tools alone."""
    try:
        model = toml.loads(data)
    except ValueError:
        return True  # broken: the edit says where
    return any(_get(model, *path) is not None for path in (("project",), ("dependency-groups",), _POETRY))


def dynamic_files(data: bytes) -> tuple[str, ...]:
    """Return the requirements files that setuptools reads the dependencies from."""
    try:
        model = toml.loads(data)
    except ValueError:
        return ()
    if not _is_dynamic(model):
        return ()
    # setuptools, "Configuring setuptools using pyproject.toml files": one name or a list of them.
    found = _get(model, "tool", "setuptools", "dynamic", "dependencies", "file")
    names = [found] if isinstance(found, str) else found
    return tuple(item for item in names if isinstance(item, str)) if isinstance(names, list) else ()


def is_dynamic(data: bytes) -> bool:
    """Return whether a build back end says what a project depends on. Raises ValueError."""
    model = toml.loads(data)
    return _is_dynamic(model) or _is_dynamic(model, "optional-dependencies") or _get(model, "project") is None


def requirements_of(
    data: bytes, *, groups: Iterable[str] | None = None, extras: Iterable[str] | None = None
) -> tuple[str, ...]:
    """Return what a pyproject.toml asks for beside Python: its dependencies, extras and groups, as PEP 508 writes them.

    groups, extras: which ones, None for all. Poetry's tables are left out: their versions are another language. Raises
    ValueError.
    """
    model = toml.loads(data)
    lists = [_get(model, *_DEPENDENCIES)]
    for path, wanted in ((("project", "optional-dependencies"), extras), (("dependency-groups",), groups)):
        table = _table(model, *path)
        lists += table.values() if wanted is None else [table.get(name) for name in _with_included(table, wanted)]
    # PEP 735: an element of a group that is a table includes another group; its requirements are read with that one.
    known = (item for items in lists if isinstance(items, list) for item in items)
    return tuple(dict.fromkeys(item for item in known if isinstance(item, str)))


def _with_included(table: dict[str, Any], wanted: Iterable[str]) -> list[str]:
    """Return groups with those that they include (PEP 735, `include-group`)."""
    names, waiting = {canonicalize_name(name): name for name in table}, [*wanted]
    found = dict[str, None]()
    while waiting:
        name = names.get(canonicalize_name(waiting.pop(0)))
        if name is not None and name not in found:
            found[name] = None
            items = table[name] if isinstance(table[name], list) else []
            waiting += [
                str(item["include-group"]) for item in items if isinstance(item, dict) and "include-group" in item
            ]
    return [*found]


def edit(plan: LibraryPlan, request: Request) -> None:
    """Add or remove requirements where this pyproject.toml has them."""
    model = toml.Document(plan.data(plan.manifest), plan.manifest).model
    _require_others(request, model)
    table = _table_of_poetry(model, request.group)
    if table is not None:
        complete = poetry.edit(plan, request, table)
    else:
        paths = _lists_of(model, request.group)
        _require_lists(plan, request, model, paths)
        complete = _edit_lists(plan, request, paths or [("dependency-groups", request.group or _DEV)])
    looked = [table] if table else paths
    if request.remove and not complete:
        _say_absent(plan, request, model, looked)
    _say_others(plan, request, model, looked)


def _require_others(request: Request, model: dict[str, Any]) -> None:
    """Refuse the project as a dependency of itself, as uv and Poetry do; an extra or a group may name it."""
    own = _get(model, "project", "name") or _get(model, *_POETRY, "name")
    for name in request.names:
        key = canonicalize_name(parse(name, remove=request.remove).name)
        new = not (request.remove or request.group or _indexes(model, _DEPENDENCIES, key))
        if new and isinstance(own, str) and key == canonicalize_name(own):
            raise bad_library(name, "it is the name of the project itself", "httpx>=0.27")


def _table_of_poetry(model: dict[str, Any], group: str | None) -> _Path | None:
    """Return the table of Poetry that a group is in; None where the project names its libraries by lists."""
    if _get(model, *_POETRY) is None:
        return None
    tables = [path for path, _ in poetry.tables_of(model)]
    if group is None:
        # As poetry add (src/poetry/console/commands/add.py): the table of Poetry where [project] names no libraries.
        lists = _get(model, *_DEPENDENCIES) is not None or _get(model, "project", "optional-dependencies") is not None
        return None if lists and not _is_dynamic(model) else (*_POETRY, "dependencies")
    key = canonicalize_name(group)
    known = next((path for path in tables if len(path) > len(_POETRY) + 1 and canonicalize_name(path[3]) == key), None)
    if known is not None or _lists_of(model, group):
        return known
    legacy = (*_POETRY, "dev-dependencies")
    if key == _DEV and legacy in tables:
        return legacy
    return None if _table(model, "dependency-groups") else (*_POETRY, "group", group, "dependencies")


def _lists_of(model: dict[str, Any], group: str | None) -> list[_Path]:
    """Return the lists that a group is, those that are there: an extra, a group (PEP 735), or one of a tool.

    Names are compared as their specification says: `dev_tools` is `dev-tools`.
    """
    if group is None:
        return [_DEPENDENCIES]
    # PEP 621: extras are of the published package; a dependency group (PEP 735) is never published.
    key, found = canonicalize_name(group), list[_Path]()
    for table in (("project", "optional-dependencies"), ("dependency-groups",), ("tool", "pdm", "dev-dependencies")):
        found += [(*table, name) for name in _table(model, *table) if canonicalize_name(name) == key]
    legacy = ("tool", "uv", "dev-dependencies")
    return [*found, legacy] if key == _DEV and _get(model, *legacy) is not None else found


def _require_lists(plan: LibraryPlan, request: Request, model: dict[str, Any], paths: Sequence[_Path]) -> None:
    """Refuse what this file computes from elsewhere, or has no place for."""
    group = request.group
    of_setuptools = _table(model, "tool", "setuptools", "dynamic", "optional-dependencies")
    computed = group in of_setuptools and _is_dynamic(model, "optional-dependencies")
    if computed or (group is None and _is_dynamic(model)):
        raise refused(
            "dynamic_dependencies",
            "The dependencies are dynamic: a build back end computes them from somewhere else.",
            plan.manifest,
            f"Name the file that holds them with {argument('file')}, or make them static.",
        )
    if group is None and _get(model, "project") is None:
        raise refused(
            "no_project_table",
            "The file has no [project] table, so that it has no place for a dependency outside a group.",
            plan.manifest,
            f"Name a group, or add [project] with name and version by {do('patch')}.",
        )
    document = toml.Document(plan.data(plan.manifest), plan.manifest)
    for path in paths:
        if not isinstance(_get(model, *path), list | None):
            raise document.refuse("opaque_value", f"{dotted(path)} is no list.")


def _edit_lists(plan: LibraryPlan, request: Request, paths: Sequence[_Path]) -> bool:
    """Edit the lists that may hold the libraries; return whether each library was in one."""
    done, complete = set[str](), True
    for name in request.names:
        wanted = parse(name, remove=request.remove)
        key = canonicalize_name(wanted.name)
        document = toml.Document(plan.data(plan.manifest), plan.manifest)
        places = [path for path in paths if _indexes(document.model, path, key)]
        complete &= bool(places)
        if request.remove:
            _remove(plan, places, key)
        elif key in done:
            # Two versions in one request are both written, so that the resolver says why they cannot be.
            plan.take(plan.manifest, _add(document, (places or paths)[0], wanted))
        else:
            plan.take(plan.manifest, _put(document, (places or paths)[0], wanted))
        done.add(key)
    return complete


def _indexes(model: dict[str, Any], path: _Path, key: str) -> list[int]:
    known = _get(model, *path)
    items = known if isinstance(known, list) else []
    return [index for index, item in enumerate(items) if isinstance(item, str) and key_of(item) == key]


def _put(document: toml.Document, path: _Path, wanted: Requirement) -> Edited:
    """Add a requirement, or change the one that there is."""
    indexes = _indexes(document.model, path, canonicalize_name(wanted.name))
    if not indexes:
        return _add(document, path, wanted)
    known = [_get(document.model, *path)[index] for index in indexes]
    if is_bare(wanted):
        return Edited(document.data, notes=(f"{known[0]} is already in {dotted(path)}.",))
    found = which([Requirement(item) for item in known], wanted)
    if not found:
        return _add(document, path, wanted)
    if len(found) > 1:
        raise _several(document, path, wanted, [indexes[item] for item in found])
    old = known[found[0]]
    new = _as_in_toml(amended(old, wanted)) if '"' not in old else amended(old, wanted)
    if new == old:
        return Edited(document.data, notes=(f"{old} is already in {dotted(path)}.",))
    return toml.replace(document, path, indexes[found[0]], new)


def _add(document: toml.Document, path: _Path, wanted: Requirement) -> Edited:
    text, known = _as_in_toml(written(wanted)), _get(document.model, *path)
    if known is None:
        return toml.append(document, path, text)
    return toml.insert(document, path, _sorted_place(known, text), text)


def _remove(plan: LibraryPlan, paths: Sequence[_Path], key: str) -> None:
    """Take every requirement of a distribution out of lists, and what Poetry and uv say of it alone."""
    for path in paths:
        model = toml.loads(plan.data(plan.manifest))
        for index in reversed(_indexes(model, path, key)):
            plan.take(plan.manifest, toml.remove(_document(plan), path, index))
    model = _document(plan).model
    if not paths or any(_indexes(model, path, key) for path, _ in _all_lists(model)):
        return
    enriched = [(*_POETRY, "dependencies")] if _DEPENDENCIES in paths else []
    for table in (*enriched, _SOURCES):
        entries = _table(model, *table)
        for name in poetry.names_in(entries, key):
            path = table if table == _SOURCES and len(entries) == 1 else (*table, name)
            plan.take(plan.manifest, toml.unset(_document(plan), path))
            plan.notes.append(f"{dotted((*table, name))} was about it alone and goes too.")


def _document(plan: LibraryPlan) -> toml.Document:
    return toml.Document(plan.data(plan.manifest), plan.manifest)


def _all_lists(model: dict[str, Any]) -> Iterator[tuple[_Path, list[Any]]]:
    """Yield every list of a pyproject.toml that may name libraries, with its path."""
    tables: tuple[_Path, ...] = (("project", "optional-dependencies"), ("dependency-groups",))
    tables += (("tool", "pdm", "dev-dependencies"),)
    paths: list[_Path] = [_DEPENDENCIES, ("tool", "uv", "dev-dependencies"), ("build-system", "requires")]
    paths += [(*table, name) for table in tables for name in _table(model, *table)]
    hatch = ("tool", "hatch", "envs")
    paths += [(*hatch, name, kind) for name in _table(model, *hatch) for kind in ("dependencies", "extra-dependencies")]
    for path in paths:
        found = _get(model, *path)
        if isinstance(found, list):
            yield path, found


def _say_absent(plan: LibraryPlan, request: Request, model: dict[str, Any], looked: Sequence[_Path]) -> None:
    """Say of each library that is not where it was to be removed from where it is instead."""
    told = " or ".join(map(dotted, looked)) or f"{request.group!r}, which is no group here"
    for name in request.names:
        key = canonicalize_name(parse(name, remove=True).name)
        found = _places_of(model, key)
        if any(path in found for path in looked):
            continue
        where = [dotted(path) for path in found] or [*_in_files(plan, key)]
        plan.notes.append(
            f"{name} is not in {told} of {plan.manifest}, but in {', '.join(where)}."
            if where
            else f"{name} is not in {told}, nor in another list of {plan.manifest}."
        )


def _say_others(plan: LibraryPlan, request: Request, model: dict[str, Any], looked: Sequence[_Path]) -> None:
    """Say of each library that was looked for and found, or is added, where it stands beside that."""
    for text in request.names:
        name = parse(text, remove=request.remove).name
        found = _places_of(model, canonicalize_name(name))
        others = [dotted(path) for path in found if path not in looked]
        if others and (not request.remove or len(others) < len(found)):
            plan.notes.append(f"{name} is in {', '.join(others)} too, which stays as it is.")


def _places_of(model: dict[str, Any], key: str) -> list[_Path]:
    """Return the lists and the tables of Poetry that have a library."""
    lists = [path for path, _ in _all_lists(model) if _indexes(model, path, key)]
    return lists + [path for path, table in poetry.tables_of(model) if poetry.names_in(table, key)]


def _in_files(plan: LibraryPlan, key: str) -> Iterator[str]:
    """Yield the lines of requirements files beside a pyproject.toml that have a library."""
    for file in ("requirements.in", "requirements.txt"):
        name = posixpath.join(posixpath.dirname(plan.manifest), file)
        lines = lines_of(tolerant_text(plan.read(name) or b""))
        yield from (f"{name}, line {line.number}" for line in lines if line.key == key)


def _several(document: toml.Document, path: _Path, wanted: Requirement, indexes: Sequence[int]) -> Refused:
    places = [document.place(*path, index) for index in indexes]
    lines = ", ".join(str(place.line) for place in places)
    return Refused(
        "opaque_value",
        f"{wanted.name} stands several times in {dotted(path)}, in lines {lines}.",
        place=places[0],
        remedy=f"Ask for one with its marker behind a semicolon, or change these lines with {do('patch')}.",
    )


def _as_in_toml(text: str) -> str:
    """Return a requirement with the quotes of its marker as uv writes them, which need no escapes between others."""
    head, mark, marker = text.partition(";")
    return text if "'" in marker else head + mark + marker.replace('"', "'")


def _sorted_place(known: Sequence[Any], text: str) -> int:
    """Return where a requirement goes, as for uv: in order where the list is sorted, else behind the last text."""
    texts = [item for item in known if isinstance(item, str)]
    orders: tuple[Callable[[str], tuple[str, ...]], ...] = (
        lambda item: _split(item.lower()),
        _split,
        lambda item: (item.lower(),),
        lambda item: (item,),
    )
    last = max((index + 1 for index, item in enumerate(known) if isinstance(item, str)), default=len(known))
    for order in orders:
        ranks = [order(item) for item in texts]
        if ranks == sorted(ranks):
            later = (i for i, item in enumerate(known) if isinstance(item, str) and order(item) > order(text))
            return next(later, last)
    return last


def _split(text: str) -> tuple[str, str]:
    """Return a requirement before and from its version."""
    at = next((index for index, letter in enumerate(text) if letter in "><=~!@"), len(text))
    return text[:at].strip(), text[at:].strip()
