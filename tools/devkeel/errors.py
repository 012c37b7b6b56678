"""Every error that devkeel raises on purpose.

    DevkeelError                 a fact about the request, never a crash
    ├── UsageError               the request itself is malformed              exit 2
    ├── ProjectError             the project's files do not allow it          exit 1
    ├── Refused                  the edit is not certain to mean what was asked  exit 1
    │   └── CheckFailed          the candidate has errors that the edit adds  exit 3
    ├── PolicyRefused            this caller may not do it                    exit 1
    ├── Conflict                 what this builds on was changed meanwhile    exit 4
    ├── Unavailable              this machine cannot do it                    exit 5
    ├── Busy                     another process holds the project            exit 6
    └── StateError               devkeel's own records cannot be used         exit 7

An error carries facts (code, place, what was seen, what would work); `devkeel_mcp.answers.errors` and
`devkeel_cli.answers.errors` render them. Codes are documented in docs/errors.md, and a test keeps both lists equal.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from msgspec import Struct
from msgspec.structs import asdict

__all__ = [
    "Busy",
    "CheckFailed",
    "Conflict",
    "DevkeelError",
    "Diagnostic",
    "Place",
    "PolicyRefused",
    "ProjectError",
    "Refused",
    "StateError",
    "Unavailable",
    "UsageError",
    "standing",
    "stands",
]

Severity = Literal["error", "warning", "info"]


class Place(Struct, frozen=True):
    """A place in a file: path relative to the project root, line and column counted from 1 (characters)."""

    file: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        """Return `file:line:column`, as compilers print it."""
        return ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)


def _place(place: Place) -> dict[str, Any]:
    return {key: value for key, value in asdict(place).items() if value is not None}


class Diagnostic(Struct, frozen=True):
    """One finding of a check.

    `subject` is the option path or the package that it is about; `suggestions` are edits as
    plain data; `source` is the rung that found it, `also` another one that said the same.
    """

    code: str
    severity: Severity
    message: str
    source: str
    place: Place | None = None
    subject: str | None = None
    suggestions: tuple[dict[str, Any], ...] = ()
    also: str | None = None

    def as_data(self) -> dict[str, Any]:
        """Return plain data without the empty fields."""
        data = asdict(self) | {"place": _place(self.place) if self.place else None}
        return {key: value for key, value in data.items() if value not in (None, (), [])}


@dataclass(eq=False)
class DevkeelError(Exception):
    """A request that ends without a result.

    code: stable identifier, documented in docs/errors.md.
    message: one sentence in plain words.
    place: where in which file.
    seen: what was found there, or what was given.
    remedy: what to do next, as a sentence or a call.
    alternatives: the nearest valid values.
    details: further facts as plain data (revisions, diffs, holder of a lock…).
    """

    code: str
    message: str
    place: Place | None = None
    seen: str | None = None
    remedy: str | None = None
    alternatives: tuple[str, ...] = ()
    details: dict[str, Any] = field(default_factory=dict)

    exit_code: ClassVar[int] = 1

    def __str__(self) -> str:
        """Return the sentence, after its place where there is one."""
        return f"{self.place}: {self.message}" if self.place else self.message

    def as_data(self) -> dict[str, Any]:
        """Return the error as plain data without the empty fields."""
        data: dict[str, Any] = {
            "code": self.code,
            "message": self.message,
            "place": _place(self.place) if self.place else None,
            "seen": self.seen,
            "remedy": self.remedy,
            "alternatives": list(self.alternatives),
            "details": self.details,
        }
        return {key: value for key, value in data.items() if value not in (None, [], {})}


class UsageError(DevkeelError):
    """The request is malformed: a bad option path, an unknown argument, a value of no kind."""

    exit_code = 2


class ProjectError(DevkeelError):
    """The project's files do not allow it: none there, not UTF-8, outside the root, not writable."""


class Refused(DevkeelError):
    """An edit that devkeel is not certain about, with the reason and the explicit way."""


@dataclass(eq=False)
class CheckFailed(Refused):
    """The candidate has errors that the edit would add. Nothing was written."""

    diagnostics: tuple[Diagnostic, ...] = ()

    exit_code: ClassVar[int] = 3

    @property
    def further(self) -> tuple[Diagnostic, ...]:
        """The findings that say more than the error itself does."""
        return tuple(item for item in self.diagnostics if not self._says(item))

    def _says(self, item: Diagnostic) -> bool:
        known = (item.code, item.place) == (self.code, self.place) and item.subject in (None, self.seen)
        return known and item.message in self.message and not item.suggestions

    def as_data(self) -> dict[str, Any]:
        """Return the error with its diagnostics."""
        return super().as_data() | {"diagnostics": [item.as_data() for item in self.diagnostics]}


class PolicyRefused(DevkeelError):
    """The project's settings forbid it."""


class Conflict(DevkeelError):
    """What the request builds on was changed meanwhile. Nothing was written."""

    exit_code = 4


class Unavailable(DevkeelError):
    """What was asked for cannot run on this machine, or not within the time given."""

    exit_code = 5


class Busy(DevkeelError):
    """Another process holds the project's lock."""

    exit_code = 6


class StateError(DevkeelError):
    """devkeel's own records in `.devkeel/` cannot be read or written."""

    exit_code = 7


_STANDS = "The change stands as operation "


def stands(error: BaseException, operation: int) -> None:
    """Let an exception that comes after a publication say that the change stands."""
    if standing(error) is None:
        error.add_note(f"{_STANDS}{operation}: it was published before this. An undo of it takes it back.")


def standing(error: BaseException | None) -> str | None:
    """Return what an exception, or one that it comes of, says of a change that stands."""
    seen: list[BaseException] = []
    while error is not None and error not in seen:
        for note in getattr(error, "__notes__", ()):
            if note.startswith(_STANDS):
                return str(note)
        seen.append(error)
        error = error.__cause__ or error.__context__
    return None
