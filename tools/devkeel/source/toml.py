"""A lossless editor of TOML files such as pyproject.toml.

    from devkeel.source import toml

    data = open("pyproject.toml", "rb").read()
    toml.get(data, "project.requires-python")
    edited = toml.append(data, "project.dependencies", "httpx")
    edited.data, edited.spans, edited.notes

A path is a sequence of keys, or text in the notation of Nix attribute paths. tomlkit makes the edit; what it changed
becomes splices, so that every other byte stays. The proof reads the result with tomllib: it must be the model, which
is the old value with the edit made on plain data. Otherwise `devkeel.errors.Refused` is raised and nothing returned.
"""

from __future__ import annotations

import copy
import re
import tomllib
from functools import cached_property
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from devkeel.errors import Place, Refused
from devkeel.source.plain_data import Data, decode, dotted, names_of, require_data, same, shown, without_known
from devkeel.source.splice import Edited, Span, Splice, apply
from devkeel.source.toml_text import splices_between
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

__all__ = ["Data", "Document", "Edited", "Span", "Splice", "append", "get", "set", "unset"]

_ANY_PLACE = re.compile(r" \(at [^)]*\)")
_PLACE = re.compile(r" \(at line (\d+), column (\d+)\)")


class Document(Struct, frozen=True, dict=True):
    """A TOML file. data: its bytes. name: what errors call it."""

    data: bytes
    name: str = "pyproject.toml"

    @cached_property
    def _decoded(self) -> tuple[int, str]:
        return decode(self.data, self.name)

    @property
    def mark(self) -> int:
        """How many bytes the byte order mark has."""
        return self._decoded[0]

    @property
    def text(self) -> str:
        """The text without its byte order mark."""
        return self._decoded[1]

    @cached_property
    def model(self) -> dict[str, Any]:
        """What the file says, as tomllib reads it. Raises Refused `syntax_error`."""
        try:
            # tomllib reads TOML 1.0 (PEP 680). What only TOML 1.1 has, such as a line break in an inline table, does
            # not parse here.
            return tomllib.loads(self.text)
        except (ValueError, RecursionError) as error:
            place = _PLACE.search(str(error))
            raise Refused(
                "syntax_error",
                f"The file does not parse: {_ANY_PLACE.sub('', str(error)).partition(chr(10))[0]}.",
                place=Place(self.name, *map(int, place.groups())) if place else Place(self.name),
                remedy=f"Repair the syntax with {do('patch')}, then repeat the edit.",
            ) from error

    @property
    def newline(self) -> str:
        """The line ending of the file: that of its first line."""
        return "\r\n" if self.text.partition("\n")[0].endswith("\r") else "\n"

    def offset(self, index: int) -> int:
        """Return the byte offset of an index of the text."""
        return self.mark + len(self.text[:index].encode())

    def refuse(self, code: str, message: str, remedy: str = f"Write this change with {do('patch')}.") -> Refused:
        """Return a refusal."""
        return Refused(code, message, place=Place(self.name), remedy=remedy)

    def unproven(self, why: str) -> Refused:
        """Return the refusal of an edit that is not certain."""
        return self.refuse("unproven", f"This edit is not safe in this file: {why}. Nothing was changed.")


def _open(data: bytes | Document) -> Document:
    return data if isinstance(data, Document) else Document(data)


def get(data: bytes | Document, path: str | Sequence[str]) -> Any:  # noqa: ANN401  (dates and times are values too)
    """Return the value at a path; KeyError when nothing defines it."""
    names = names_of(path)
    value, rest = _follow(_open(data).model, names)
    if rest:
        raise KeyError(dotted(names))
    return value


