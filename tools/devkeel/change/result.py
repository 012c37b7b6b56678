"""What came of a change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from devkeel.candidate.looked import Looked
    from devkeel.checks.report import CheckReport
    from devkeel.pinned.moves import LockMoves

__all__ = ["ChangeResult"]


class ChangeResult(Struct, frozen=True):
    """The answer of every write.

    changed: whether the candidate differs from the files; published: whether it was written (False for a dry run
    and when nothing changed); operation: the id of the new operation, or None; files: the names of the changed
    files; diff: unified, but for the locks; locks: what moves in those; notes: sentences about what the edits met
    (already there, conditional, …); next: the next
    sensible call; runs_on_enter: whether the change adds text that runs at the next shell entry; root: the directory,
    where a caller may not know it; looked_at: what was read to say that something is there already, or is not there.
    """

    changed: bool
    published: bool
    dry_run: bool
    operation: int | None
    revision_before: str
    revision: str
    lock_revision: str | None
    files: tuple[str, ...]
    diff: str
    checks: CheckReport
    notes: tuple[str, ...]
    runs_on_enter: bool
    runs_when: tuple[str, ...]
    next: str
    root: str | None = None
    looked_at: Looked | None = None
    locks: tuple[LockMoves, ...] | None = None
