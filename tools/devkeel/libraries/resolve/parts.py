"""Which parts of a Python project are installed: itself, dependency groups, extras; and which are left out.

As uv sync has it, whether or not there is a lock: the project itself where it has a build back end, the group `dev` or
those of `tool.uv.default-groups`, and no extra. A requirements project has its groups in files of their own:
requirements-dev.txt is `dev`.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from devkeel.errors import Place, Refused
from devkeel.libraries.manifests.requirement import canonicalize_name
from devkeel.source import toml
from devkeel.text.actions import argument

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from devkeel.project.contents import Contents

__all__ = ["Parts", "parts_of"]

_PYPROJECT, _DEV = "pyproject.toml", "dev"
# How the file of a group is called, the commonest first.
_FILES = ("requirements-{}.txt", "requirements_{}.txt", "{}-requirements.txt", "requirements/{}.txt")
_PATTERNS = tuple(re.compile(re.escape(form).replace(r"\{\}", r"([\w.-]+?)")) for form in _FILES)


class Parts(Struct, frozen=True):
    """What is installed beside a project's own requirements, and what is there and left out.

    itself: the project's name where it is installed, None where it is not. groups, extras: by name. files: those that
    the groups of a requirements project stand in. left_out: each as a person reads it.
    """

    itself: str | None = None
    groups: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


def parts_of(manifest: str, data: bytes, wanted: Contents, there: Callable[[str], Iterable[str]]) -> Parts:
    """Return the parts of a project. there: the names in a directory of it. Raises Refused `no_groups`.

    data: of the manifest. One that does not parse has no parts: the installer says where it is broken.
    """
    if posixpath.basename(manifest) != _PYPROJECT:
        return _of_files(manifest, wanted, there)
    try:
        model = toml.loads(data)
    except ValueError:
        return Parts()
    groups, extras = _groups(model), _extras(model)
    taken = (*(_defaults(model, groups) if wanted.default_groups else ()), *_known(wanted.groups, groups, "group"))
    chosen = tuple(dict.fromkeys(taken))
    asked = tuple(dict.fromkeys(_known(wanted.extras, extras, "extra")))
    name, why = _itself(model)
    left = [f"group {item}" for item in groups if item not in chosen and item not in _included(model, chosen)]
    left += [f"extra {item}" for item in extras if item not in asked]
    left += [f"group {item} of Poetry" for item in _poetry_groups(model)]
    if why or not wanted.project:
        left.append(f"the project itself{f', {why}' if why else ''}")
    return Parts(None if why or not wanted.project else name, chosen, asked, (), tuple(left))


def _get(model: Any, *path: str) -> Any:  # noqa: ANN401  (plain data)
    for name in path:
        model = model.get(name) if isinstance(model, dict) else None
    return model


def _names(table: object) -> tuple[str, ...]:
    return tuple(table) if isinstance(table, dict) else ()


def _groups(model: dict[str, Any]) -> tuple[str, ...]:
    found = _names(model.get("dependency-groups"))
    # uv, "Legacy dev-dependencies": they are the group `dev`.
    legacy = (_DEV,) if _get(model, "tool", "uv", "dev-dependencies") is not None else ()
    return tuple(dict.fromkeys((*found, *legacy)))


def _extras(model: dict[str, Any]) -> tuple[str, ...]:
    dynamic = _get(model, "tool", "setuptools", "dynamic", "optional-dependencies")
    return tuple(dict.fromkeys((*_names(_get(model, "project", "optional-dependencies")), *_names(dynamic))))


def _poetry_groups(model: dict[str, Any]) -> tuple[str, ...]:
    return _names(_get(model, "tool", "poetry", "group"))


def _defaults(model: dict[str, Any], groups: tuple[str, ...]) -> tuple[str, ...]:
    """Return the groups that uv installs unasked (uv, "Default groups")."""
    found = _get(model, "tool", "uv", "default-groups")
    if found == "all":
        return groups
    names = [item for item in found if isinstance(item, str)] if isinstance(found, list) else [_DEV]
    keys = {canonicalize_name(item) for item in names}
    return tuple(item for item in groups if canonicalize_name(item) in keys)


def _included(model: dict[str, Any], chosen: Iterable[str]) -> set[str]:
    """Return the groups that others bring (PEP 735, `include-group`)."""
    known = {canonicalize_name(name): name for name in _groups(model)}
    waiting, seen = [*chosen], set[str]()
    while waiting:
        name = waiting.pop()
        items = _get(model, "dependency-groups", name)
        for item in items if isinstance(items, list) else []:
            other = known.get(canonicalize_name(str(_get(item, "include-group"))))
            if other is not None and other not in seen:
                seen.add(other)
                waiting.append(other)
    return seen


def _itself(model: dict[str, Any]) -> tuple[str | None, str | None]:
    """Return the project's name, and why it is not installed, None where it is."""
    name = _get(model, "project", "name") or _get(model, "tool", "poetry", "name")
    if not isinstance(name, str):
        return None, "which has no name"
    # uv, "Project packaging"; Poetry, "Operating modes".
    if _get(model, "tool", "uv", "package") is False or _get(model, "tool", "poetry", "package-mode") is False:
        return name, "which says that it is no package"
    if _get(model, "tool", "uv", "package") is not True and "build-system" not in model:
        return name, "which has no [build-system]"
    return name, None