def set(data: bytes | Document, path: str | Sequence[str], value: Data) -> Edited:  # noqa: A001  (as users know it)
    """Set a path to a value, in place or as the last key of its table; missing tables on the way are made."""
    document, names = _open(data), names_of(path)
    # TOML has no null (toml.io/en/v1.0.0).
    require_data(value, null=False)
    old, rest = _follow(document.model, names)
    if not rest and same(old, value):
        return Edited(document.data)
    if not rest and isinstance(old, dict) and old and not isinstance(value, dict):
        raise document.refuse(
            "would_replace_set",
            f"{dotted(names)} is a table with keys of its own; a single value would drop them.",
            f"Set a key below {dotted(names)}, or unset it first.",
        )
    _require_way(document, names, old, rest)
    return _prove(document, names, value, lambda tree: _assign(_descend(tree, names, rest), names, rest, value))


def unset(data: bytes | Document, path: str | Sequence[str]) -> Edited:
    """Remove what is at a path, with the comment that belongs to it."""
    document, names = _open(data), names_of(path)
    if _follow(document.model, names)[1]:
        return Edited(document.data, notes=(f"{dotted(names)} is not defined here.",))

    def remove(tree: Any) -> None:  # noqa: ANN401  (of tomlkit)
        del _descend(tree, names, ())[names[-1]]

    return _prove(document, names, _GONE, remove)


def append(data: bytes | Document, path: str | Sequence[str], *values: Data) -> Edited:
    """Append elements to an array, those that it does not have yet; a missing array is made."""
    document, names = _open(data), names_of(path)
    require_data([*values], null=False)
    old, rest = _follow(document.model, names)
    known = [] if rest else old
    if not isinstance(known, list):
        raise document.refuse("opaque_value", f"{dotted(names)} has no list to add to.")
    _require_way(document, names, old, rest)
    new, doubled = without_known(known, values)
    notes = [f"{shown(value)} is already in {dotted(names)}." for value in doubled]
    if not new:
        return Edited(document.data, notes=tuple(notes))
    wanted = [*known, *new]
    return _prove(
        document, names, wanted, lambda tree: _assign(_descend(tree, names, rest), names, rest, wanted), notes
    )


def _follow(model: Any, names: tuple[str, ...]) -> tuple[Any, tuple[str, ...]]:  # noqa: ANN401  (data)
    """Return how far a path leads: the last value on it, and the keys that nothing defines."""
    for depth, name in enumerate(names):
        if not isinstance(model, dict) or name not in model:
            return model, names[depth:]
        model = model[name]
    return model, ()


def _require_way(document: Document, names: tuple[str, ...], last: object, rest: tuple[str, ...]) -> None:
    if rest and not isinstance(last, dict):
        stands = dotted(names[: len(names) - len(rest)])
        raise document.refuse("opaque_value", f"{stands} stands in the way: its value is no table.")


def _descend(tree: Any, names: tuple[str, ...], rest: tuple[str, ...]) -> Any:  # noqa: ANN401  (of tomlkit)
    """Return the table that holds the last key of a path that is there."""
    for name in names[: len(names) - max(len(rest), 1)]:
        tree = tree[name]
    return tree


def _assign(table: Any, names: tuple[str, ...], rest: tuple[str, ...], value: Data) -> None:  # noqa: ANN401
    for name in reversed(rest[1:]):
        value = {name: value}
    _put(table, rest[0] if rest else names[-1], value)


def _put(table: Any, key: str, value: Data) -> None:  # noqa: ANN401  (of tomlkit)
    """Give a key of a table its value, changing as little as its old value allows."""
    old = table.get(key)
    if isinstance(old, dict) and isinstance(value, dict) and old and value:
        for name in [name for name in old if name not in value]:
            del old[name]
        for name, item in value.items():
            if name not in old or not same(_plain(old[name]), item):
                _put(old, name, item)
    elif isinstance(old, list) and isinstance(value, list) and old and same(_plain(old), value[: len(old)]):
        for item in value[len(old) :]:
            old.append(item)
    else:
        table[key] = _styled(old, value)


def _plain(item: Any) -> Any:  # noqa: ANN401  (of tomlkit)
    return item.unwrap() if hasattr(item, "unwrap") else item


