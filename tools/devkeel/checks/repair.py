"""Suggestions for a file that does not parse, as edits: what would make it parse and say something sensible."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from devkeel.checks import schema
from devkeel.source import apply, nix
from devkeel.source.nix.repair import repairs

if TYPE_CHECKING:
    from devkeel.checks.subject import Subject
    from devkeel.source import Splice

__all__ = ["suggest_repairs"]

_MOST = 3


def suggest_repairs(subject: Subject, name: str) -> tuple[dict[str, Any], ...]:
    """Return replace_text edits for the first problem of a Nix file, the likeliest first."""
    data = subject.files[name]
    found = _repairs(data, name)
    if len(found) > 1:
        found = sorted(found, key=lambda splice: _errors(subject, name, apply(data, [splice]).data))
    return tuple(_as_edit(data, splice, name) for splice in found[:_MOST])


@lru_cache(maxsize=8)
def _repairs(data: bytes, name: str) -> list[Splice]:
    return repairs(nix.Document(data, name))


def _errors(subject: Subject, name: str, data: bytes) -> int:
    """Count what the schema rung says of a repaired file: a bracket in the wrong place makes nonsense of it."""
    found = schema.check(replace(subject, files={**subject.files, name: data}))
    return sum(item.severity == "error" for item in found)


def _as_edit(data: bytes, splice: Splice, name: str) -> dict[str, Any]:
    """Return a splice as the replacement of a text that occurs once: its line, and lines above it as needed."""
    start = data.rfind(b"\n", 0, splice.start) + 1
    end = data.find(b"\n", splice.end)
    end = len(data) if end < 0 else end
    while start and (start == end or data.count(data[start:end]) > 1):
        start = data.rfind(b"\n", 0, start - 1) + 1
    new = data[start : splice.start] + splice.text + data[splice.end : end]
    texts = {"old": data[start:end], "new": new}
    return {"kind": "replace_text", "file": name, **{key: text.decode("utf-8") for key, text in texts.items()}}
