"""A change: edits applied in memory, one after the other. Bytes in, bytes out; nothing is checked or written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.edits.files import Files

if TYPE_CHECKING:
    from collections.abc import Iterable

    from devkeel.candidate.candidate import Candidate
    from devkeel.edits.base import Edit

__all__ = ["apply_edits"]


def apply_edits(
    items: Iterable[Edit],
    candidate: Candidate,
    *,
    create: bool = False,
    manifests: tuple[str, ...] = (),
) -> None:
    """Apply edits to a candidate, one after the other.

    create: a Nix file that is missing begins as an empty module. manifests: where the project's backend has Python
    libraries named. Raises UsageError, ProjectError or Refused for the first edit that cannot be made.
    """
    for item in items:
        files = Files(candidate, create, manifests)
        applied = item.apply(files)
        for name, data in applied.after.items():
            candidate.put(name, data)
        if applied.notes or not applied.changed:
            candidate.notes += applied.notes or (item.already(files.looked),)
            candidate.looked += files.looked
        if applied.changed:
            candidate.runs = [*dict.fromkeys((*candidate.runs, *item.effects(applied)))]
        if applied.manifest is not None:
            candidate.manifests.append(applied.manifest)
        if applied.unfinished:
            candidate.repairs |= applied.after.keys()
