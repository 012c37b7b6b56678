"""Suggestions for a change that was refused: what to ask for instead.

A check suggests edits of the candidate. A refused candidate is nowhere, so that each suggestion is told as an edit of
the files as they are.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from devkeel.source import nix

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from devkeel.errors import Diagnostic

__all__ = ["told_instead"]


def told_instead(
    found: Sequence[Diagnostic], candidate: Mapping[str, bytes], given: Sequence[Mapping[str, Any]]
) -> tuple[Diagnostic, ...]:
    """Return findings with suggestions that hold for the files before the change.

    candidate: the refused files. given: the edits as the caller gave them.
    """
    told = []
    for item in found:
        edits = [other for edit in item.suggestions for other in _instead(edit, candidate, given, item.subject or "")]
        told.append(replace(item, suggestions=tuple(edits)))
    return tuple(told)


def _instead(
    edit: Mapping[str, Any], candidate: Mapping[str, bytes], given: Sequence[Mapping[str, Any]], subject: str
) -> list[dict[str, Any]]:
    if edit["kind"] == "rename":
        try:
            value = nix.get(candidate[edit["file"]], edit["path"])
        except KeyError:
            return []
        data = {"value": value} if nix.is_literal(value) else {"expression": nix.print_value(value)}
        return [{"kind": "set", "path": edit["to"], **data, "file": edit["file"]}]
    if edit["kind"] == "replace_text":
        return [corrected for own in given for corrected in _corrected(own, edit["old"], edit["new"], subject)]
    return [dict(edit)]


def _corrected(own: Mapping[str, Any], old: str, new: str, subject: str) -> list[dict[str, Any]]:
    """Return an edit as it was given with the text, or the package name in it, that a replacement corrects."""
    if own["kind"] == "replace_text":
        return [{**own, "new": text} for text in _within(own["new"], old, new)]
    name = _replacing(old, new, subject)
    if name is None:
        return []
    if subject in own.get("names", ()):
        return [{**own, "names": [name if item == subject else item for item in own["names"]]}]
    if isinstance(own.get("expression"), str) and subject in own["expression"]:
        return [{**own, "expression": own["expression"].replace(subject, name)}]
    return []


def _within(text: str, old: str, new: str) -> list[str]:
    """Return a text with a replacement made in it: as much of the replaced lines as it has must be round the change."""
    head, tail = _shared(old, new), _shared(old[::-1], new[::-1])
    tail = min(tail, len(old) - head, len(new) - head)
    cuts = sorted(((i, j) for i in range(head + 1) for j in range(tail + 1)), key=sum)
    for first, last in cuts:
        part = old[first : len(old) - last]
        if part and text.count(part) == 1:
            return [text.replace(part, new[first : len(new) - last])]
    return []


def _shared(first: str, second: str) -> int:
    """Return how many characters two texts begin with alike."""
    pairs = zip(first, second, strict=False)
    return next((index for index, (a, b) in enumerate(pairs) if a != b), min(len(first), len(second)))


def _replacing(old: str, new: str, subject: str) -> str | None:
    """Return what stands in `new` where `subject` stood in `old`, the rest being the same."""
    start = old.find(subject) if subject else -1
    while start >= 0:
        head, tail = old[:start], old[start + len(subject) :]
        if new.startswith(head) and new.endswith(tail) and len(new) >= len(head) + len(tail):
            return new[len(head) : len(new) - len(tail)]
        start = old.find(subject, start + 1)
    return None
