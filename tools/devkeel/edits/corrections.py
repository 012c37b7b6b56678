"""Suggestions for a change that was not made: what to ask for instead.

A check suggests edits of the candidate. A candidate that is not published is nowhere, so that each suggestion is given
as what the caller asked for, corrected: applying it makes all of the change.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from devkeel.edits.suggestion import parse_suggestion

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from devkeel.edits.base import Edit
    from devkeel.errors import Diagnostic

__all__ = ["told_instead"]


def told_instead(found: Sequence[Diagnostic], given: Sequence[Edit]) -> tuple[Diagnostic, ...]:
    """Return findings with suggestions that hold for the files before the change; `given` are the caller's edits."""
    return tuple(
        replace(
            item,
            suggestions=tuple(
                other for edit in item.suggestions for other in _corrected(edit, given, item.subject or "")
            ),
        )
        for item in found
    )


def _corrected(edit: Mapping[str, Any], given: Sequence[Edit], subject: str) -> list[dict[str, Any]]:
    suggestion = parse_suggestion(edit, subject)
    if suggestion is None:
        return [dict(edit)]
    corrected = (own.corrected(suggestion) for own in given)
    return [item for item in corrected if item is not None]
