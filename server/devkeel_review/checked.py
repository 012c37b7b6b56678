"""What was checked on the page last: which files, as they were, and what was found.

It is kept in the memory of the page's process: a check that is asked for writes nothing into the project.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from devkeel.api import Environment
    from devkeel.checks.report import CheckReport

__all__ = ["Checked", "PageCheck", "Revisions", "revisions"]

Revisions = tuple[str, str | None]


class PageCheck(Struct, frozen=True):
    """A check. revisions: of the declaration and of the lock files; None where these changed meanwhile.

    report: as it may be shown. time: UTC, ISO 8601.
    """

    revisions: Revisions | None
    report: CheckReport
    time: str

    @property
    def ran(self) -> tuple[str, ...]:
        """The rungs that ran."""
        return tuple(self.report.ran)

    @property
    def errors(self) -> int:
        """How many errors were found."""
        return sum(item.severity == "error" for item in self.report.diagnostics)

    def is_of(self, found: Revisions | None) -> bool:
        """Return whether exactly these files were checked."""
        return found is not None and found == self.revisions


class Checked:
    """The newest check of a page's process. number: another one with each check."""

    def __init__(self) -> None:
        self.last: PageCheck | None = None
        self.number = 0

    def keep(self, found: Revisions | None, report: CheckReport) -> None:
        """Keep a check in place of the one before."""
        self.last = PageCheck(found, report, datetime.now(UTC).isoformat(timespec="seconds"))
        self.number += 1


def revisions(environment: Environment) -> Revisions:
    """Return what is declared, as a check of it is bound to; raises DevkeelError."""
    found = environment.inspect()
    return found.revision, found.lock_revision
