"""What the editors of plain data (YAML, TOML) share: values, paths, text out of bytes."""

from __future__ import annotations

import codecs
import json
import math
from typing import TYPE_CHECKING, TypeAlias

from devkeel.errors import Place, ProjectError, UsageError
from devkeel.source.path import format_path, parse_path
from devkeel.text.expression import expression

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["Data", "decode", "dotted", "names_of", "position", "require_data", "same", "shown", "without_known"]

Data: TypeAlias = None | bool | int | float | str | list["Data"] | dict[str, "Data"]

# Control characters, and halves of surrogate pairs, which have no UTF-8 form.
_CONTROL = expression("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_NOT_TEXT = expression("[\x00\ud800-\udfff]")
# TOML 1.0, Integer: 64 bits with a sign, as in Nix (nix, src/libexpr/lexer.l: INT). The least of them is no literal in
# Nix, where a minus is an operator.
_INT_MAX = 2**63 - 1
_MAX_DEPTH = 64


def decode(data: bytes, name: str) -> tuple[int, str]:
    """Return the length of the byte order mark and the text behind it; ProjectError `not_utf8` for other bytes."""
    # Readers may ignore it and may refuse it (RFC 8259, 8.1; YAML 1.2.2, 5.2): it stays as it was.
    mark = len(codecs.BOM_UTF8) if data.startswith(codecs.BOM_UTF8) else 0
    try:
        return mark, data[mark:].decode()
    except UnicodeDecodeError as error:
        at = error.start + mark
        before = data[:at].decode("utf-8", "replace")
        raise ProjectError(
            "not_utf8",
            f"The file is not UTF-8 at byte {at}.",
            place=Place(name, *position(before, len(before))),
            seen=repr(data[at : at + 4]),
            remedy="Save the file as UTF-8.",
        ) from error


def position(text: str, offset: int) -> tuple[int, int]:
    """Return line and column of an offset, both from 1."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def names_of(path: str | Sequence[str]) -> tuple[str, ...]:
    """Return the keys of a path: a sequence of keys, or text in the notation of Nix attribute paths.

    Raises UsageError `bad_option_path`.
    """
    # The package has the parser of Nix in it, which a sequence of keys does not need.
    if isinstance(path, str):
        return parse_path(path)
    names = tuple(path)
    if not names or any(_CONTROL.search(name) for name in names):
        raise UsageError(
            "bad_option_path",
            "A path is one or more keys, each a text without control characters.",
            seen=repr(names)[:200],
        )
    return names


def dotted(path: Iterable[str]) -> str:
    """Return a path as it is written: names in quotes where they must be."""
    return format_path(tuple(path))


def shown(value: object) -> str:
    """Return a value as a sentence shows it."""
    return json.dumps(value, ensure_ascii=False, default=str)[:200]


def require_data(value: object, *, null: bool = True) -> None:
    """Raise UsageError `bad_value` for what is no data, or what no format can hold.

    That is NUL or lone surrogates in text, integers beyond 64 bits, infinities, NaN, nesting deeper than 64, keys
    that are no text, and null where the format has none.
    """
    _require(value, null, 0)


def _require(value: object, null: bool, depth: int) -> None:
    if depth > _MAX_DEPTH:
        raise _bad(value, f"it is nested deeper than {_MAX_DEPTH}")
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str) or _CONTROL.search(key):
                raise _bad(value, f"{key!r} is no key")
    if isinstance(value, (list, dict)):
        for item in value.values() if isinstance(value, dict) else value:
            _require(item, null, depth + 1)
    elif value is None and not null:
        raise _bad(value, "the format has no null")
    else:
        _require_scalar(value)


def _require_scalar(value: object) -> None:
    if isinstance(value, str):
        if _NOT_TEXT.search(value):
            raise _bad(value, "text with NUL or lone surrogates")
    elif isinstance(value, int):
        if abs(value) > _INT_MAX:
            raise _bad(value, "it does not fit into 64 bits")
    elif value is not None and not isinstance(value, float):
        raise _bad(value, f"a {type(value).__name__} is no data")
    elif value is not None and not math.isfinite(value):
        raise _bad(value, "it is not a finite number")


def _bad(value: object, why: str) -> UsageError:
    return UsageError(
        "bad_value",
        f"The value cannot be written here: {why}.",
        seen=repr(value)[:200],
        remedy="Give a string, number, boolean, null where the format has one, list or set.",
    )


def same(left: object, right: object) -> bool:
    """Return whether two values are equal and of the same type at every depth: `1`, `1.0` and `true` differ."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(value, right[key]) for key, value in left.items())
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, float) and isinstance(right, float) and math.isnan(left):
        # NaN is equal to nothing (IEEE 754), and the same value in a file all the same.
        return math.isnan(right)
    return type(left) is type(right) and left == right


def without_known(known: list[Data], values: Iterable[Data]) -> tuple[list[Data], list[Data]]:
    """Return those values that a list lacks, each once, and those that it has."""
    new, old = list[Data](), list[Data]()
    for value in values:
        (old if any(same(value, item) for item in (*known, *new)) else new).append(value)
    return new, old
