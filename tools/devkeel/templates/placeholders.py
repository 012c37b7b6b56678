"""Placeholders: `@@name@@` is the value of a parameter as a literal of the format, `@@name:plain@@` its bare text.

There are no expressions, and nothing runs. What a value became is proven: the file, read as data, says the value where
the placeholder stood and is otherwise what it is with any other value; in Nix the value is one literal of the tree.
Bare text is letters and digits with single signs between them, which is data wherever it stands.
"""

from __future__ import annotations

import json
import posixpath
import re
import tomllib
from collections import Counter
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from devkeel.deferred import Deferred
from devkeel.errors import Place, Refused
from devkeel.source import nix

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import tomlkit
    from tree_sitter import Node
else:
    tomlkit = Deferred("tomlkit")

__all__ = ["count_in_data", "fill", "fill_data", "fill_name", "names_in", "names_in_data"]

_PLACEHOLDER = re.compile(r"@@([a-z][a-z0-9_]*)(:plain)?@@")
_MOST_BYTES = 1024 * 1024
_PLAIN = re.compile(r"[A-Za-z0-9_]+(?:[._+/-][A-Za-z0-9_]+)*")
# What Nix source is taken from, and what may hold a value that is no plain name.
_SOURCE, _FREE = "expression", ("value", "settings")
_LITERALS = frozenset(
    {
        *("string_expression", "indented_string_expression", "integer_expression", "float_expression"),
        *("variable_expression", "list_expression", "unary_expression"),
    }
)
# What bare text may be in Nix. A variable and <a path that is searched for> are none of it.
_BARE = frozenset({"attrpath", "string_fragment", "path_fragment", "comment"})


class _LiteralFormat(Struct, frozen=True):
    """A format that has literals. write: one of a value. load: the data that a text says."""

    write: Callable[[Any], str]
    load: Callable[[str], Any]


def _yaml(text: str) -> list[list[str]]:
    """Return what YAML says to readers of 1.2, and to those of 1.1, for whom `on` and `no` are no text."""
    return [*_nodes(text, (1, 2)), *_nodes(text, (1, 1))]


def _nodes(text: str, version: tuple[int, int]) -> list[list[str]]:
    """Return each node once with the type that it is of: an alias may stand for very much."""
    from ruamel.yaml import YAML  # noqa: PLC0415  (27 ms that only a template with YAML needs)
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415  (with the 27 ms)

    reader = YAML(typ="safe", pure=True)
    reader.version = version
    try:
        waiting = list(reader.compose_all(text))
    except YAMLError as error:
        raise ValueError(str(error).splitlines()[0]) from error
    found, seen = list[list[str]](), dict[int, Any]()
    while waiting:
        node = waiting.pop()
        known = id(node) in seen
        seen[id(node)] = node
        if known:
            found.append(["alias", str(node.anchor)])
            continue
        parts = [node.value] if isinstance(node.value, str) else [str(len(node.value))]
        found.append([str(node.tag), str(node.anchor), *parts])
        if not isinstance(node.value, str):
            _require_once([str(item[0].value) for item in node.value if isinstance(item, tuple)])
            waiting += [part for item in node.value for part in (item if isinstance(item, tuple) else (item,))]
    return found


def _require_once(names: list[str]) -> None:
    twice = next((name for name, count in Counter(names).items() if count > 1), None)
    if twice is not None:
        raise ValueError(f"the key {twice[:80]} is there twice")


def _load_json(text: str) -> object:
    def table(pairs: list[tuple[str, object]]) -> dict[str, object]:
        _require_once([name for name, _ in pairs])
        return dict(pairs)

    return json.loads(text, object_pairs_hook=table)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


_FORMATS = {
    ".json": _LiteralFormat(_json, _load_json),
    ".toml": _LiteralFormat(lambda value: tomlkit.item(value).as_string(), tomllib.loads),
    ".yaml": _LiteralFormat(_json, _yaml),
    ".yml": _LiteralFormat(_json, _yaml),
}


def names_in(data: bytes) -> set[str]:
    """Return the parameters that a file names."""
    try:
        return {found[1] for found in _PLACEHOLDER.finditer(data.decode())}
    except UnicodeDecodeError:
        return set()


