"""What the checks say of a candidate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from devkeel.errors import Diagnostic

__all__ = ["CheckReport", "Skipped"]


class Skipped(Struct, frozen=True):
    """A rung of the check ladder that did not run, and why."""

    level: str
    reason: str


class CheckReport(Struct, frozen=True):
    """Which rungs ran, which did not, and what they found. `ok` is False when a diagnostic is an error.

    `judge` is who evaluated or built: `nix` or `devenv`. `stage` is where: `namespace` (the candidate laid over the
    project, for that command alone), `copy` (a copy of the project), `project` (nothing differed from the disk). `note`
    says what held the evaluation where the system did not, None where it did or nothing was evaluated.
    """

    ok: bool
    ran: tuple[str, ...]
    skipped: tuple[Skipped, ...]
    diagnostics: tuple[Diagnostic, ...]
    judge: str | None = None
    stage: str | None = None
    note: str | None = None
