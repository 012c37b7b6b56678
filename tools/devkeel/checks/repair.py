"""Suggestions for a file that does not parse, as edits: what would make it parse and say something sensible."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from devkeel.checks import schema
from devkeel.checks.replacement import as_edit
from devkeel.source import apply, nix
from devkeel.source.nix.write.repair import repairs

if TYPE_CHECKING:
    from devkeel.candidate.candidate import Candidate
    from devkeel.source import Splice

__all__ = ["suggest_repairs"]

_MOST = 3
_SHORT = 20_000  # bytes; a longer file takes too long to judge several times over


def suggest_repairs(subject: Candidate, name: str) -> tuple[dict[str, Any], ...]:
    """Return replace_text edits for the first problem of a Nix file, the likeliest first."""
    data = subject.files[name]
    found = _repairs(data, name)
    if len(found) > 1 and len(data) < _SHORT:
        found = sorted(found, key=lambda splice: _errors(subject, name, apply(data, [splice]).data))
    return tuple(as_edit(data, splice, name) for splice in found[:_MOST])


@lru_cache(maxsize=8)
def _repairs(data: bytes, name: str) -> list[Splice]:
    return repairs(nix.Document(data, name))


def _errors(subject: Candidate, name: str, data: bytes) -> int:
    """Count what the schema rung says of a repaired file: a bracket in the wrong place makes nonsense of it."""
    found = schema.check(subject.but(name, data))
    return sum(item.severity == "error" for item in found)
