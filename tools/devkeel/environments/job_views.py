"""What a job is, as a caller sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["JobList", "JobView"]


@dataclass(frozen=True, slots=True)
class JobView:
    """A job as it is now, with a part of its log.

    state: running, succeeded, failed or cancelled. cursor: where the log goes on. omitted: bytes of the log that were
    left out before this part. survivors: processes that could not be ended.
    """

    id: str
    kind: str
    title: str
    state: str
    started: str
    ended: str | None
    progress: str | None
    log: str
    cursor: int
    omitted: int
    log_bytes: int
    survivors: tuple[str, ...]
    result: Any
    error: dict[str, Any] | None
    next: str


@dataclass(frozen=True, slots=True)
class JobList:
    """The jobs of a project, newest first, without their logs."""

    jobs: tuple[dict[str, Any], ...]
