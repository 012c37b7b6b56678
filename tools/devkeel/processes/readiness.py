"""Waiting until processes are ready: by their phases, because `wait` also succeeds for those that crashed."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from devkeel.errors import DevkeelError, ProjectError, Unavailable
from devkeel.processes.manager_state import SETTLED
from devkeel.processes.reading import last_words
from devkeel.processes.refusals import by_procfile, port_held
from devkeel.project.root import PROCFILE
from devkeel.runtime.ports import port_holder
from devkeel.runtime.tail import read_tail
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Sequence

    from devkeel.processes.manager_socket import ManagerSocket
    from devkeel.processes.state import ProcessState
    from devkeel.project.root import Project
    from devkeel.runtime.jobs import Job

__all__ = ["await_ready"]

_TICK = 0.1
# A process without a probe is ready as soon as it exists, and one that crashes at once is seen as such only later.
_STEADY = 0.6
_WORDS = 2_000
_TAKEN = re.compile(r"address (?:is )?already in use|EADDRINUSE|port \d+ is already in use", re.IGNORECASE)
# No part of an address, as the 127 of 127.0.0.1.
_NUMBER = re.compile(r"(?<![\d.])\d{2,5}(?!\d)")
# A port has 16 bits (RFC 9293, 3.1).
_MOST_PORT = 65_535


def await_ready(project: Project, socket: ManagerSocket, names: Sequence[str], timeout: float, job: Job) -> list[str]:
    """Wait until processes are ready, and stay so for a moment; return notes about those that ended by themselves.

    names: which; none for all that were started. timeout: seconds. Raises ProjectError `process_crashed` or
    `port_held`, Unavailable `process_not_ready`.
    """
    deadline = time.monotonic() + timeout
    seen, since = tuple[object, ...](), time.monotonic()
    told = ""
    while True:
        found = _wanted(_listed(socket), names)
        failed = [item for item in found if _crashed(item)]
        if failed:
            raise _crash(project, socket, failed[0], found)
        waiting = [item for item in found if item.phase not in SETTLED]
        now = time.monotonic()
        if tuple(found) != seen:
            seen, since = tuple(found), now
        if not waiting and now - since >= _STEADY:
            return [_ended(item) for item in found if item.phase != "ready"]
        if waiting and now > deadline:
            raise _late(project, socket, waiting, found, timeout)
        sentence = "Waiting for " + ", ".join(f"{item.name} ({item.phase})" for item in waiting)
        if waiting and sentence != told:
            told = sentence
            job.tell(sentence)
        job.pause(_TICK)


def _listed(socket: ManagerSocket) -> tuple[ProcessState, ...]:
    try:
        return socket.list()
    except Unavailable as error:
        if error.code != "processes_not_running":
            raise
        log = read_tail(socket.folder / "daemon.log", None, _WORDS).data.decode("utf-8", "replace")
        raise ProjectError(
            "manager_ended",
            "The process manager ended while its processes were starting.",
            seen=log.strip() or None,
            remedy="Start them again; if it goes on, correct what its log says last.",
        ) from error


def _wanted(found: Sequence[ProcessState], names: Sequence[str]) -> list[ProcessState]:
    if names:
        return [item for item in found if item.name in names]
    return [item for item in found if item.phase not in ("not_started", "stopped")]


def _crashed(item: ProcessState) -> bool:
    # One without a port may be a task that ends by itself; one that serves a port has no reason to.
    return item.phase == "gave_up" or (item.phase == "exited" and bool(item.ports))


def _ended(item: ProcessState) -> str:
    if item.phase == "exited":
        return f"{item.name} has ended by itself; its log is in {do('log', name=item.name)}."
    return f"{item.name} does not run: {item.phase}."


def _phases(found: Sequence[ProcessState]) -> dict[str, str]:
    return {item.name: item.phase for item in found}


def _crash(project: Project, socket: ManagerSocket, item: ProcessState, found: Sequence[ProcessState]) -> DevkeelError:
    log = last_words(project, socket.logs, item.name)
    facts = {"process": item.name, "phases": _phases(found), "log": log}
    port = _contended(log, item)
    if port is not None:
        error = port_held(port, _complaint(log), item.name)
        error.details |= facts
        return error
    where = f"services.{item.name} or processes.{item.name} in the declaration"
    if by_procfile(project):
        where = f"its line of the {PROCFILE}, or what that runs"
    tries = f" {item.restart_count + 1} times" if item.restart_count else ""
    return ProjectError(
        "process_crashed",
        f"{item.name} was started{tries} and ended each time." if tries else f"{item.name} was started and ended.",
        seen=log.rpartition("\n")[2] or None,
        remedy=f"Correct what its log names: {where}.",
        details=facts,
    )


def _complaint(log: str) -> str:
    return next((line for line in log.splitlines() if _TAKEN.search(line)), "")


def _contended(log: str, item: ProcessState) -> int | None:
    """Return the port that a log says is taken, when a process really has it."""
    line = _complaint(log)
    if not line:
        return None
    ports = [int(found) for found in _NUMBER.findall(line)]
    ports += [int(number) for port in item.ports if (number := port.rpartition(":")[2]).isdigit()]
    return next((port for port in ports if port <= _MOST_PORT and port_holder(port)), None)


def _late(
    project: Project,
    socket: ManagerSocket,
    waiting: Sequence[ProcessState],
    found: Sequence[ProcessState],
    timeout: float,
) -> Unavailable:
    names = ", ".join(f"{item.name} ({item.phase})" for item in waiting)
    return Unavailable(
        "process_not_ready",
        f"Not ready within {timeout:g} seconds: {names}.",
        seen=names,
        remedy=f"Look on with {do('processes')}, or give them longer; they go on unless they were stopped.",
        details={"phases": _phases(found), "log": last_words(project, socket.logs, waiting[0].name)},
    )
