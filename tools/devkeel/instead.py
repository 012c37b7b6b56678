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
    return tuple(
        replace(
            item, suggestions=tuple(other for edit in item.suggestions for other in _instead(edit, candidate, given))
        )
        for item in found
    )


def _instead(
    edit: Mapping[str, Any], candidate: Mapping[str, bytes], given: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    if edit["kind"] == "rename":
        try:
            value = nix.get(candidate[edit["file"]], edit["path"])
        except KeyError:
            return []
        data = {"expression": value.source} if isinstance(value, nix.Expression) else {"value": value}
        return [{"kind": "set", "path": edit["to"], **data, "file": edit["file"]}]
    if edit["kind"] == "replace_text":
        # Text that came with the change: the same replacement, corrected.
        return [
            {**own, "new": own["new"].replace(edit["old"], edit["new"])}
            for own in given
            if own["kind"] == "replace_text" and edit["old"] in own["new"]
        ]
    return [dict(edit)]
