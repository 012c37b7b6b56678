"""A job as it is now, and as its record on disk says: what is believed of that, and whether its process is there."""

from __future__ import annotations

import os
import socket
from typing import Any

from msgspec import Struct

from devkeel.runtime import process_tree

__all__ = ["JobState", "is_gone", "makes_sense", "start_of", "state_of"]


class JobState(Struct, frozen=True):
    """A job as it is now.

    state: running, succeeded, failed (a command by its exit code too) or cancelled. started, ended: UTC, ISO 8601.
    progress: what it was last at. survivors: processes of it that could not be ended. result: what came of it, as plain
    data. noted: whether no caller has its id, and it is on disk for who looks on. owner: `pid` and `host` of what runs
    it; from its record also `start`, as proc(5) counts it, and `hears`: whether it ends a job when it is asked to.
    """

    id: str
    kind: str
    title: str
    state: str
    started: str
    ended: str | None
    progress: str | None
    log_bytes: int
    survivors: tuple[str, ...] = ()
    result: Any = None
    error: dict[str, Any] | None = None
    noted: bool = False
    owner: dict[str, Any] = {}


def makes_sense(record: dict[str, Any], identifier: str) -> bool:
    """Return whether a record is a job's, and of this one: what is ended goes by its name."""
    shapes = {"id": str, "kind": str, "title": str, "state": str, "started": str, "survivors": list}
    shapes |= {"log": dict, "owner": dict}
    optional: dict[str, type] = {"ended": str, "progress": str, "error": dict}
    error = record.get("error") or {"code": "", "message": ""}
    words = [record.get(name) or "" for name in ("kind", "state", "started", "ended")]
    return (
        record.get("id") == identifier
        and isinstance(error, dict)
        and all(isinstance(found, str) and found.isprintable() for found in (*words, error.get("code")))
        and isinstance(error.get("message"), str)
        and all(isinstance(record.get(name), of) for name, of in shapes.items())
        and all(isinstance(record.get(name), of | None) for name, of in optional.items())
        and all(isinstance(found, int) and found >= 0 for found in record["log"].values())
    )


def state_of(data: dict[str, Any]) -> JobState:
    """Return what a record that makes sense says; other fields of it are not looked at."""
    found: dict[str, Any] = {name: data.get(name) for name in JobState.__struct_fields__}
    return JobState(**found | {"noted": bool(data.get("noted")), "owner": data.get("owner") or {}})


def is_gone(owner: dict[str, Any]) -> bool:
    """Return whether the process that runs a job has ended; False where that cannot be seen from here."""
    if owner.get("host") != socket.gethostname() or not isinstance(owner.get("pid"), int):
        return False
    start = start_of(owner["pid"])
    if start is not None:
        return bool(start != owner.get("start"))
    try:
        # kill(2): signal 0 is not sent, and only whether there is such a process and whether we may is looked at.
        os.kill(owner["pid"], 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return owner.get("start") is not None  # a process that has ended and waits to be collected


def start_of(pid: int) -> int | None:
    """Return when a process was started, as proc(5) counts it; None where that is not known."""
    found = process_tree.look(pid)
    return found.start if found is not None else None
