"""Proof after every edit: the result parses, says what was wanted, and everything else is as it was."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from devkeel.errors import DevkeelError, Place, Refused
from devkeel.source.plain_data import same
from devkeel.source.splice import apply
from devkeel.source.yaml.document import Document
from devkeel.source.yaml.scalars import resolve
from devkeel.source.yaml.values import value_at
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from devkeel.source.plain_data import Data
    from devkeel.source.splice import Edited, Splice
    from devkeel.source.yaml.document import Item

__all__ = ["MISSING", "prove", "prove_element"]

# An item without its places: what it is, its text, its tag and anchor, and what is in it.
_Shape: TypeAlias = tuple[object, ...]
_WANTED: _Shape = ("wanted",)
_AS_IT_IS: Mapping[Item, _Shape | None] = MappingProxyType({})


class _Missing:
    """The wanted value of a path that is to be removed."""


MISSING = _Missing()


def prove(
    before: Document,
    splices: Iterable[Splice],
    path: tuple[str, ...],
    wanted: Data | _Missing,
    notes: Iterable[str] = (),
) -> Edited:
    """Apply the splices and return the edit when it is proven, else raise Refused `unproven`."""
    edited = apply(before.data, splices, notes)
    if not edited.changed:
        return edited
    try:
        after = Document(edited.data, before.name)
        if isinstance(wanted, _Missing):
            expected, found = _without(_shape(before.root), path), _shape(after.root)
        else:
            expected, found = (_with(_shape(document.root), path) for document in (before, after))
            if not same(value_at(after, path), wanted):
                raise _unproven(before, "the result would not say what was asked for")
    except (DevkeelError, KeyError) as error:
        if isinstance(error, DevkeelError) and error.code == "unproven":
            raise
        raise _unproven(before, f"the result could not be read ({error})") from error
    if expected != found:
        raise _unproven(before, "another value would change")
    return edited


def prove_element(before: Document, splices: Iterable[Splice], element: Item, text: str | None) -> Edited:
    """Apply splices that give an element of a list another text, or take it out (None), and prove it likewise."""
    edited = apply(before.data, splices)
    try:
        found = _shape(Document(edited.data, before.name).root)
    except DevkeelError as error:
        raise _unproven(before, f"the result could not be read ({error})") from error
    changed = None if text is None else ("scalar", text, "str", element.tag, element.anchor)
    if _shape(before.root, {element: changed}) != found:
        raise _unproven(before, "another value would change")
    return edited


def _unproven(document: Document, why: str) -> Refused:
    return Refused(
        "unproven",
        f"This edit is not safe in this file: {why}. Nothing was changed.",
        place=Place(document.name),
        remedy=f"Write this change with {do('patch')}.",
    )


def _shape(item: Item | None, changed: Mapping[Item, _Shape | None] = _AS_IT_IS) -> _Shape:
    """Return the shape of an item. changed: elements of lists that have another one; None: that are not there."""
    if item is None:
        return ("scalar", None, "NoneType", None, None)
    if item.kind == "scalar":
        value = item.value if item.style else resolve(item.value)
        # Null is null, whatever its text.
        text = None if value is None and item.tag is None else item.value
        return ("scalar", text, type(value).__name__, item.tag, item.anchor)
    if item.target is not None:
        return ("alias", item.target.anchor)
    shapes = (changed[child] if child in changed else _shape(child, changed) for child in item.items)
    children: tuple[object, ...] = tuple(shape for shape in shapes if shape is not None)
    if item.kind == "map":
        children = tuple((_shape(entry.key), _shape(entry.value, changed)) for entry in item.entries)
    return (item.kind, children, item.tag, item.anchor)


def _pairs(shape: _Shape) -> list[tuple[_Shape, _Shape]]:
    return list(shape[1]) if shape[0] == "map" else []  # type: ignore[call-overload]


def _mapping(shape: _Shape, pairs: list[tuple[_Shape, _Shape]]) -> _Shape:
    return ("map", tuple(pairs), *(shape[2:] if shape[0] == "map" else (None, None)))


def _with(shape: _Shape, path: tuple[str, ...]) -> _Shape:
    """Return a shape with a mark at a path, whatever was there."""
    if not path:
        return _WANTED
    pairs = _pairs(shape)
    for index, (key, value) in enumerate(pairs):
        if key[:2] == ("scalar", path[0]):
            pairs[index] = (key, _with(value, path[1:]))
            return _mapping(shape, pairs)
    key = ("scalar", path[0], "str", None, None)
    return _mapping(shape, [*pairs, (key, _with(_shape(None), path[1:]))])


def _without(shape: _Shape, path: tuple[str, ...]) -> _Shape:
    """Return a shape without what is at a path."""
    kept: list[tuple[_Shape, _Shape]] = []
    for key, value in _pairs(shape):
        if key[:2] != ("scalar", path[0]):
            kept.append((key, value))
        elif path[1:]:
            kept.append((key, _without(value, path[1:])))
    return _mapping(shape, kept)
