"""Libraries in pyproject.toml: PEP 621, dependency groups (PEP 735), Poetry's tables."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

from devkeel.errors import Place, Refused
from devkeel.libraries.manifests.requirement import Requirement, canonicalize_name, exchanged, parse, tolerant
from devkeel.libraries.request import refused
from devkeel.source import Edited, toml
from devkeel.source.substitution import exchange
from devkeel.text.actions import do

if TYPE_CHECKING:
    from devkeel.libraries.request import Plan, Request

__all__ = ["PYPROJECT", "declares", "dynamic_files", "edit", "requirements_of"]

PYPROJECT = "pyproject.toml"
_POETRY = ("tool", "poetry")


def _get(model: dict[str, Any], *path: str) -> Any:  # noqa: ANN401  (plain data)
    found: Any = model
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found


def _table(model: dict[str, Any], *path: str) -> dict[str, Any]:
    found = _get(model, *path)
    return found if isinstance(found, dict) else {}


def _is_dynamic(model: dict[str, Any]) -> bool:
    found = _get(model, "project", "dynamic")
    # PEP 621, `dynamic`: what stands in this list a build back end provides, and may not be in the table as well.
    return isinstance(found, list) and "dependencies" in found


def _model(data: bytes, name: str) -> dict[str, Any]:
    return toml.Document(data, name).model


def declares(data: bytes) -> bool:
    """Return whether a pyproject.toml names the project's libraries, or has settings of tools alone."""
    try:
        model = tomllib.loads(data.decode())
    except ValueError:
        return True  # broken: the edit says where
    return any(_get(model, *path) is not None for path in (("project",), ("dependency-groups",), _POETRY))


def dynamic_files(data: bytes) -> tuple[str, ...]:
    """Return the requirements files that setuptools reads the dependencies from."""
    try:
        model = tomllib.loads(data.decode())
    except ValueError:
        return ()
    if not _is_dynamic(model):
        return ()
    # setuptools, "Configuring setuptools using pyproject.toml files": one name or a list of them.
    found = _get(model, "tool", "setuptools", "dynamic", "dependencies", "file")
    names = [found] if isinstance(found, str) else found
    return tuple(item for item in names if isinstance(item, str)) if isinstance(names, list) else ()


def requirements_of(data: bytes) -> tuple[str, ...]:
    """Return what a pyproject.toml asks for beside Python: its dependencies, extras and groups, as PEP 508 writes them.

    Poetry's tables are left out: their versions are another language.
    """
    model = tomllib.loads(data.decode())
    lists = [_get(model, "project", "dependencies")]
    for path in (("project", "optional-dependencies"), ("dependency-groups",)):
        lists += _table(model, *path).values()
    # PEP 735: an element of a group that is a table includes another group; its requirements are read with that one.
    known = (item for items in lists if isinstance(items, list) for item in items)
    return tuple(dict.fromkeys(item for item in known if isinstance(item, str)))


def edit(plan: Plan, request: Request) -> None:
    """Add or remove requirements where this pyproject.toml has them."""
    model = _model(plan.data(plan.manifest), plan.manifest)
    if _uses_poetry(model, request.group):
        _edit_poetry(plan, request, model)
        return
    if request.group is None:
        if _is_dynamic(model):
            raise refused(
                "dynamic_dependencies",
                "The dependencies are dynamic: a build back end computes them from somewhere else.",
                plan.manifest,
                "Name the file that holds them with `file`, or make them static.",
            )
        path: tuple[str, ...] = ("project", "dependencies")
        if _get(model, "project") is None:
            raise refused(
                "no_project_table",
                "The file has no [project] table, so that it has no place for a dependency outside a group.",
                plan.manifest,
                f"Name a group, or add [project] with name and version by {do('patch')}.",
            )
    elif _get(model, "project", "optional-dependencies", request.group) is not None:
        # PEP 621: extras of the published package; a dependency group (PEP 735) is never published.
        path = ("project", "optional-dependencies", request.group)
    else:
        path = ("dependency-groups", request.group)
    done = set[str]()
    for name in request.names:
        requirement = parse(name, remove=request.remove)
        document, key = toml.Document(plan.data(plan.manifest), plan.manifest), canonicalize_name(requirement.name)
        # Two versions in one request are both written, so that the resolver says why they cannot be.
        twice = key in done and not request.remove
        change = toml.append(document, path, str(requirement)) if twice else None
        plan.take(plan.manifest, change or _edit_list(document, path, requirement, remove=request.remove))
        done.add(key)


