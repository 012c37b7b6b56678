"""A lossless editor of TOML files such as pyproject.toml.

    from devkeel.source import toml

    data = open("pyproject.toml", "rb").read()
    toml.get(data, "project.requires-python")
    edited = toml.append(data, "project.dependencies", "httpx")
    edited.data, edited.spans, edited.notes

A path is a sequence of keys, or text in the notation of Nix attribute paths. Elements of an array go by their places;
tomlkit makes every other edit, and what it changed becomes splices, so that every other byte stays. The proof reads
the result with tomllib: it must be the model, which is the old value with the edit made on plain data. Otherwise
`devkeel.errors.Refused` is raised and nothing returned. TOML 1.1 is read as what TOML 1.0 writes for it.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from devkeel.errors import Refused
from devkeel.source.plain_data import Data, dotted, names_of, require_data, same, shown, without_known
from devkeel.source.splice import Edited, Span, Splice, apply, compose
from devkeel.source.toml_array import insertion, removal
from devkeel.source.toml_document import Document, loads
from devkeel.source.toml_text import TomlStyle, carried, splices_between

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from devkeel.source.toml_array import Change
    from devkeel.source.toml_layout import Array

__all__ = [
    "Data",
    "Document",
    "Edited",
    "Span",
    "Splice",
    "append",
    "get",
    "insert",
    "loads",
    "remove",
    "replace",
    "set",
    "unset",
]


def _open(data: bytes | Document) -> Document:
    return data if isinstance(data, Document) else Document(data)


def get(data: bytes | Document, path: str | Sequence[str]) -> Any:  # noqa: ANN401  (dates and times are values too)
    """Return the value at a path; KeyError when nothing defines it."""
    names = names_of(path)
    value, rest = _follow(_open(data).model, names)
    if rest:
        raise KeyError(dotted(names))
    return value


def set(  # noqa: A001  (as users know it)
    data: bytes | Document, path: str | Sequence[str], value: Data, *, inline: bool = False
) -> Edited:
    """Set a path to a value, in place or as the last key of its table; missing tables on the way are made.

    inline: write a value that is a table between braces.
    """
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
    if isinstance(old, list) and isinstance(value, list) and same(old, value[: len(old)]) and _array(document, names):
        return _extended(document, names, len(old), value[len(old) :])
    written = _between_braces(value) if inline and rest and isinstance(value, dict) else value
    return _prove(document, names, value, lambda tree: _assign(_descend(tree, names, rest), names, rest, written))


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
    if not rest and _array(document, names) is not None:
        edited = _extended(document, names, len(known), new)
        return Edited(edited.data, edited.spans, edited.splices, tuple(notes))
    return _prove(
        document, names, wanted, lambda tree: _assign(_descend(tree, names, rest), names, rest, wanted), notes
    )


def _extended(document: Document, names: tuple[str, ...], count: int, new: Sequence[Data]) -> Edited:
    """Put elements behind all that an array has."""
    steps, now = list[Edited](), document
    for index, value in enumerate(new, start=count):
        steps.append(insert(now, names, index, value))
        now = Document(steps[-1].data, document.name)
    return compose(document.data, steps)


def insert(data: bytes | Document, path: str | Sequence[str], index: int, value: Data) -> Edited:
    """Make a value the element at an index of an array that is there."""
    document, names = _open(data), names_of(path)
    array, known = _require_array(document, names)
    source = _source(document, array, value)
    changes = insertion(document.text, array, index, source, document.newline)
    return _spliced(document, names, changes, [*known[:index], value, *known[index:]])


def remove(data: bytes | Document, path: str | Sequence[str], index: int) -> Edited:
    """Take the element at an index out of an array, with the remark behind it."""
    document, names = _open(data), names_of(path)
    array, known = _require_array(document, names)
    return _spliced(document, names, removal(document.text, array, index), [*known[:index], *known[index + 1 :]])


def replace(data: bytes | Document, path: str | Sequence[str], index: int, value: Data) -> Edited:
    """Write another value in the place of an element of an array."""
    document, names = _open(data), names_of(path)
    array, known = _require_array(document, names)
    item = array.items[index]
    source = _source(document, array, value, document.text[item.start : item.start + 1])
    changes = [(item.start, item.end, source)]
    return _spliced(document, names, changes, [*known[:index], value, *known[index + 1 :]])


def _array(document: Document, names: tuple[str, ...]) -> Array | None:
    return document.layout.arrays.get(names) if document.layout.whole else None


def _require_array(document: Document, names: tuple[str, ...]) -> tuple[Array, list[Data]]:
    array, known = _array(document, names), _follow(document.model, names)[0]
    if array is None or not isinstance(known, list) or len(known) != len(array.items):
        raise document.refuse("opaque_value", f"{dotted(names)} is no list that can be edited by its elements.")
    return array, known


def _source(document: Document, array: Array, value: Data, quote: str = "") -> str:
    """Return how a value is written in an array: with the quotes of its last text, without escapes where they do."""
    import tomlkit  # noqa: PLC0415  (8 ms that only a TOML edit needs)

    if not isinstance(value, str):
        alone = tomlkit.array()
        alone.append(value)
        return alone.as_string()[1:-1]
    firsts = [document.text[item.start] for item in array.items]
    quote = quote or next((first for first in reversed(firsts) if first in {'"', "'"}), '"')
    literal = "'" not in value and value.isprintable() and (quote == "'" or '"' in value)
    return tomlkit.string(value, literal=literal).as_string()


def _spliced(document: Document, names: tuple[str, ...], changes: list[Change], wanted: list[Data]) -> Edited:
    splices = [Splice(document.offset(start), document.offset(end), text.encode()) for start, end, text in changes]
    edited = apply(document.data, splices)
    _require_said(document, edited, _models(document.model, names, wanted))
    return edited


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
    if isinstance(value, dict) and old is not None and not isinstance(old, dict | list):
        table = tomlkit.inline_table()
        table.update(value)
        return table
    return value


def _between_braces(value: dict[str, Data]) -> Any:  # noqa: ANN401  (of tomlkit)
    import tomlkit  # noqa: PLC0415  (8 ms that only a TOML edit needs)

    table = tomlkit.inline_table()
    table.update(value)
    return table


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
    style = TomlStyle(document.outline, document.newline)
    changes = splices_between(document.text, made, names[-1], style, removed=isinstance(wanted, _Gone))
    splices = [Splice(document.offset(start), document.offset(end), text.encode()) for start, end, text in changes]
    edited = apply(document.data, splices, notes)
    _require_said(document, edited, models)
    if not isinstance(wanted, _Gone) and not isinstance(_follow(document.model, names)[0], (dict, list)):
        _require_comments(document, edited)
    return edited


def _require_said(document: Document, edited: Edited, models: Iterable[dict[str, Any]]) -> None:
    """Refuse an edit whose result says anything but one of the models."""
    try:
        after = Document(edited.data, document.name).model
    except Refused as error:
        raise document.unproven("the result would not parse") from error
    if not any(same(after, model) for model in models):
        raise document.unproven("another value would change")


def _require_comments(document: Document, edited: Edited) -> None:
    """Refuse an edit that drops a comment where the old value cannot have held it; a line of a text is none."""
    before, after = _comments(document), _comments(Document(edited.data, document.name))
    if any(after.count(text) < before.count(text) for text in before):
        raise document.unproven("a comment would go")


def _comments(document: Document) -> list[str]:
    return [document.text[start:end].rstrip() for start, end in document.layout.comments]


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
        moved = carried(document.text + close, kept, made)
        if moved is None:
            raise document.unproven("it could not be kept as it is")
        made = moved
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
