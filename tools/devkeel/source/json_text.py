"""A lossless editor of one table in a JSON file such as package.json: keys with text values.

The layout is that of the neighbours: indent, line ending, whether the file ends in one, the order of sorted keys. The
result is read again and must be the old value with the edit made on plain data, else `Refused` is raised.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from devkeel.errors import Place, Refused
from devkeel.source.splice import Edited, Splice, apply
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["read", "remove_key", "set_key"]

_STRING = r'"(?:[^"\\]|\\.)*"'


def read(data: bytes, name: str) -> dict[str, Any]:
    """Return what the file says. Raises Refused `syntax_error`, or `opaque_value` where it is no table."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        place = Place(name, error.lineno, error.colno) if isinstance(error, json.JSONDecodeError) else Place(name)
        raise Refused(
            "syntax_error",
            f"The file does not parse: {error}.",
            place=place,
            remedy=f"Repair the syntax with {do('patch')}, then repeat the edit.",
        ) from error
    if not isinstance(found, dict):
        raise _refuse(name, "the file is no object")
    return found


def set_key(data: bytes, name: str, table: str, key: str, value: str) -> Edited:
    """Set a key of a table at the top of the file; the table is made where there is none."""
    model = read(data, name)
    known = model.get(table)
    if known is not None and not isinstance(known, dict):
        raise _refuse(name, f"{table} is no object")
    if known is not None and known.get(key) == value:
        return Edited(data)
    wanted = model | {table: (known or {}) | {key: value}}
    text = data.decode()
    entry = f"{json.dumps(key, ensure_ascii=False)}: {json.dumps(value, ensure_ascii=False)}"
    newline = "\r\n" if "\r\n" in text else "\n"
    if known and key in known:
        pattern = re.compile(rf"({re.escape(json.dumps(key, ensure_ascii=False))}\s*:\s*){_STRING}")
        new = json.dumps(value, ensure_ascii=False)
        tries = [(match.end(1), match.end(), new) for match in pattern.finditer(text)]
    elif known:
        before = next((item for item in known if item > key), None) if [*known] == sorted(known) else None
        tries = [*_beside(text, before or [*known][-1], entry, first=before is not None)]
    elif known is not None:
        opened = re.compile(rf"^(?P<indent>[ \t]*){re.escape(json.dumps(table))}\s*:\s*\{{(?P<in>\s*)\}}", re.MULTILINE)
        tries = [
            (m.start("in"), m.end("in"), f"{newline}{m['indent'] * 2}{entry}{newline}{m['indent']}")
            for m in opened.finditer(text)
        ]
    else:
        tries = _at_the_end(text, table, entry, newline)
    return _prove(data, name, tries, lambda found: bool(found == wanted))


def remove_key(data: bytes, name: str, table: str, key: str) -> Edited:
    """Remove a key of a table at the top of the file; KeyError where it is not there."""
    model = read(data, name)
    known = model[table]
    wanted = model | {table: {item: value for item, value in known.items() if item != key}}
    text = data.decode()
    entry = rf"{re.escape(json.dumps(key, ensure_ascii=False))}\s*:\s*{_STRING}"
    tries = [(m.start(), m.end(), "") for m in re.finditer(rf"\s*{entry}\s*,", text)]
    tries += [(m.start(), m.end(), "") for m in re.finditer(rf",\s*{entry}", text)]
    tries += [(m.start(), m.end(), "") for m in re.finditer(rf"(?<=\{{)\s*{entry}\s*(?=\}})", text)]
    return _prove(data, name, tries, lambda found: bool(found == wanted))


def _beside(text: str, key: str, entry: str, *, first: bool) -> list[tuple[int, int, str]]:
    pattern = re.compile(
        rf"(?P<gap>\s*){re.escape(json.dumps(key, ensure_ascii=False))}\s*:\s*(?:{_STRING}|[^\s,{{}}]+)"
    )
    found = []
    for match in pattern.finditer(text):
        at = match.start() if first else match.end()
        found.append((at, at, f"{match['gap']}{entry}," if first else f",{match['gap'] or ' '}{entry}"))
    return found


def _at_the_end(text: str, table: str, entry: str, newline: str) -> list[tuple[int, int, str]]:
    end = text.rstrip().rfind("}")
    body = text[:end].rstrip()
    indent = re.search(r"\n([ \t]+)\"", text)
    step = indent[1] if indent else "  "
    comma = "" if body.endswith("{") else ","
    inner = f"{json.dumps(table)}: {{{newline}{step * 2}{entry}{newline}{step}}}"
    return [(len(body), end, f"{comma}{newline}{step}{inner}{newline}")]


def _prove(data: bytes, name: str, tries: list[tuple[int, int, str]], good: Callable[[dict[str, Any]], bool]) -> Edited:
    text = data.decode()
    for start, end, put in tries:
        edited = apply(data, [Splice(len(text[:start].encode()), len(text[:end].encode()), put.encode())])
        try:
            if good(read(edited.data, name)):
                return edited
        except Refused:
            continue
    raise _refuse(name, "where the entry stands is not certain")


def _refuse(name: str, why: str) -> Refused:
    return Refused(
        "opaque_value",
        f"This edit is not safe in this file: {why}. Nothing was changed.",
        place=Place(name),
        remedy=f"Write this change with {do('patch')}.",
    )
