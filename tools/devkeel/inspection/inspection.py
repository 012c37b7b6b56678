"""What is declared, and where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from devkeel.checks.report import Skipped
    from devkeel.errors import Diagnostic
    from devkeel.history.log import HistoryEntry
    from devkeel.inspection.status import Stages
    from devkeel.project.survey import Definition

__all__ = ["FileState", "Inspection"]


@dataclass(frozen=True, slots=True)
class FileState:
    """An environment file: its name, what it is for, its size in bytes and its content hash (12 digits)."""

    name: str
    role: str
    bytes: int
    hash: str


@dataclass(frozen=True, slots=True)
class Inspection:
    """What is declared, where, and what devkeel can do about it on this machine.

    `packages` are the names in the `packages` list as written; `enabled` the services and languages whose
    `enable` is true; `definitions` everything in the environment files, or what is at and below a prefix; `notes`
    say what to know about them; `environments` are the named ones that are made.
    """

    root: str
    revision: str
    lock_revision: str | None
    backend: str
    files: tuple[FileState, ...]
    packages: tuple[str, ...]
    enabled: tuple[str, ...]
    definitions: tuple[Definition, ...]
    problems: tuple[Diagnostic, ...]
    notes: tuple[str, ...]
    levels: tuple[str, ...]
    skipped: tuple[Skipped, ...]
    last_operation: HistoryEntry | None
    changed_since: tuple[str, ...]
    recovery_pending: bool
    next: str
    environments: tuple[str, ...] = ()
    stages: Stages | None = None
