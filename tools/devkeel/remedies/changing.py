"""A change of a caller: where its libraries do not go together, the refusal has what would."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.change import changes
from devkeel.deferred import Deferred
from devkeel.errors import CheckFailed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from devkeel.change.changes import Asked
    from devkeel.change.result import ChangeResult
    from devkeel.context import Context
    from devkeel.edits.base import Edit
    from devkeel.remedies import repair
else:
    repair = Deferred("devkeel.remedies.repair")

__all__ = ["change"]


def change(
    context: Context, edits: Sequence[Edit], asked: Asked, *, level: str | None, create: bool, direnv: bool
) -> ChangeResult:
    """Apply edits as one transaction; see `Environment.change`."""
    try:
        return changes.change(context, edits, asked, level=level, create=create, direnv=direnv)
    except CheckFailed as error:
        if any(item.names_libraries for item in edits):
            given = tuple(item.given() for item in edits)
            repair.explain(context, error, repair.RepairRequest(given, repair.WHILE_EDITING))
        raise
