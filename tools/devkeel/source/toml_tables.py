"""Tables of an array in a TOML file, such as `[[caches]]`: one is found by the value of a key, changed or taken out.

What is changed is a value, a line of its own or a whole table, and every other byte stays, comments above a table
included. The result is read again: it must be the model, with the edit made on plain data.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from devkeel.source import toml
from devkeel.source.plain_data import same
from devkeel.source.splice import Splice, apply
from devkeel.source.toml_document import Document

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["drop", "put"]

_EMPTY = re.compile(r"[ \t]*\r?\n")


def put(data: bytes, file: str, array: str, key: str, values: Mapping[str, Any]) -> bytes:
    """Return the file with a table that has these values, as a change of the one with the same value of `key`.

    What else that one has stays; one that is not there becomes the last. Raises Refused `opaque_value`, `unproven`.
    """
    document, tables = _opened(data, file, array)
    number = next((index for index, table in enumerate(tables) if table.get(key) == values[key]), None)
    if number is None:
        wanted = [*tables, dict(values)]
        made = _within(document, array) and toml.append(document, array, dict(values)).data
        return _proven(document, array, wanted, made or _appended(document, array, values))
    changed = {name: value for name, value in values.items() if not same(tables[number].get(name), value)}
    if not changed:
        return data
    wanted = [*tables[:number], {**tables[number], **changed}, *tables[number + 1 :]]
    made = _within(document, array) and toml.replace(document, array, number, wanted[number]).data
    return _proven(document, array, wanted, made or _changed(document, array, number, changed))


def drop(data: bytes, file: str, array: str, key: str, value: object) -> bytes:
    """Return the file without the table that has a value of `key`; raises as `put` does."""
    document, tables = _opened(data, file, array)
    number = next((index for index, table in enumerate(tables) if table.get(key) == value), None)
    if number is None:
        return data
    wanted = [*tables[:number], *tables[number + 1 :]]
    made = _within(document, array) and toml.remove(document, array, number).data
    return _proven(document, array, wanted, made or _dropped(document, array, number))


def _opened(data: bytes, file: str, array: str) -> tuple[Document, list[dict[str, Any]]]:
    document = Document(data, file)
    tables = document.model.get(array, [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise document.refuse("opaque_value", f"{array} is no array of tables.")
    if not document.layout.whole:
        raise document.unproven("it cannot be followed to its end")
    return document, tables


def _within(document: Document, array: str) -> bool:
    """Return whether the array is a value, between brackets."""
    return (array,) in document.layout.arrays


def _appended(document: Document, array: str, values: Mapping[str, Any]) -> bytes:
    """Return the file with a table behind the others, or at the end."""
    text, newline = document.text, document.newline
    count = len(document.model.get(array, ()))
    place = _segment(document, array, count - 1)[1] if count else len(text)
    begun = "" if not text[:place] or text[:place].endswith("\n") else newline
    apart = newline if text[:place].strip() and not text[:place].endswith(("\n\n", "\r\n\r\n")) else ""
    lines = [f"[[{array}]]", *(_line(name, value) for name, value in values.items())]
    return _spliced(document, [(place, place, begun + apart + "".join(line + newline for line in lines))])


def _changed(document: Document, array: str, number: int, values: Mapping[str, Any]) -> bytes:
    """Return the file with values of a table in the place of others, and new ones on lines behind its last."""
    changes, end = list[tuple[int, int, str]](), _segment(document, array, number)[1]
    begun = "" if document.text[:end].endswith("\n") else document.newline
    for name, value in values.items():
        found = document.layout.values.get((array, number, name))
        if found is None:
            changes.append((end, end, f"{begun}{_line(name, value)}{document.newline if not begun else ''}"))
        else:
            changes.append((*found, _written(value, document.text[found[0] : found[1]])))
    return _spliced(document, changes)


def _dropped(document: Document, array: str, number: int) -> bytes:
    """Return the file without a table, from its header to its last value; comments around it stay."""
    text, (start, end) = document.text, _segment(document, array, number)
    # Of the blank lines on both sides one stays.
    if not text[:start].strip() or text[:start].endswith(("\n\n", "\r\n\r\n")):
        while found := _EMPTY.match(text, end):
            end = found.end()
    if end == len(text) and (above := text[:start].rstrip()):
        start = text.index("\n", len(above)) + 1
    return _spliced(document, [(start, end, "")])


def _segment(document: Document, array: str, number: int) -> tuple[int, int]:
    """Return where a table begins, and where the line of its last value ends."""
    text, first = document.text, document.layout.keys[(array, number)]
    start = text.rfind("\n", 0, first) + 1
    values = [last for path, (_, last) in document.layout.values.items() if path[:2] == (array, number)]
    last = max(values, default=text.index("]]", first))
    end = text.find("\n", last)
    return start, len(text) if end < 0 else end + 1


def _line(name: str, value: object) -> str:
    return f"{name} = {_written(value)}"


def _written(value: object, old: str = "") -> str:
    """Return a value as TOML, in the quotes of the one that it replaces where they can hold it."""
    import tomlkit  # noqa: PLC0415  (8 ms that only a TOML edit needs)

    if not isinstance(value, str):
        return tomlkit.item(value).as_string()
    literal = old.startswith("'") and "'" not in value and value.isprintable()
    return tomlkit.string(value, literal=literal).as_string()


def _spliced(document: Document, changes: list[tuple[int, int, str]]) -> bytes:
    splices = [Splice(document.offset(start), document.offset(end), text.encode()) for start, end, text in changes]
    return apply(document.data, splices).data


def _proven(document: Document, array: str, wanted: list[Any], made: bytes) -> bytes:
    model = {**document.model, array: wanted}
    if not wanted and not _within(document, array):
        del model[array]
    if not same(Document(made, document.name).model, model):
        raise document.unproven("another value would change")
    return made