def _uses_poetry(model: dict[str, Any], group: str | None) -> bool:
    if _get(model, *_POETRY) is None:
        return False
    if group is not None:
        return _get(model, "dependency-groups", group) is None
    return _get(model, "project") is None or _is_dynamic(model) or _get(model, "project", "dependencies") is None


def _edit_list(document: toml.Document, path: tuple[str, ...], wanted: Requirement, *, remove: bool) -> Edited:
    data = document.data
    known = _get(document.model, *path)
    told = ".".join(path)
    if known is not None and not isinstance(known, list):
        raise document.refuse("opaque_value", f"{told} is no list.")
    old = exchanged(known or [], wanted)
    if remove:
        if old is None:
            return Edited(data, notes=(f"{wanted.name} is not in {told}.",))
        return _exchange(document, path, old, None)
    if old is None:
        return toml.append(document, path, str(wanted))
    found = tolerant(old)
    bare = not (wanted.specifier or wanted.url or wanted.extras)
    if bare or (found is not None and str(found) == str(wanted)):
        return Edited(data, notes=(f"{old} is already in {told}.",))
    return _exchange(document, path, old, str(wanted))


def _exchange(document: toml.Document, path: tuple[str, ...], old: str, new: str | None) -> Edited:
    known = _get(document.model, *path)
    wanted = [new if item == old else item for item in known if new is not None or item != old]
    model = toml.Document(toml.set(document, path, wanted).data).model
    found = exchange(document.data, old, new, model, lambda data: tomllib.loads(data.decode()))
    if found is None:
        raise document.unproven(f"where {old!r} stands is not certain")
    return found


def _edit_poetry(plan: Plan, request: Request, model: dict[str, Any]) -> None:
    path: tuple[str, ...] = (*_POETRY, "dependencies")
    if request.group is not None:
        path = (*_POETRY, "group", request.group, "dependencies")
        old = (*_POETRY, "dev-dependencies")
        path = old if request.group == "dev" and _get(model, *old) is not None else path
    for name in request.names:
        requirement = parse(name, remove=request.remove)
        data = plan.data(plan.manifest)
        table = _table(_model(data, plan.manifest), *path)
        key = canonicalize_name(requirement.name)
        known = next((item for item in table if canonicalize_name(item) == key), None)
        document = toml.Document(data, plan.manifest)
        if request.remove:
            edited = (
                Edited(data, notes=(f"{requirement.name} is not in {'.'.join(path)}.",))
                if known is None
                else toml.unset(document, (*path, known))
            )
        elif known is not None and not (requirement.specifier or requirement.extras):
            edited = Edited(data, notes=(f"{known} is already in {'.'.join(path)}.",))
        else:
            edited = toml.set(document, (*path, known or requirement.name), _poetry_value(requirement, plan.manifest))
        plan.take(plan.manifest, edited)


def _poetry_value(requirement: Requirement, name: str) -> Any:  # noqa: ANN401  (plain data)
    if requirement.url or requirement.marker:
        raise Refused(
            "poetry_source",
            "A URL or a marker has a form of its own in Poetry's table.",
            place=Place(name),
            seen=str(requirement)[:200],
            remedy=f"Write this entry with {do('patch')}.",
        )
    version = str(requirement.specifier) or "*"
    return {"version": version, "extras": sorted(requirement.extras)} if requirement.extras else version
