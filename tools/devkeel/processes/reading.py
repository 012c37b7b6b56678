"""Phases, ports and logs: what a process wrote is capped, cleaned and masked, and read on from a cursor."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING

from devkeel.errors import DevkeelError, UsageError
from devkeel.processes.manager_socket import ManagerSocket
from devkeel.processes.manager_state import Sight, look, unheard
from devkeel.processes.state import ProcessesResult, ProcessLog
from devkeel.project.declaration import read_declaration
from devkeel.project.survey import survey
from devkeel.runtime.ports import port_holder
from devkeel.runtime.tail import read_tail
from devkeel.text.actions import do
from devkeel.text.clean import clean
from devkeel.text.secrets import blot, mask, names_a_secret
from devkeel.text.wording import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from devkeel.processes.state import ProcessState
    from devkeel.project.root import Project

__all__ = ["answer", "last_words", "read", "unknown_process"]

MOST_BYTES = 16_000
# The manager's PID, and for each stream an offset with the mark of what stands before it.
_CURSOR = re.compile(r"(?P<manager>\d+)-(?P<stdout>\d+(?:\.\d+)?)-(?P<stderr>\d+(?:\.\d+)?)")
# devenv, src/modules/processes.nix: `allocate` is the port that is wished for, `value` the one that devenv found free.
_PORT = re.compile(r"services\.(?P<service>[\w-]+)\.port|processes\.(?P<process>[\w-]+)\.ports\.[\w-]+\.allocate")
_STREAMS = ("stdout", "stderr")
_WORDS = 2_000


def read(
    project: Project, *, name: str | None = None, cursor: str | None = None, limit: int, whole: bool = False
) -> ProcessesResult:
    """Return phases and ports; with a name also the end of its log, or what was written since a cursor.

    limit: bytes of each stream. whole: without a line that has no end yet. Without a name those that failed give their
    last lines.
    """
    socket = ManagerSocket(project.root)
    sight = look(project, socket)
    known = [item.name for item in sight.processes] or _logged(socket.logs)
    logs: list[ProcessLog] = []
    if name is not None:
        if name not in known:
            raise unknown_process(name, known)
        logs.append(_read_log(project, socket.logs, sight, name, cursor, limit, whole=whole))
    elif cursor is not None:
        raise UsageError(
            "bad_cursor",
            "A cursor belongs to the log of one process.",
            seen=cursor[:80],
            remedy="Name the process whose log it is.",
        )
    else:
        failed = [item.name for item in sight.processes if item.phase == "gave_up"]
        logs += [_read_log(project, socket.logs, sight, item, None, _WORDS) for item in failed]
    return answer(project, sight, logs=logs)


def answer(
    project: Project,
    sight: Sight,
    *,
    action: str | None = None,
    logs: Sequence[ProcessLog] = (),
    ended: Sequence[str] = (),
    notes: Sequence[str] = (),
) -> ProcessesResult:
    """Return what was seen as the result of a verb."""
    lost = None if sight.running else unheard(project)
    told = [*notes, *_standing(sight), *_lost(lost), *_moved(project, sight.processes)]
    return ProcessesResult(
        action=action,
        running=sight.running,
        manager=sight.pid if lost is None else lost,
        mode=sight.mode,
        revision=sight.revision,
        declared_revision=sight.declared.revision,
        outdated=sight.outdated,
        processes=sight.processes,
        logs=tuple(logs),
        ended=tuple(map(clean, ended)),
        notes=tuple(told),
        next=_next(sight, action),
    )


def last_words(project: Project, logs: Path, name: str) -> str:
    """Return the end of what a process wrote, errors after output, safe to show."""
    secrets = list(_secrets(project))
    parts = [_text(read_tail(logs / f"{name}.{stream}.log", None, _WORDS).data, secrets) for stream in _STREAMS]
    return "\n".join(part.strip("\n") for part in parts if part.strip())


def unknown_process(name: str, known: Sequence[str]) -> UsageError:
    """Return the error about a process that there is not, with the nearest that there are."""
    return UsageError(
        "unknown_process",
        f"There is no process {name!r}.",
        seen=name[:80],
        remedy="Name one of those that there are, or declare it first.",
        alternatives=tuple(nearest(name, known)[:10]),
    )


def _standing(sight: Sight) -> Iterator[str]:
    if sight.outdated:
        yield (
            "The declaration has changed since these processes were started, and they keep the old one: "
            f"{do('start')} starts them anew."
        )
    elif sight.running and sight.outdated is None:
        yield "devkeel did not start this manager, so it cannot tell whether it has the declaration as it is now."


def _lost(manager: int | None) -> Iterator[str]:
    if manager is not None:
        yield (
            f"The manager that was started last (PID {manager}) still runs, and its socket is gone: it cannot be "
            f"asked; {do('stop')} ends it with what it started."
        )


def _next(sight: Sight, action: str | None) -> str:
    if not sight.running:
        return do("start") if action is None else "nothing runs"
    troubled = [item.name for item in sight.processes if item.phase == "gave_up"]
    if troubled:
        return f"{do('log', name=troubled[0])} for its log"
    return f"{do('log')} with a name for its log" if action is None else do("processes")


def _moved(project: Project, processes: Sequence[ProcessState]) -> Iterator[str]:
    """Say which declared ports devenv moved, because other processes have them."""
    wanted: dict[str, set[int]] = {}
    with suppress(DevkeelError):
        for item in survey(read_declaration(project), None).definitions:
            found = _PORT.fullmatch(item.path)
            if found and isinstance(item.value, int) and not isinstance(item.value, bool):
                wanted.setdefault(found["service"] or found["process"], set()).add(item.value)
    for process in processes:
        real = {int(port.rpartition(":")[2]) for port in process.ports if port.rpartition(":")[2].isdigit()}
        for port in sorted(wanted.get(process.name, set()) - real):
            if real:
                who = port_holder(port)
                why = f"{port} is held by {clean(who)}" if who else f"{port} was taken"
                yield f"{process.name} listens on {', '.join(map(str, sorted(real)))}: its declared port {why}."


def _logged(folder: Path) -> list[str]:
    """Return the processes of which logs were left."""
    with suppress(OSError):
        # devenv, devenv-processes/src/command.rs, `log_paths`.
        return sorted({path.name.removesuffix(".stdout.log") for path in folder.glob("*.stdout.log")})
    return []


def _read_log(
    project: Project, folder: Path, sight: Sight, name: str, cursor: str | None, limit: int, *, whole: bool = False
) -> ProcessLog:
    places = _places(cursor, sight.pid)
    tails = {
        stream: read_tail(folder / f"{name}.{stream}.log", place, limit, mark, whole=whole)
        for stream in _STREAMS
        for place, mark in [places.get(stream, (None, None))]
    }
    secrets = list(_secrets(project))
    return ProcessLog(
        name,
        _text(tails["stdout"].data, secrets, tails["stdout"].before),
        _text(tails["stderr"].data, secrets, tails["stderr"].before),
        "-".join([str(sight.pid or 0), *(f"{tails[stream].end}.{tails[stream].mark}" for stream in _STREAMS)]),
        any(tail.skipped for tail in tails.values()),
        anew=(cursor is not None and not places) or any(tail.anew for tail in tails.values()),
    )


def _places(cursor: str | None, manager: int | None) -> dict[str, tuple[int, int | None]]:
    """Return the offsets that a cursor names, with marks; a manager that was started since began the logs anew."""
    if cursor is None:
        return {}
    found = _CURSOR.fullmatch(cursor)
    if found is None:
        raise UsageError(
            "bad_cursor",
            "This is no cursor of a process's log.",
            seen=cursor[:80],
            remedy=f"Give the cursor that {do('log')} gave, or none for the end of the log.",
        )
    # devenv, devenv-processes/src/manager.rs: both logs of a process are emptied when it is started. The new one may
    # be longer by now than the old one was: the marks say that it is another.
    if manager is not None and int(found["manager"]) != manager:
        return {}
    parts = {stream: found[stream].partition(".") for stream in _STREAMS}
    return {stream: (int(place), int(mark) if mark else None) for stream, (place, _, mark) in parts.items()}


def _text(data: bytes, secrets: Sequence[str], before: bytes = b"") -> str:
    if before:
        # A secret of several lines, of which some were read before.
        treated = blot(before + data, secrets)[len(before) :]
        data = treated if treated != blot(data, secrets) else data
    return mask(clean(data.decode("utf-8", "replace").replace("\r\n", "\n")), secrets)


def _secrets(project: Project) -> Iterator[str]:
    """Yield the values of declared variables whose names say that they are secret."""
    with suppress(DevkeelError):
        for item in survey(read_declaration(project), "env").definitions:
            if isinstance(item.value, str) and names_a_secret(item.path):
                yield item.value
