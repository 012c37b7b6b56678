"""What processes are doing, as a caller sees it."""

from __future__ import annotations

from msgspec import Struct

__all__ = ["ProcessLog", "ProcessState", "ProcessesResult"]


class ProcessState(Struct, frozen=True):
    """A process as its manager reports it.

    phase: not_started, stopped, waiting, starting, ready, stopping, exited or gave_up; ports: `name:number`, as they
    really are.
    """

    name: str
    phase: str
    restart_count: int
    ports: tuple[str, ...]


class ProcessLog(Struct, frozen=True):
    """The end of what a process wrote, or what it wrote since a cursor; `cut` when there was more before that.

    cursor: give it back to read on from here. anew: whether the process was started again since the cursor was given,
    and with it this log begun.
    """

    name: str
    stdout: str
    stderr: str
    cursor: str
    cut: bool
    anew: bool = False


class ProcessesResult(Struct, frozen=True):
    """The processes of a project, and what was done about them.

    action: start, stop or restart; None when they were only looked at. manager: the PID of the process manager, None
    when none runs. mode: daemon or foreground. revision: of the declaration that the manager was started with, where
    devkeel knows it. outdated: whether the declaration is another one now; None when it is not known. ended: what a
    stop had to end itself.
    """

    action: str | None
    running: bool
    manager: int | None
    mode: str | None
    revision: str | None
    declared_revision: str
    outdated: bool | None
    processes: tuple[ProcessState, ...]
    logs: tuple[ProcessLog, ...]
    ended: tuple[str, ...]
    notes: tuple[str, ...]
    next: str
