"""When two values are the same: data by type and content, expressions by their tokens."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from devkeel.source.nix.read.literal import Expression
from devkeel.source.nix.read.syntax import parse

if TYPE_CHECKING:
    from collections.abc import Hashable

    from devkeel.source.nix.read.literal import Value

__all__ = ["key", "same", "tokens"]

_NAMES = re.compile(r"[A-Za-z_][A-Za-z0-9_'-]*(?:\.[A-Za-z_][A-Za-z0-9_'-]*)*", re.ASCII)


def key(value: Value) -> Hashable:
    """Return what two values have in common when they are the same; 1, 1.0 and true are three values."""
    if isinstance(value, Expression):
        return Expression, tokens(value.source)
    if isinstance(value, list):
        return list, tuple(map(key, value))
    if isinstance(value, dict):
        return dict, frozenset((name, key(item)) for name, item in value.items())
    return type(value), value


def same(first: Value, second: Value) -> bool:
    """Return whether two values are the same."""
    return key(first) == key(second)


def tokens(source: str) -> tuple[bytes, ...]:
    """Return the tokens of Nix source: white space between them and comments make no difference, in texts they do."""
    data = source.encode("utf-8", "surrogateescape")
    if _NAMES.fullmatch(source):
        return tuple(data.replace(b".", b"\0.\0").split(b"\0"))
    found: list[bytes] = []
    cursor = parse(data).walk()
    while True:
        if not cursor.goto_first_child():
            node = cursor.node
            if node is not None and node.type != "comment":
                found.append(data[node.start_byte : node.end_byte])
            while not cursor.goto_next_sibling():
                if not cursor.goto_parent():
                    return tuple(found)
