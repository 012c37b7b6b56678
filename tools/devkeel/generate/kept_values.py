"""Values in a JSON file of a person's, with a record of what was written: what differs from it was changed by hand."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from devkeel.errors import Place, Refused
from devkeel.source import jsonc
from devkeel.text.actions import again

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["KeptValues", "Recorded", "bad_record", "keep_values", "recorded"]

_MISSING = object()


class KeptValues(Struct, frozen=True):
    """What a file is to say. values: by their paths. lists: elements that arrays are to have, among a person's.

    parameters: of this time.
    """

    values: Mapping[tuple[str, ...], Any]
    lists: Mapping[tuple[str, ...], Sequence[Any]]
    parameters: Mapping[str, Any]


class Recorded(Struct, frozen=True):
    """What was written the last time. values: digests by their paths. lists: elements by the paths of their arrays."""

    parameters: Mapping[str, Any] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)
    lists: Mapping[str, Sequence[Any]] = field(default_factory=dict)


def recorded(old: bytes | None, name: str, place: tuple[str, ...]) -> Recorded:
    """Return the record at a place of a file, an empty one where there is none. Raises Refused for one that is none."""
    found = _get(jsonc.Document(old, name), place) if old else _MISSING
    if found is _MISSING:
        return Recorded()
    said = found if isinstance(found, dict) else {}
    parameters, values, lists = (said.get(key, {}) for key in ("parameters", "values", "lists"))
    tables = all(isinstance(table, dict) for table in (found, parameters, values, lists))
    if not tables or not all(map(_is_key, (*values, *lists))):
        raise bad_record(name, place, "it is not as devkeel writes it")
    if not all(isinstance(item, list) for item in lists.values()):
        raise bad_record(name, place, "its lists are none")
    return Recorded(parameters, values, lists)


def bad_record(name: str, place: tuple[str, ...], why: str) -> Refused:
    """Return the refusal of a record that was edited by hand."""
    shown = ".".join(place)
    return Refused(
        "generated_part_edited",
        f"The record of what devkeel wrote cannot be read: {why}.",
        place=Place(name),
        seen=shown,
        remedy=f"Take {shown} out of {name}: what it has then counts as yours.",
    )


def _is_key(text: str) -> bool:
    """Return whether a text is the path of a value, as `_key` writes it."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, list) and bool(found) and all(isinstance(item, str) and item for item in found)


def keep_values(name: str, place: tuple[str, ...], wanted: KeptValues, old: bytes | None, replace: bool) -> bytes:
    """Return a file that says what it is to, all else as it is, with the record of what devkeel wrote at a place.

    What is there already without a record is a person's: it is not recorded, so that it is never taken out. replace:
    also where a person says otherwise. Raises Refused `generated_part_edited` and `not_generated` there.
    """
    last, data = recorded(old, name, place), old or b""
    written = dict[str, str]()
    for path, value in wanted.values.items():
        document = jsonc.Document(data, name)
        found = _get(document, path)
        if not replace and not _same(found, value):
            _require_own(name, path, found, last)
        if not _same(found, value) or _key(path) in last.values:
            written[_key(path)] = _digest(value)
        data = jsonc.set(document, path, value).data
    for key, digest in last.values.items():
        path = tuple(json.loads(key))
        document = jsonc.Document(data, name)
        found = _get(document, path)
        if path not in wanted.values and found is not _MISSING and _digest(found) == digest:
            data = jsonc.unset(document, path).data
    data, lists = _with_elements(name, data, wanted, last, replace=replace)
    record: Any = {
        "parameters": dict(wanted.parameters),
        "values": written,
        "lists": lists,
    }
    return jsonc.set(jsonc.Document(data, name), place, record).data


def _with_elements(
    name: str, data: bytes, wanted: KeptValues, last: Recorded, *, replace: bool
) -> tuple[bytes, dict[str, list[Any]]]:
    """Return the file with the elements of its arrays, and those of devkeel's; one that was taken out stays out."""
    lists = {_key(path): list(items) for path, items in wanted.lists.items()}
    written = dict[str, list[Any]]()
    for key in {**last.lists, **lists}:
        path, items, before = tuple(json.loads(key)), lists.get(key, []), last.lists.get(key, [])
        there = _elements(jsonc.Document(data, name), path)
        if own := [item for item in items if item in before or item not in there]:
            written[key] = own
        for item in before:
            document = jsonc.Document(data, name)
            if item not in items and item in _elements(document, path):
                data = jsonc.remove_element(document, path, item).data
        for item in items:
            document = jsonc.Document(data, name)
            if item not in _elements(document, path) and (replace or item not in before):
                data = jsonc.append_element(document, path, item).data
    return data, written


def _require_own(name: str, path: tuple[str, ...], found: object, last: Recorded) -> None:
    """Refuse to take a value away that a person wrote, or to bring back one that was taken out."""
    before = last.values.get(_key(path))
    if before is None and found is _MISSING:
        return
    if before is not None and found is not _MISSING and _digest(found) == before:
        return
    shown = ".".join(path)
    raise Refused(
        "not_generated" if before is None else "generated_part_edited",
        f"{name} says {shown} otherwise, and that was written by hand. Nothing was written.",
        place=Place(name),
        seen="it is not there" if found is _MISSING else json.dumps(found)[:200],
        remedy=f"Take {shown} out of the file, or have it replaced by {again(replace=True)}.",
    )


def _get(document: jsonc.Document, path: Sequence[str]) -> Any:  # noqa: ANN401  (data)
    try:
        return jsonc.get(document, path)
    except KeyError:
        return _MISSING


def _elements(document: jsonc.Document, path: tuple[str, ...]) -> list[Any]:
    found = _get(document, path)
    return found if isinstance(found, list) else []


def _same(found: object, value: object) -> bool:
    return found is not _MISSING and _digest(found) == _digest(value)


def _key(path: Sequence[str]) -> str:
    return json.dumps(list(path))


def _digest(value: object) -> str:
    return sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]
