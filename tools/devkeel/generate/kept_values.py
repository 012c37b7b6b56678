"""Values in a JSON file of a person's, with a record of what was written: what differs from it was changed by hand."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from devkeel.errors import Place, Refused, UsageError
from devkeel.source import jsonc
from devkeel.source.plain_data import names_of, position, same
from devkeel.text.actions import again

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["KeptPlaces", "KeptValues", "keep_values", "kept_parameters"]

_MISSING = object()


class KeptPlaces(Struct, frozen=True):
    """What of a file devkeel writes. record: where the record of it is. values: paths of values, None for any name.

    lists: arrays in which it has elements, and the type of those.
    """

    record: tuple[str, ...]
    values: tuple[tuple[str | None, ...], ...]
    lists: Mapping[tuple[str, ...], type]


class KeptValues(Struct, frozen=True):
    """What a file is to say. values: by their paths. lists: elements that arrays are to have, among a person's.

    parameters: of this time.
    """

    values: Mapping[tuple[str, ...], Any]
    lists: Mapping[tuple[str, ...], Sequence[Any]]
    parameters: Mapping[str, Any]


class _Recorded(Struct, frozen=True):
    """What was written the last time. values: digests by their paths. lists: elements by the paths of their arrays."""

    values: Mapping[tuple[str, ...], str] = field(default_factory=dict)
    lists: Mapping[tuple[str, ...], Sequence[Any]] = field(default_factory=dict)


def kept_parameters(old: bytes | None, name: str, places: KeptPlaces) -> tuple[Place, object] | None:
    """Return the parameters of the record as they stand there, not judged, with their place; None without a record."""
    document = jsonc.Document(old or b"", name)
    if _get(document, places.record) is _MISSING:
        return None
    _recorded(document, places)
    found = _get(document, (*places.record, "parameters"))
    return _place(document, (*places.record, "parameters")), {} if found is _MISSING else found


def _recorded(document: jsonc.Document, places: KeptPlaces) -> _Recorded:
    """Return the record of a file, which others may have written: it has what devkeel would write there, or is none.

    Raises Refused `generated_part_edited`.
    """
    record = _get(document, places.record)
    if record is _MISSING:
        return _Recorded()
    values, lists = (_table(document, (*places.record, key)) for key in ("values", "lists"))
    for path, digest in values.items():
        known = any(len(path) == len(one) and all(map(_fits, path, one)) for one in places.values)
        if not known or not isinstance(digest, str):
            raise _edited(document, (*places.record, "values", _key(path)))
    for path, items in lists.items():
        kind = places.lists.get(path)
        if kind is None or not isinstance(items, list) or any(type(item) is not kind for item in items):
            raise _edited(document, (*places.record, "lists", _key(path)))
    return _Recorded(values, lists)


def _table(document: jsonc.Document, place: tuple[str, ...]) -> dict[tuple[str, ...], Any]:
    """Return a table of the record by the paths that its keys are."""
    table = _get(document, place) if isinstance(_get(document, place[:-1]), dict) else None
    if table is _MISSING:
        return {}
    if not isinstance(table, dict):
        raise _edited(document, place)
    found = dict[tuple[str, ...], Any]()
    for key, value in table.items():
        path = _path(key)
        if path is None:
            raise _edited(document, (*place, key))
        found[path] = value
    return found


def _path(key: str) -> tuple[str, ...] | None:
    """Return the path that a key of the record is, None where devkeel writes no such key."""
    try:
        path = json.loads(key)
        if isinstance(path, list) and all(isinstance(part, str) and part for part in path) and _key(path) == key:
            return names_of(path)
    except (ValueError, RecursionError, UsageError):
        pass
    return None


def _fits(part: str, known: str | None) -> bool:
    return known in (None, part)


def _edited(document: jsonc.Document, path: tuple[str, ...]) -> Refused:
    return Refused(
        "generated_part_edited",
        "The record of what was generated cannot be read: this is nothing that devkeel writes there.",
        place=_place(document, path),
        seen=path[-1][:80],
        remedy="Take it out of the file; what the record does not name counts as written by hand.",
    )


def _place(document: jsonc.Document, path: Sequence[str]) -> Place:
    """Return the place of what stands at a path, or of what is nearest above it."""
    node = document.root
    for part in path:
        if part not in node.members:
            break
        node = node.members[part]
    return Place(document.name, *position(document.text, node.start))


def keep_values(name: str, places: KeptPlaces, wanted: KeptValues, old: bytes | None, replace: bool) -> bytes:
    """Return a file that says what it is to, all else as it is, with the record of what devkeel wrote of it.

    What a person wrote first is the person's, also where it is what devkeel would write. replace: also where a person
    says otherwise. Raises Refused `generated_part_edited` and `not_generated` there.
    """
    last, data = _recorded(jsonc.Document(old or b"", name), places), old or b""
    written = dict[str, str]()
    for path, value in wanted.values.items():
        document = jsonc.Document(data, name)
        found = _get(document, path)
        if not _same(found, value):
            if not replace:
                _require_own(document, path, found, last)
            data = jsonc.set(document, path, value).data
        elif last.values.get(path) != _digest(value):
            continue
        written[_key(path)] = _digest(value)
    for path, digest in last.values.items():
        document = jsonc.Document(data, name)
        found = _get(document, path)
        if path not in wanted.values and found is not _MISSING and _digest(found) == digest:
            data = jsonc.unset(document, path).data
    data, lists = _with_elements(name, data, wanted, last, replace=replace)
    record: Any = {"parameters": dict(wanted.parameters), "values": written, "lists": lists}
    if _get(jsonc.Document(data, name), places.record) is _MISSING:
        return jsonc.set(jsonc.Document(data, name), places.record, record).data
    for key, table in record.items():
        data = jsonc.set(jsonc.Document(data, name), (*places.record, key), table).data
    return data


def _with_elements(
    name: str, data: bytes, wanted: KeptValues, last: _Recorded, *, replace: bool
) -> tuple[bytes, dict[str, list[Any]]]:
    """Return the file with the elements of its arrays; one that a person took out stays out. And those of devkeel's."""
    own = dict[str, list[Any]]()
    for path in {**last.lists, **wanted.lists}:
        items, before = wanted.lists.get(path, ()), last.lists.get(path, ())
        kept = [item for item in items if item in before]
        for item in before:
            document = jsonc.Document(data, name)
            if item not in items and _has(document, path, item):
                data = jsonc.remove_element(document, path, item).data
        for item in items:
            document = jsonc.Document(data, name)
            if not _has(document, path, item) and (replace or item not in before):
                data = jsonc.append_element(document, path, item).data
                kept += [] if item in kept else [item]
        if kept:
            own[_key(path)] = [item for item in items if item in kept]
    return data, own