def count_in_data(value: object) -> int:
    """Return how many placeholders strings of some data have."""
    if isinstance(value, str):
        return len(_PLACEHOLDER.findall(value))
    if isinstance(value, dict):
        return count_in_data([*value, *value.values()])
    return sum(count_in_data(item) for item in value) if isinstance(value, list) else 0


def names_in_data(value: object) -> set[str]:
    """Return the parameters that strings of some data name."""
    if isinstance(value, str):
        return names_in(value.encode())
    if isinstance(value, dict):
        return names_in_data([*value, *value.values()])
    return {name for item in value for name in names_in_data(item)} if isinstance(value, list) else set()


def fill(name: str, data: bytes, values: Mapping[str, Any]) -> bytes:
    """Return a file with the values of its parameters. name: where it goes, which says the format.

    Raises Refused `template_value` for a value that cannot stand there.
    """
    if not names_in(data):
        return data
    text = data.decode()
    _require_bounded(name, text, values)
    suffix = posixpath.splitext(name)[1]
    if suffix == ".nix":
        return _in_nix(name, text, values).encode()
    known = _FORMATS.get(suffix)
    if known is None:
        return _PLACEHOLDER.sub(lambda found: _plain(values, found[1], name), text).encode()
    filled = _filled(name, text, values, known.write)
    _prove(name, text, values, known, filled)
    return filled.encode()


def _require_bounded(name: str, text: str, values: Mapping[str, Any]) -> None:
    """Refuse what would become very long; no format writes a value in more than twelve times its length."""
    counts = Counter(found[1] for found in _PLACEHOLDER.finditer(text))
    size = sum(len(json.dumps(values.get(parameter))) * count for parameter, count in counts.items())
    if size > _MOST_BYTES:
        raise _refused(name, f"what comes of it would have more than {_MOST_BYTES} bytes")


def fill_name(text: str, values: Mapping[str, Any]) -> str:
    """Return a path or a name with the values of its parameters, as bare text."""
    return _PLACEHOLDER.sub(lambda found: _plain(values, found[1], text), text)


def fill_data(value: Any, values: Mapping[str, Any], field: str = "") -> Any:  # noqa: ANN401  (data)
    """Return an edit with the values of its parameters: a string that is one placeholder becomes the value itself.

    field: of the edit, that the data is in.
    """
    if isinstance(value, dict):
        filled = {fill_name(name, values): fill_data(item, values, field or name) for name, item in value.items()}
        if len(filled) < len(value):
            raise _refused(field or "edits", "two of its names would be the same")
        return filled
    if isinstance(value, list):
        return [each for item in value for each in _items(item, fill_data(item, values, field))]
    if not isinstance(value, str):
        return value
    if field == _SOURCE:
        return _in_nix(field, value, values)
    whole = _PLACEHOLDER.fullmatch(value)
    return fill_name(value, values) if whole is None or whole[2] else _whole(whole[1], values, field)


def _items(item: object, filled: Any) -> list[Any]:  # noqa: ANN401  (data)
    """Return what an item of a list became: a parameter that is a list stands for its items."""
    return filled if isinstance(filled, list) and isinstance(item, str) else [filled]


def _whole(parameter: str, values: Mapping[str, Any], field: str) -> Any:  # noqa: ANN401  (data)
    """Return the value of a parameter; outside of the fields that are data it is plain, as a name is."""
    found = _value(values, parameter, field)
    if field not in _FREE:
        for item in found if isinstance(found, list) else [found]:
            _require_plain(item, parameter, field)
    return found


def _filled(name: str, text: str, values: Mapping[str, Any], write: Callable[[Any], str]) -> str:
    def literal(found: re.Match[str]) -> str:
        return _plain(values, found[1], name) if found[2] else write(_value(values, found[1], name))

    return _PLACEHOLDER.sub(literal, text)


