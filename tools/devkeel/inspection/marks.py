"""Marks: a short text for each part of what a client shows, another one when something of that part has changed.

They are made of the project's files and records as they are, so that what any process does shows in them, with every
listener switched off. Making them opens no history, writes nothing and runs nothing.
"""

from __future__ import annotations

import hashlib
import posixpath
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.errors import DevkeelError
from devkeel.processes.manager_socket import ManagerSocket
from devkeel.project.declaration import parts_of, read_declaration
from devkeel.project.environment_files import is_lock
from devkeel.project.root import DOTENV, PROCFILE, SETTINGS, revision_of
from devkeel.proposals import records
from devkeel.runtime import process_tree
from devkeel.state import directory as state_directory
from devkeel.state.files import read_record

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from devkeel.context import Context
    from devkeel.project.root import Project

__all__ = ["Marks", "marks"]

_DATABASE, _LOG = "state.db", "state.db-wal"
# What was applied first, how large it was, and which environment is meant.
_USED = ("applied.json", "measured.json", "active.json", "default.json")
_ENVIRONMENT = ("current.json", "environment.json")
_RUNNING = ("native-manager.pid", "native.sock")
_PATIENCE = 0.5  # seconds for a manager to say what its processes do
_BESIDE = frozenset({SETTINGS, PROCFILE, DOTENV, ".envrc", "pylock.toml", "conda-lock.yaml"})
_MOST_PLACES, _MOST_RECORDS = 200, 500


class Marks(Struct, frozen=True):
    """What there is, as texts to be compared, and where a change of it shows.

    versions: by part: history, declaration, environments, jobs, processes, gates, proposals. places: directories whose
    own entries change with them; nothing beneath. lively: whether something goes on, whose end no file may show.
    """

    versions: dict[str, str]
    places: tuple[Path, ...]
    lively: bool


def marks(context: Context) -> Marks:
    """Return the marks of a project as it is."""
    project = context.project
    state = project.state
    declaration, folders = _declaration(project)
    processes, running = _processes(project)
    jobs = _listed(state / "jobs")
    owners = _owners(state / "jobs", jobs)
    proposals = _listed(state / "proposals")
    few = "" not in dict(proposals)
    asked = [(view.id, view.state) for view in records.standing(state, "")] if few else []
    versions = {
        "history": _version(_seen(state / _DATABASE), _written(state / _LOG)),
        "declaration": declaration,
        "environments": _version(*_environments(state)),
        "jobs": _version(jobs, owners),
        "processes": processes,
        "gates": _version(_seen(state / "gates.json"), _seen(project.root / SETTINGS)),
        "proposals": _version(proposals, asked),
    }
    return Marks(versions, _places(project, folders), bool(running or owners or asked))


def _version(*facts: object) -> str:
    return hashlib.sha256(repr(facts).encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _seen(path: Path) -> tuple[int, ...] | None:
    """Return what differs when a file has been written or replaced; None where there is none, or a link on the way."""
    info = state_directory.status(path)
    return None if info is None else (info.st_ino, info.st_size, info.st_mtime_ns)


def _written(path: Path) -> tuple[int, ...] | None:
    """As `_seen`, where an empty file is as good as none: whoever reads a database makes the log that it lacks."""
    found = _seen(path)
    return None if found is None or not found[1] else found


def _listed(folder: Path) -> list[tuple[str, tuple[int, ...] | None]]:
    """Return the records in a directory, each as it was seen; of more than devkeel makes, the directory alone."""
    names = [name for name in state_directory.names(folder) if name.endswith(".json")]
    if len(names) > _MOST_RECORDS:
        return [("", _seen(folder))]  # a record is put in place by its name, of which the directory knows
    return [(name, _seen(folder / name)) for name in names]


def _owners(jobs: Path, listed: list[tuple[str, tuple[int, ...] | None]]) -> list[object]:
    """Return the processes that run jobs, as far as they are there: one that was killed ends no record."""
    found = [(name, _owner(jobs / name, seen)) for name, seen in listed]
    looked = [(name, process_tree.look(pid)) for name, pid in found if pid is not None]
    return [(name, there and there.start) for name, there in looked]


@lru_cache(maxsize=_MOST_RECORDS)
def _owner(record: Path, _: tuple[int, ...] | None) -> int | None:
    """Return the process that runs a job, by its record as it was seen; None for one that has ended."""
    found = read_record(record) or {}
    owner = found.get("owner")
    pid = owner.get("pid") if isinstance(owner, dict) and found.get("state") == "running" else None
    return pid if isinstance(pid, int) else None


def _environments(state: Path) -> list[object]:
    found: list[object] = [_seen(state / name) for name in _USED]
    for name in state_directory.names(state / "envs"):
        folder = state / "envs" / name
        found.append((name, *(_seen(folder / item) for item in _ENVIRONMENT)))
    return found


def _declaration(project: Project) -> tuple[str, set[str]]:
    """Return the mark of what is declared, and the directories of its files, relative to the root."""
    try:
        files = read_declaration(project)
        files |= parts_of(project, files)
    except DevkeelError as error:  # what cannot be read is not what it was
        return _version(error.code, str(error)), {""}
    folders = {posixpath.dirname(name) for name in files} | {""}
    beside = [item for folder in sorted(folders) for item in _beside(project.root / folder)]
    return _version(revision_of(files), beside), folders


def _beside(folder: Path) -> list[object]:
    """Return what else in a directory belongs to what is declared: locks, settings, what a shell reads."""
    names = state_directory.names(folder)
    found = [name for name in names if is_lock(name) or name.endswith(".lock") or name in _BESIDE]
    return [(name, _seen(folder / name)) for name in found]


def _processes(project: Project) -> tuple[str, bool]:
    """Return the mark of the processes, and whether some run."""
    record = _seen(project.state / "processes.json")
    socket = ManagerSocket(project.root)
    known = [_seen(socket.folder / name) for name in _RUNNING]
    if not any(known):
        return _version(record), False
    try:
        told = socket.ask("list", seconds=_PATIENCE).get("processes")
    except DevkeelError as error:
        told = error.code
    return _version(record, known, told), True


def _places(project: Project, folders: Iterable[str]) -> tuple[Path, ...]:
    state, running = project.state, ManagerSocket(project.root).folder
    own = [state, *(state / name for name in ("jobs", "envs", "proposals"))]
    own += [state / "envs" / name for name in state_directory.names(state / "envs")]
    places = [*own, *(project.root / name for name in sorted(folders)), running]
    there = [item for item in places if state_directory.is_folder(item)]
    return tuple(dict.fromkeys(there))[:_MOST_PLACES]