def _styled(old: Any, value: Data) -> Any:  # noqa: ANN401  (of tomlkit)
    """Return a value in the style of the one that it replaces: literal strings, several lines."""
    import tomlkit  # noqa: PLC0415  (8 ms that only a TOML edit needs)

    source = old.as_string() if old is not None and hasattr(old, "as_string") else ""
    if isinstance(value, str) and isinstance(old, str):
        # TOML 1.0, String: a literal has no escapes, so that neither its own quote nor a control character can be in
        # it.
        literal = source.startswith("'") and "'" not in value and value.isprintable()
        # TOML 1.0, String: a parser may make another line break of the one in a text of several lines.
        multiline = source.startswith('"""') and "\n" in value and "\r" not in value
        return tomlkit.string(value, literal=literal, multiline=multiline)
    if isinstance(value, list) and isinstance(old, list) and "\n" in source and value:
        array = tomlkit.array()
        indent = source.partition("\n")[2]
        for item in value:
            array.add_line(item, indent=indent[: len(indent) - len(indent.lstrip(" \t"))])
        array.add_line(indent="")
        return array
    return value


class _Gone:
    """The wanted value of a path that is to be removed."""


_GONE = _Gone()


def _prove(
    document: Document,
    names: tuple[str, ...],
    wanted: Data | _Gone,
    edit: Callable[[Any], None],
    notes: Iterable[str] = (),
) -> Edited:
    """Make the edit and return it when the result says exactly what the model does, else raise `unproven`."""
    models = _models(document.model, names, wanted)
    made = _make(document, edit)
    changes = splices_between(
        document.text, made, names[-1], removed=isinstance(wanted, _Gone), newline=document.newline
    )
    splices = [Splice(document.offset(start), document.offset(end), text.encode()) for start, end, text in changes]
    edited = apply(document.data, splices, notes)
    try:
        after = Document(edited.data, document.name).model
    except Refused as error:
        raise document.unproven("the result would not parse") from error
    if not any(same(after, model) for model in models):
        raise document.unproven("another value would change")
    if not isinstance(wanted, _Gone) and not isinstance(_follow(document.model, names)[0], (dict, list)):
        _require_comments(document, edited)
    return edited


def _require_comments(document: Document, edited: Edited) -> None:
    """Refuse an edit that drops a line of a comment where the old value cannot have held it."""
    before, after = (
        [line for line in data.splitlines() if line.lstrip().startswith(b"#")] for data in (document.data, edited.data)
    )
    if any(after.count(line) < before.count(line) for line in before):
        raise document.unproven("a comment would go")


def _make(document: Document, edit: Callable[[Any], None]) -> str:
    import tomlkit  # noqa: PLC0415  (8 ms that only a TOML edit needs)

    # tomlkit counts on a line break at the end.
    close = document.newline if document.text and not document.text.endswith("\n") else ""
    try:
        tree = tomlkit.parse(document.text + close)
        kept = tomlkit.dumps(tree)
        edit(tree)
        made = tomlkit.dumps(tree)
    except Exception as error:
        raise document.unproven(f"the edit cannot be made ({type(error).__name__})") from error
    if kept != document.text + close:
        raise document.unproven("it could not be kept as it is")
    return made.removesuffix(close)


def _models(model: dict[str, Any], names: tuple[str, ...], wanted: Data | _Gone) -> list[dict[str, Any]]:
    """Return what the result may say: for a removal also without the tables that it empties."""
    model = copy.deepcopy(model)
    tables = [model]
    for name in names[:-1]:
        tables.append(tables[-1].setdefault(name, {}))
    if not isinstance(wanted, _Gone):
        tables[-1][names[-1]] = wanted
        return [model]
    del tables[-1][names[-1]]
    found = [copy.deepcopy(model)]
    for depth in range(len(names) - 2, -1, -1):
        if tables[depth + 1]:
            break
        del tables[depth][names[depth]]
        found.append(copy.deepcopy(model))
    return found
