"""A way to mend a cause: edits, or a command where no edit is what is missing."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

__all__ = ["Fix"]


class Fix(Struct, frozen=True):
    """One way to mend a cause.

    sentence: what it does, in one sentence. edits: as plain data, in one transaction. command: what is run
    instead where nothing is to be declared (`direnv allow`). call: a marked call of devkeel's own, such as to apply
    what is declared already. uncertain: what is not known, and how to see it; None where nothing stands open. create:
    whether one of the edits begins a file, which is to be asked for. level: the rung up to which the dry run of the
    edits went; None for what is no edit. diff: what the dry run changed. lacks: which permission the fix
    takes that the caller has not, and what takes it away; None where the caller may make it.
    """

    sentence: str
    edits: tuple[dict[str, Any], ...] = ()
    command: str | None = None
    call: str | None = None
    uncertain: str | None = None
    create: bool = False
    level: str | None = None
    diff: str | None = None
    lacks: str | None = None
