"""Whether uv.lock fits pyproject.toml, by content: the requirements that it recorded, Python, and platforms."""

from __future__ import annotations

import tomllib
from typing import Any

from packaging.markers import InvalidMarker, Marker

from devkeel.libraries.manifests.requirement import canonicalize_name, tolerant
from devkeel.source import toml

__all__ = ["stale"]

# A requirement as both files have it: where it is asked for, name, versions, extras.
_Wanted = tuple[str, str, frozenset[str], frozenset[str]]


def stale(data: bytes, lock: bytes) -> str | None:
    """Return what uv.lock was not made for: a requirement that it does not know, or one that is gone."""
    try:
        return _difference(toml.loads(data), tomllib.loads(lock.decode()))
    except ValueError:
        return "a file does not parse"
    except (AttributeError, KeyError, TypeError):
        return "one of the two is not as Python's tools write it"


def _difference(model: dict[str, Any], locked: dict[str, Any]) -> str | None:
    project = model.get("project") or {}
    own = canonicalize_name(str(project.get("name", "")))
    # uv writes it where `environments` of [tool.uv] limits what is resolved for.
    covered = [str(item) for item in locked.get("supported-markers", [])]
    if covered and not any(_applies(item) for item in covered):
        return f"it covers {', '.join(covered)}, not this machine"
    entry = next((item for item in locked.get("package", []) if item.get("name") == own), None)
    if entry is None:
        return f"it has no package {own}"
    python = project.get("requires-python")
    if python and _plain(python) != _plain(str(locked.get("requires-python", ""))):
        return f"it was made for Python {locked.get('requires-python')}"
    different = _recorded(entry.get("metadata", {})) ^ _asked(project, model.get("dependency-groups") or {})
    names = sorted({name for _, name, *_ in different})
    return f"pyproject.toml asks for something else: {', '.join(names[:5])}" if names else None


def _applies(marker: str) -> bool:
    try:
        return Marker(marker).evaluate()
    except InvalidMarker:
        return True


def _recorded(metadata: dict[str, Any]) -> set[_Wanted]:
    found = {_entry("", item) for item in metadata.get("requires-dist", [])}
    for group, items in metadata.get("requires-dev", {}).items():
        found |= {_entry(f"group {group}", item) for item in items}
    return found


def _entry(place: str, item: dict[str, Any]) -> _Wanted:
    return place, str(item["name"]), _plain(str(item.get("specifier", ""))), frozenset(item.get("extras", []))


def _asked(project: dict[str, Any], groups: dict[str, Any]) -> set[_Wanted]:
    lists = [project.get("dependencies") or [], *(project.get("optional-dependencies") or {}).values()]
    found = {_requirement("", text) for items in lists for text in items}
    for group, items in groups.items():
        # PEP 735: names of groups are compared normalised, as names of packages are.
        found |= {_requirement(f"group {canonicalize_name(group)}", text) for text in _flat(groups, items)}
    return found


def _flat(groups: dict[str, Any], items: Any) -> list[str]:  # noqa: ANN401  (plain data)
    """Return the requirements of a group, those of the groups that it includes too."""
    found: list[str] = []
    for item in items if isinstance(items, list) else []:
        if isinstance(item, str):
            found.append(item)
        # PEP 735: {include-group = "name"}; tools refuse a circle.
        elif isinstance(item, dict) and isinstance(wanted := item.get("include-group"), str):
            for name in [group for group in groups if canonicalize_name(group) == canonicalize_name(wanted)]:
                others = {group: known for group, known in groups.items() if group != name}  # no group includes itself
                found += _flat(others, groups[name])
    return found


def _requirement(place: str, text: str) -> _Wanted:
    found = tolerant(text)
    if found is None:
        return place, text, frozenset(), frozenset()
    return place, canonicalize_name(found.name), _plain(str(found.specifier)), frozenset(found.extras)


def _plain(text: str) -> frozenset[str]:
    return frozenset(item.strip().replace(" ", "") for item in text.split(",") if item.strip())
