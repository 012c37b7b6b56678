"""Causes of a failure in an answer: one line each, the fix as a call that can be made as it stands."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from devkeel_mcp.answers.text import cut_line, plain
from devkeel_words import cause_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["lines", "making"]

_LINE = 1_000


def making(edits: Sequence[Mapping[str, Any]], create: bool) -> str:
    """Return the call that makes edits."""
    begins = " create=true" if create else ""
    return f"edit_environment{begins} edits={json.dumps(list(edits), ensure_ascii=False)}"


def lines(causes: Iterable[object] | None, beside: str) -> list[str]:
    """Return the lines about causes that a result or an error carries. beside: what else the answer has."""
    return [cut_line(line, _LINE) for line in cause_lines.known(plain(tuple(causes or ())), making, beside)]
