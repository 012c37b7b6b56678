"""Computed attribute names: which names they may turn out to be.

`"URL_${p}"` is a name that begins with `URL_`, and `${p}` may be any name, unless a `let` says what `p` is.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

from devkeel.source.nix.read.scope import binding_of
from devkeel.source.nix.read.strings import plain_text

if TYPE_CHECKING:
    from tree_sitter import Node

__all__ = ["Pieces", "may_be", "pieces_of"]

# What a name is made of, in its order: text that is written there, None for what is not known.
Pieces: TypeAlias = tuple[str | None, ...]

_MAX_NAMES = 8  # one name for another for another: what is behind more of them counts as not known


def pieces_of(node: Node, data: bytes, depth: int = 0) -> Pieces:
    """Return what a name or a text is made of, through the texts that `let` names stand for."""
    if node.type in {"interpolation", "parenthesized_expression"}:
        inner = node.child_by_field_name("expression")
        return (None,) if inner is None else pieces_of(inner, data, depth)
    if node.type == "variable_expression" and depth < _MAX_NAMES:
        binding = binding_of(node, data)
        value = binding.child_by_field_name("expression") if binding is not None else None
        return (None,) if value is None else pieces_of(value, data, depth + 1)
    if node.type != "string_expression":
        return (None,)
    found: list[str | None] = []
    start = node.start_byte + 1
    for child in node.named_children:
        if child.type == "interpolation":
            found += [plain_text(data[start : child.start_byte]), *pieces_of(child, data, depth + 1)]
            start = child.end_byte
    return (*found, plain_text(data[start : node.end_byte - 1]))


def may_be(pieces: Pieces, name: str) -> bool:
    """Return whether a computed name may be this one."""
    pattern = "".join(".*" if piece is None else re.escape(piece) for piece in pieces)
    return re.fullmatch(pattern, name, re.DOTALL) is not None
