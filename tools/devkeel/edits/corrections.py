"""Suggestions for a change that was not made: what to ask for instead.

A check suggests edits of the candidate. A candidate that is not published is nowhere, so that each suggestion is given
as what the caller asked for, corrected: applying it makes all of the change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from devkeel.edits.suggestion import parse_suggestion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from devkeel.edits.base import Edit
    from devkeel.errors import Diagnostic

__all__ = ["corrected"]

_CONFLICT = "conflicting_definitions"


def corrected(found: Sequence[Diagnostic], given: Sequence[Edit]) -> tuple[Diagnostic, ...]:
    """Return findings with suggestions that hold for the files before the change; `given` are the caller's edits."""
    return tuple(replace(item, suggestions=_corrections(item, given)) for item in found)


def _corrections(item: Diagnostic, given: Sequence[Edit]) -> tuple[dict[str, Any], ...]:
    edits: list[dict[str, Any]] = []
    for suggested in item.suggestions:
        suggestion = parse_suggestion(suggested, item.subject or "", keeping=item.code == _CONFLICT)
        own = [suggested] if suggestion is None else [edit.corrected(suggestion) for edit in given]
        edits += [edit for edit in own if edit is not None]
    return tuple(edits)