def _require_own(document: jsonc.Document, path: tuple[str, ...], found: object, last: _Recorded) -> None:
    """Refuse to take a value away that a person wrote, or to bring back one that was taken out."""
    before = last.values.get(path)
    if before is None and found is _MISSING:
        return
    if before is not None and found is not _MISSING and _digest(found) == before:
        return
    shown = ".".join(path)
    raise Refused(
        "not_generated" if before is None else "generated_part_edited",
        f"{document.name} says {shown} otherwise, and that was written by hand. Nothing was written.",
        place=_place(document, path),
        seen="it is not there" if found is _MISSING else json.dumps(found)[:200],
        remedy=f"Take {shown} out of the file, or have it replaced by {again(replace=True)}.",
    )


def _get(document: jsonc.Document, path: Sequence[str]) -> Any:  # noqa: ANN401  (data)
    try:
        return jsonc.get(document, path)
    except KeyError:
        return _MISSING


def _has(document: jsonc.Document, path: tuple[str, ...], item: object) -> bool:
    found = _get(document, path)
    return isinstance(found, list) and any(same(one, item) for one in found)


def _same(found: object, value: object) -> bool:
    return found is not _MISSING and _digest(found) == _digest(value)


def _key(path: Sequence[str]) -> str:
    return json.dumps(list(path))


def _digest(value: object) -> str:
    return sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]
