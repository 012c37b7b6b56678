"""What results say on one line, in words that every client shares: each adds its place, colours and cuts."""

from __future__ import annotations

import json
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from devkeel.checks.report import Skipped
    from devkeel.history.log import HistoryEntry
    from devkeel.project.survey import DefinitionView

__all__ = ["checks", "checks_here", "relations", "value"]


def checks(ran: Sequence[str], skipped: Sequence[Skipped]) -> str:
    """Return which checks ran, and which did not and why."""
    return f"checks that ran: {', '.join(ran) or 'none'}{_skipped(skipped)}"


def checks_here(levels: Sequence[str], skipped: Sequence[Skipped]) -> str:
    """Return which checks this machine can run, and which not and why."""
    return f"checks that can run here: {', '.join(levels) or 'none'}{_skipped(skipped)}"


def _skipped(skipped: Sequence[Skipped]) -> str:
    reasons = [
        f"{', '.join(item.level for item in same)} ({reason.rstrip('.')})"
        for reason, same in groupby(skipped, key=lambda item: item.reason)
    ]
    return f"; skipped: {'; '.join(reasons)}" if reasons else ""


def value(item: DefinitionView) -> tuple[str, bool]:
    """Return the first line of what a definition says, as Nix or as JSON, and whether more follows it."""
    written = item.source if item.source is not None else json.dumps(item.value, ensure_ascii=False)
    first, _, more = written.partition("\n")
    return first, bool(more)


def relations(entry: HistoryEntry) -> Iterator[str]:
    """Return which operations an entry takes back, and which took it back."""
    if entry.reverts is not None:
        yield f"reverts #{entry.reverts}"
    if entry.undone_by is not None:
        yield f"undone by #{entry.undone_by}"