def _known(asked: Iterable[str], known: tuple[str, ...], what: str) -> tuple[str, ...]:
    """Return the names that a project has for what is asked for. Raises Refused `no_groups`."""
    # PEP 735 and PEP 685: names are compared as those of distributions.
    names = {canonicalize_name(item): item for item in known}
    lost = [item for item in asked if canonicalize_name(item) not in names]
    if lost:
        raise _unknown(_PYPROJECT, f"{_PYPROJECT} has no {what} {', '.join(lost)}", known, what)
    return tuple(names[canonicalize_name(item)] for item in asked)


def _unknown(manifest: str, told: str, known: tuple[str, ...], what: str) -> Refused:
    said = argument("groups") if what == "group" else argument("extras")
    has = f"It has {', '.join(known)}." if known else f"It has no {what}s."
    return Refused(
        "no_groups",
        f"{told}. {has} The environment is as it was.",
        place=Place(manifest),
        remedy=f"Name one of these with {said}." if known else f"Leave the {what} out.",
        alternatives=known,
    )


def _of_files(manifest: str, wanted: Contents, there: Callable[[str], Iterable[str]]) -> Parts:
    """Return the parts of a project that is declared by requirements files."""
    if wanted.extras:
        raise _unknown(manifest, f"{manifest} has no extra {', '.join(wanted.extras)}", (), "extra")
    known = _group_files(there)
    known = {group: file for group, file in known.items() if file != manifest}
    lost = [item for item in wanted.groups if canonicalize_name(item) not in known]
    if lost:
        told = f"No requirements file is of the group {', '.join(lost)} ({_FILES[0].format(lost[0])} would be)"
        raise _unknown(manifest, told, tuple(known), "group")
    default = (_DEV,) if wanted.default_groups and _DEV in known else ()
    chosen = tuple(dict.fromkeys((*default, *(canonicalize_name(item) for item in wanted.groups))))
    left = [f"group {group} ({file})" for group, file in known.items() if group not in chosen]
    if {"setup.py", "setup.cfg"} & set(there(".")):
        left.append(f"the project itself, which has no {_PYPROJECT}")
    return Parts(None, chosen, (), tuple(known[item] for item in chosen), tuple(left))


def _group_files(there: Callable[[str], Iterable[str]]) -> dict[str, str]:
    """Return the requirements files of groups, by group."""
    found = dict[str, str]()
    names = [*sorted(there(".")), *(f"requirements/{name}" for name in sorted(there("requirements")))]
    for pattern in _PATTERNS:
        for name in names:
            match = pattern.fullmatch(name)
            if match is not None:
                found.setdefault(canonicalize_name(match[1]), name)
    return found
