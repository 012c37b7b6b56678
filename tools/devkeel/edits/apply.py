"""A change: edits applied in memory, one after the other. Bytes in, bytes out; nothing is checked or written."""

from __future__ import annotations

from codecs import BOM_UTF8
from typing import TYPE_CHECKING

from devkeel.edits.apart import remarks_on_apart
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
    named = list[str]()
    for item in items:
        files = Files(candidate, create, manifests)
        applied = item.apply(files)
        marked = [name for name, data in applied.after.items() if _has_mark(name, data)]
        # A file that would begin for an edit that finds nothing to do there does not begin.
        began = [name for name in applied.after if not applied.changed and candidate.read(name) is None]
        for name, data in applied.after.items():
            if name in began:
                continue
            candidate.put(name, data.removeprefix(BOM_UTF8) if name in marked and data is not None else data)
        candidate.notes += (f"{name}: its byte order mark went, with which Nix does not parse it." for name in marked)
        if applied.notes or not (applied.changed or marked):
            candidate.notes += applied.notes or (files.looked.says(item.already()),)
            candidate.looked += files.looked
        if applied.changed:
            candidate.runs = [*dict.fromkeys((*candidate.runs, *item.effects(applied)))]
        if applied.manifest is not None:
            candidate.manifests.append(applied.manifest)
        if applied.exact:
            candidate.exact |= applied.after.keys()
        if "file" in item.model_fields_set and not applied.exact and applied.manifest is None:
            named += (name for name, data in applied.after.items() if data != applied.before.get(name))
        if applied.unfinished:
            candidate.repairs |= applied.after.keys()
    candidate.notes += remarks_on_apart(candidate, [name for name in named if name.endswith(".nix")])


def _has_mark(name: str, data: bytes | None) -> bool:
    """Return whether a Nix file begins with a byte order mark, which is no white space to Nix (lexer.l)."""
    return name.endswith(".nix") and data is not None and data.startswith(BOM_UTF8)