def _in_nix(name: str, text: str, values: Mapping[str, Any]) -> str:
    """Return Nix source with literals; Refused where one is no whole literal of the tree."""
    pieces, spans, at, last = [], [], 0, 0
    for found in _PLACEHOLDER.finditer(text):
        new = _plain(values, found[1], name) if found[2] else nix.print_value(_value(values, found[1], name))
        pieces += [text[last : found.start()], new]
        at += len(pieces[-2].encode())
        name_or_text = found[2] is not None and isinstance(values[found[1]], str)
        spans.append((at, at + len(new.encode()), found[1], name_or_text))
        at, last = at + len(new.encode()), found.end()
    filled = "".join([*pieces, text[last:]])
    document = nix.Document(filled.encode(), name)
    if document.root.has_error:
        raise _refused(name, "what comes of it does not parse")
    for start, end, parameter, bare in spans:
        node = document.root.descendant_for_byte_range(start, end)
        if bare and not _is_name_or_text(node, (start, end)):
            raise _refused(name, f"the value of {parameter} would be no name and no text there")
        if not bare and not _is_literal(node, (start, end)):
            raise _refused(name, f"the value of {parameter} would not be a literal there")
    return filled


def _is_name_or_text(node: Node | None, span: tuple[int, int]) -> bool:
    """Return whether bare text is the name of an attribute, or a part of a text, of a path or of a comment."""
    if node is not None and node.type == "identifier":
        return node.parent is not None and node.parent.type == "attrpath"
    whole = node is not None and (node.start_byte, node.end_byte) == span
    return node is not None and node.type in _BARE and not (whole and node.type == "path_fragment")


def _is_literal(node: Node | None, span: tuple[int, int]) -> bool:
    """Return whether what is at a span is a literal, and no part of a text, a name or a comment."""
    while node is not None and (node.start_byte, node.end_byte) == span:
        if node.type in _LITERALS:
            return True
        node = node.parent
    return False


def _prove(name: str, text: str, values: Mapping[str, Any], known: _LiteralFormat, filled: str) -> None:
    """Refuse a file that says something else with these values than the values themselves."""
    probes = {parameter: _probe(f"{number}", value) for number, (parameter, value) in enumerate(values.items())}
    meant = {probe: new for parameter in values for probe, new in _pairs(probes[parameter], values[parameter])}
    try:
        expected = _meant(known.load(_filled(name, text, probes, known.write)), meant)
        said = known.load(filled)
    except (ValueError, RecursionError) as error:
        raise _refused(name, f"what comes of it does not parse: {str(error).splitlines()[0]}") from error
    if repr(said) != repr(expected):
        raise _refused(name, "a value would say more there than itself")


def _probe(number: str, value: object) -> object:
    """Return a value of the same kind that stands for no other one."""
    if isinstance(value, str):
        return f"probe_{number}_end"
    return [_probe(f"{number}_{at}", item) for at, item in enumerate(value)] if isinstance(value, list) else value


def _pairs(probe: object, value: object) -> list[tuple[str, str]]:
    if isinstance(probe, list) and isinstance(value, list):
        return [pair for one, other in zip(probe, value, strict=True) for pair in _pairs(one, other)]
    return [(probe, value)] if isinstance(probe, str) and isinstance(value, str) else []


def _meant(value: Any, meant: Mapping[str, str]) -> Any:  # noqa: ANN401  (data)
    if isinstance(value, dict):
        return {_meant(name, meant): _meant(item, meant) for name, item in value.items()}
    if isinstance(value, list):
        return [_meant(item, meant) for item in value]
    if isinstance(value, str):
        return re.sub(r"probe_[0-9_]+_end", lambda found: meant.get(found[0], found[0]), value)
    return value


def _value(values: Mapping[str, Any], parameter: str, name: str) -> Any:  # noqa: ANN401  (data)
    if parameter not in values:
        raise _refused(name, f"the parameter {parameter} has no value, and what it stands in is not left out without")
    return values[parameter]


def _plain(values: Mapping[str, Any], parameter: str, name: str) -> str:
    value = _value(values, parameter, name)
    return _require_plain(value, parameter, name)


def _require_plain(value: object, parameter: str, name: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value) if isinstance(value, (str, int)) else ""
    if not _PLAIN.fullmatch(text):
        raise _refused(
            name, f"the value of {parameter} is to be letters and digits with single signs between them", value
        )
    return text


def _refused(name: str, why: str, seen: object = None) -> Refused:
    return Refused(
        "template_value",
        f"The template cannot be filled in: {why}.",
        place=Place(name),
        seen=None if seen is None else repr(seen)[:80],
        remedy="Give another value, or correct the template.",
    )
