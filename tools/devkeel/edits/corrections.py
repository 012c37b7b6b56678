"""Suggestions for a change that was not made: what to ask for instead.

A check suggests edits of the candidate. A candidate that is not published is nowhere, so that each suggestion is told
as what the caller gave, corrected: whoever applies it gets all that was asked for.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from devkeel.catalogue.options import enable_path
from devkeel.errors import UsageError
from devkeel.source import nix

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from devkeel.errors import Diagnostic

__all__ = ["told_instead"]

_DEFAULTS = {"partial": False, "occurrences": 1}


def told_instead(found: Sequence[Diagnostic], given: Sequence[Mapping[str, Any]]) -> tuple[Diagnostic, ...]:
    """Return findings with suggestions that hold for the files before the change; `given` are the caller's edits."""
    told = []
    for item in found:
        edits = [other for edit in item.suggestions for other in _instead(edit, given, item.subject or "")]
        told.append(replace(item, suggestions=tuple(edits)))
    return tuple(told)


def _instead(edit: Mapping[str, Any], given: Sequence[Mapping[str, Any]], subject: str) -> list[dict[str, Any]]:
    match edit["kind"]:
        case "rename":
            old, new = _path(edit["path"]), _path(edit["to"])
            return [corrected for own in given if (corrected := _renamed(own, old, new)) is not None]
        case "set":
            return [corrected for own in given if (corrected := _revalued(own, edit)) is not None]
        case "replace_text":
            return [corrected for own in given for corrected in _retold(own, edit["old"], edit["new"], subject)]
    return [dict(edit)]


def _path(text: str) -> nix.AttrPath:
    return nix.parse_path(text)


def _group(own: Mapping[str, Any]) -> nix.AttrPath:
    """Return the path below which an edit that enables something puts its settings."""
    try:
        return enable_path(own["name"])[:-1]
    except UsageError:
        return ()


def _renamed(own: Mapping[str, Any], old: nix.AttrPath, new: nix.AttrPath) -> dict[str, Any] | None:
    """Return an edit with another path in place of one, None where it has no such path."""
    size = len(old)
    for field in ("path", "to"):
        if field in own and _path(own[field])[:size] == old:
            return {**own, field: nix.format_path((*new, *_path(own[field])[size:]))}
    if own["kind"] != "enable":
        return None
    group = _group(own)
    if group[:size] == old:
        return {**own, "name": nix.format_path((*new, *group[size:]))}
    settings = own.get("settings", {})
    full = {key: (*group, *_path(key)) for key in settings}
    if new[: len(group)] != group or not any(path[:size] == old for path in full.values()):
        return None
    other = {
        key: (*new, *path[size:])[len(group) :] if path[:size] == old else _path(key) for key, path in full.items()
    }
    return {**own, "settings": {nix.format_path(other[key]): value for key, value in settings.items()}}


def _revalued(own: Mapping[str, Any], edit: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return an edit with another value, None where it gives none to that path."""
    path, value = _path(edit["path"]), {key: edit[key] for key in ("value", "expression") if key in edit}
    if own["kind"] == "set" and _path(own["path"]) == path:
        return {key: item for key, item in own.items() if key not in {"value", "expression"}} | value
    if own["kind"] == "enable" and "value" in value:
        names = [key for key in own.get("settings", {}) if (*_group(own), *_path(key)) == path]
        return {**own, "settings": {**own["settings"], names[0]: value["value"]}} if names else None
    if own["kind"] == "set_input" and path[:2] == ("inputs", own["name"]) and path[2:3] == ("inputs",):
        follows = [value.get("value") if name == path[3] else name for name in own.get("follows", ())]
        return {**own, "follows": follows}
    return None


def _retold(own: Mapping[str, Any], old: str, new: str, subject: str) -> list[dict[str, Any]]:
    """Return an edit as it was given with the text, or the package name in it, that a replacement corrects."""
    if own["kind"] == "replace_text":
        plain = {key: value for key, value in own.items() if _DEFAULTS.get(key, ...) != value}
        return [{**plain, "new": text} for text in _within(own["new"], old, new)]
    name = _replacing(old, new, subject)
    if name is None:
        return []
    if subject in own.get("names", ()):
        return [{**own, "names": [name if item == subject else item for item in own["names"]]}]
    if isinstance(own.get("expression"), str) and subject in own["expression"]:
        return [{**own, "expression": own["expression"].replace(subject, name)}]
    return []


def _within(text: str, old: str, new: str) -> list[str]:
    """Return a text with a replacement made in it: as much of the replaced lines as it has must be round the change."""
    head, tail = _shared(old, new), _shared(old[::-1], new[::-1])
    tail = min(tail, len(old) - head, len(new) - head)
    cuts = sorted(((i, j) for i in range(head + 1) for j in range(tail + 1)), key=sum)
    for first, last in cuts:
        part = old[first : len(old) - last]
        if part and text.count(part) == 1:
            return [text.replace(part, new[first : len(new) - last])]
    return []


def _shared(first: str, second: str) -> int:
    """Return how many characters two texts begin with alike."""
    pairs = zip(first, second, strict=False)
    return next((index for index, (a, b) in enumerate(pairs) if a != b), min(len(first), len(second)))


def _replacing(old: str, new: str, subject: str) -> str | None:
    """Return what stands in `new` where `subject` stood in `old`, the rest being the same."""
    start = old.find(subject) if subject else -1
    while start >= 0:
        head, tail = old[:start], old[start + len(subject) :]
        if new.startswith(head) and new.endswith(tail) and len(new) >= len(head) + len(tail):
            return new[len(head) : len(new) - len(tail)]
        start = old.find(subject, start + 1)
    return None
