"""Jobs: work that may outlast the call that asked for it.

A job runs in a thread of its own and follows every program that it runs: it has their output in one log, can end them
with all that came from them, and says what it is at. What has not finished when its call has to be answered is kept on
disk, in `.devkeel/jobs`, where another process sees it too. A job ends with the process that runs it.
"""

from __future__ import annotations

import os
import re
import secrets
import selectors
import socket
import threading
import time
from contextlib import ExitStack, contextmanager, suppress
from contextvars import copy_context
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from devkeel.errors import Busy, DevkeelError, Unavailable, UsageError
from devkeel.runtime import process_tree
from devkeel.runtime.log import Log, Slice, read_log
from devkeel.runtime.process import watched
from devkeel.runtime.programs import executing
from devkeel.state import directory as state_directory
from devkeel.state.files import forget, make_directory, read_record, write_record
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["Job", "JobSpec", "JobState", "Jobs"]

_KEPT = 50  # jobs on disk
_PATIENCE = 15.0  # seconds for what is ended to be gone: two graces for the group, two for what left it
_WRITTEN = 1.0  # seconds between two records of a job's progress
_NAME_DIGITS = 16
_LINE = 4096
_PRINTED = 2 * 1024 * 1024
_ROUNDS = 50
_RECORD = re.compile(r"[0-9a-f][^/]*\.json")


class JobSpec(Struct, frozen=True):
    """What a job is for. kind: such as apply or command; title: one line for a person.

    reads: turns a line that a program printed on stderr into a sentence about the progress, or None. echoes: which
    outputs go to the log. sweeps: whether processes that are left behind when the work is done are ended. executes:
    whether it may run what the project brings. plain: makes plain data of what the work returned. failed: whether
    that is a failure, as a program's exit code can be. tells: whether such a failure is to be emitted as an event; not
    where the work has emitted it.
    """

    kind: str
    title: str
    reads: Callable[[str], str | None] | None = None
    echoes: tuple[str, ...] = ("stdout", "stderr")
    sweeps: bool = True
    executes: bool = True
    plain: Callable[[Any], Any] | None = None
    failed: Callable[[Any], bool] | None = None
    tells: bool = True


class JobState(Struct, frozen=True):
    """A job as it is now.

    state: running, succeeded, failed (a command by its exit code too) or cancelled. started, ended: UTC, ISO 8601.
    progress: what it was last at.
    survivors: processes of it that could not be ended. result: what came of it, as plain data.
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


class Job:
    """One job of this process. It is the watch over the programs that its work runs."""

    def __init__(self, spec: JobSpec, folder: Path) -> None:
        """Name it; nothing runs yet."""
        self.spec = spec
        self.id = secrets.token_hex(_NAME_DIGITS // 2)
        self.folder = folder
        self.log = Log(folder / f"{self.id}.log")
        self.state = "running"
        self.started_at = _now()
        self.ended: str | None = None
        self.progress: str | None = None
        self.result: Any = None
        self.error: BaseException | None = None
        self.survivors: tuple[str, ...] = ()
        self.ended_too: tuple[str, ...] = ()
        self.kept = False
        self._sessions: set[int] = set()
        self._known: list[process_tree.ProcessInfo] = []
        self._line = b""
        self._reason: BaseException | None = None
        self._written = 0.0
        self._due = False
        self._in_peace = False
        self._echoes = spec.echoes
        self._done = threading.Event()
        self._turn = threading.Lock()
        # A pipe, for poll(2) and its kin can wait for a descriptor together with a program's outputs, and not for a
        # lock.
        self._wake = os.pipe()

    # As the watch of its programs

    def variables(self) -> dict[str, str]:
        """Return the mark by which its processes are known."""
        return {process_tree.MARK: self.id}

    def started(self, pid: int) -> None:
        """Remember a program."""
        self._sessions.add(pid)

    def heard(self, stream: str, data: bytes) -> None:
        """Log what a program printed, and read the progress from it."""
        if stream in self._echoes:
            self.log.add(data)
        if stream == "stderr" and self.spec.reads is not None:
            *lines, self._line = (self._line + data).split(b"\n")
            self._line = self._line[-_LINE:]
            for line in lines:
                told = self.spec.reads(line[-_LINE:].decode("utf-8", "replace"))
                if told:
                    self.tell(told)

    def ending(self) -> None:
        """See what descends from the program that is about to be killed."""
        self._known += process_tree.family(self._sessions)

    def stopped(self) -> BaseException | None:
        """Return why nothing more may run."""
        return self._reason

    def fileno(self) -> int:
        """Return what becomes readable when the job is cancelled."""
        return self._wake[0]

    # As the work sees it

    def printed(self) -> str:
        """Return the end of what its programs printed, as much as one looks at for what made them fail."""
        return self.log.end(_PRINTED).decode("utf-8", "replace")

    def tell(self, sentence: str) -> None:
        """Say what the job is at."""
        self.progress = sentence
        with self._turn:
            if self.kept and not self._due:
                self._due = True
                wait = max(0.0, self._written + _WRITTEN - time.monotonic())
                timer = threading.Timer(wait, self._record_progress)
                timer.daemon = True
                timer.start()

    def _record_progress(self) -> None:
        with self._turn:
            self._due = False
            if self.running:
                with suppress(DevkeelError):  # a full disk costs the record, not the job
                    self._record()

    def pause(self, seconds: float) -> None:
        """Do nothing for some seconds; raises what ends the job as soon as it is cancelled."""
        if self._in_peace:
            time.sleep(seconds)
            return
        # select(2), BUGS: it has no place for descriptors from FD_SETSIZE (1024) on; poll(2) and its kin do.
        with selectors.DefaultSelector() as selector:
            selector.register(self._wake[0], selectors.EVENT_READ)
            selector.select(seconds)
        if self._reason is not None:
            raise self._reason

    @contextmanager
    def echoing(self, *echoes: str) -> Iterator[None]:
        """Let these outputs alone go to the log meanwhile: what a program prints for its caller is none of it."""
        self._echoes = echoes
        try:
            yield
        finally:
            self._echoes = self.spec.echoes

    @contextmanager
    def in_peace(self) -> Iterator[None]:
        """Let what takes back a failed work come to its end, also where the job is cancelled."""
        self._in_peace = True
        try:
            with watched(None):
                yield
        finally:
            self._in_peace = False

    # As the caller sees it

    def wait(self, seconds: float) -> bool:
        """Wait until the job has ended; return whether it has."""
        return self._done.wait(seconds)

    @property
    def running(self) -> bool:
        """Return whether it goes on."""
        return not self._done.is_set()

    def value(self) -> Any:  # noqa: ANN401  (what the work returned)
        """Return what the work returned, or raise what it raised."""
        if self.error is not None:
            raise self.error
        return self.result

    def cancel(self) -> bool:
        """End the job with all that came from it; return whether it has ended."""
        with self._turn:
            if self._reason is None and self.running:
                self._reason = Unavailable(
                    "cancelled",
                    f"The job was cancelled: {self.spec.title}.",
                    remedy="Ask for it again when it is wanted.",
                )
                with suppress(OSError):
                    os.write(self._wake[1], b"x")
        return self.wait(_PATIENCE)

    def keep(self) -> None:
        """Have the job on disk from now on, for other calls and other processes."""
        make_directory(self.folder.parent, self.folder.name)
        self.log.keep()
        with self._turn:
            self.kept = True
            self._record()

    def now(self) -> JobState:
        """Return the job as it is now."""
        error, result = self.error, self.result
        if self.spec.plain is not None and result is not None:
            result = self.spec.plain(result)
        return JobState(
            self.id,
            self.spec.kind,
            self.spec.title,
            self.state,
            self.started_at,
            self.ended,
            self.progress,
            self.log.size,
            self.survivors,
            result,
            error.as_data() if isinstance(error, DevkeelError) else None,
        )

    def _record(self) -> None:
        self._written = time.monotonic()
        state = self.now()
        data = {name: getattr(state, name) for name in JobState.__struct_fields__}
        # A PID is given out again, so the start of its process is kept with it (proc(5), /proc/PID/stat, starttime); on
        # a file system that several machines share it means nothing without the host.
        owner = {"pid": os.getpid(), "start": _start_of(os.getpid()), "host": socket.gethostname()}
        write_record(self.folder / f"{self.id}.json", data | {"owner": owner, "log": self.log.facts()})

    def perform(self, work: Callable[[Job], Any]) -> None:
        """Do the work in this thread, and leave nothing of it running."""
        state = "succeeded"
        try:
            with ExitStack() as stack:
                if self.spec.sweeps:
                    # One that leaves its session and loses its parent is then our child (prctl(2),
                    # PR_SET_CHILD_SUBREAPER).
                    stack.enter_context(process_tree.adopting())
                    stack.callback(self._sweep)
                stack.enter_context(watched(self))
                stack.enter_context(executing(self.spec.executes))
                self.result = work(self)
            if self.spec.failed is not None and self.spec.failed(self.result):
                state = "failed"
        except BaseException as error:  # noqa: BLE001  (nothing above a thread would see it)
            self.error = error
            state = "failed" if self._reason is None else "cancelled"
        self._finish(state)

    def _sweep(self) -> None:
        """End what is left of the job, outside of its sessions too."""
        self._known = [item for item in self._known if item.pid not in self._sessions]
        for _ in range(_ROUNDS):  # what an ended process had started is adopted in turn
            found = process_tree.left_behind(self._sessions, self.id, self._known)
            found = [item for item in found if str(item) not in self.survivors]
            if not found:
                break
            self.ended_too += tuple(map(str, found))
            self.survivors += tuple(map(str, process_tree.end(found)))
            process_tree.collect(found)

    def _finish(self, state: str) -> None:
        self.log.close()
        with self._turn:
            self.state, self.ended = state, _now()
            if self.kept:
                with suppress(DevkeelError):
                    self._record()
            self._done.set()
            for descriptor in self._wake:
                os.close(descriptor)
            self._wake = (-1, -1)


class Jobs:
    """The jobs of one project: those of this process, and those that others have left on disk."""

    def __init__(self, state: Path) -> None:
        """Remember the state directory; nothing is read or made."""
        self.state = state
        self.folder = state / "jobs"
        self._own: dict[str, Job] = {}
        self._closed = False

    def start(self, spec: JobSpec, work: Callable[[Job], Any]) -> Job:
        """Begin a job in a thread of its own, with the context variables of the caller."""
        if self._closed:
            raise Unavailable("cancelled", "The server is ending.", remedy="Start it again.")
        job = Job(spec, self.folder)
        for old in [item for item in self._own.values() if not item.running][:-_KEPT]:
            del self._own[old.id]
        self._own[job.id] = job
        perform = copy_context().run
        threading.Thread(target=perform, args=(job.perform, work), name=f"job {job.id}", daemon=True).start()
        return job

    def keep(self, job: Job) -> None:
        """Let a job go on after its call; the oldest ones on disk make room."""
        make_directory(self.state, "jobs")
        self._make_room()
        job.keep()

    def find(self, identifier: str) -> JobState:
        """Return a job. Raises UsageError `unknown_job`."""
        own = self._own.get(identifier)
        return own.now() if own is not None else self._recorded(identifier)[0]

    def own(self, identifier: str) -> Job | None:
        """Return a job that this process runs or ran, or None."""
        return self._own.get(identifier)

    def every(self) -> list[JobState]:
        """Return the jobs, newest first."""
        names = {path.stem for path in self._paths()} | {item.id for item in self._own.values() if item.running}
        found = []
        for name in names:
            with suppress(UsageError):
                found.append(self.find(name))
        return sorted(found, key=lambda item: item.started, reverse=True)

    def wait(self, identifier: str, seconds: float) -> JobState:
        """Return a job when it has ended, or after some seconds; other processes' jobs are looked at now and then."""
        own = self._own.get(identifier)
        if own is not None:
            own.wait(seconds)
            return own.now()
        until = time.monotonic() + seconds
        while (state := self._recorded(identifier)[0]).state == "running" and time.monotonic() < until:
            time.sleep(min(0.2, max(0.0, until - time.monotonic())))
        return state

    def read(self, identifier: str, cursor: int, limit: int) -> Slice:
        """Return a part of a job's log."""
        own = self._own.get(identifier)
        if own is not None:
            return own.log.slice(cursor, limit)
        _, facts = self._recorded(identifier)
        return read_log(self.folder / f"{identifier}.log", facts, cursor, limit)

    def cancel(self, identifier: str) -> JobState:
        """End a job with all that came from it. Raises Busy `job_elsewhere` for another process' job."""
        own = self._own.get(identifier)
        if own is not None:
            own.cancel()
            return own.now()
        state, _ = self._recorded(identifier)
        if state.state == "running":
            owner = (read_record(self.folder / f"{identifier}.json") or {}).get("owner", {})
            raise Busy(
                "job_elsewhere",
                f"Process {owner.get('pid')} runs this job: {state.title}.",
                seen=identifier,
                remedy="Cancel it from the client that started it, or end that process: its jobs end with it.",
                details=owner,
            )
        return state

    def close(self) -> None:
        """Cancel what runs and wait for its end; nothing more is started."""
        self._closed = True
        running = [job for job in self._own.values() if job.running]
        threads = [threading.Thread(target=self._end, args=(job,), daemon=True) for job in running]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _end(self, job: Job) -> None:
        with suppress(DevkeelError):
            self.keep(job)
        job.cancel()

    def _paths(self) -> list[Path]:
        names = state_directory.names(self.folder)
        return [self.folder / name for name in names if _RECORD.fullmatch(name)]

    def _make_room(self) -> None:
        paths = self._paths()
        if len(paths) < _KEPT:
            return
        for path in sorted(paths, key=_age)[: len(paths) - _KEPT + 1]:
            if (read_record(path) or {}).get("state") != "running":
                forget(path, path.with_suffix(".log"))

    def _recorded(self, identifier: str) -> tuple[JobState, dict[str, Any]]:
        named = len(identifier) == _NAME_DIGITS and set(identifier) <= set("0123456789abcdef")
        found = read_record(self.folder / f"{identifier}.json") if named else None
        if found is None or not _makes_sense(found, identifier):
            raise UsageError(
                "unknown_job",
                "There is no such job, or no longer: the newest 50 are kept.",
                seen=identifier[:40],
                remedy=f"See the jobs by {do('job')} without an id.",
            )
        facts, owner = found.pop("log", {}), found.pop("owner", {})
        found["survivors"] = tuple(map(str, found["survivors"]))
        found["log_bytes"] = facts.get("size") or self._log_size(identifier)
        state = _state_of(found)
        if state.state == "running" and _is_gone(owner):
            state = self._orphaned(state, found | {"log": facts, "owner": owner})
        return state, facts

    def _log_size(self, identifier: str) -> int:
        info = state_directory.status(self.folder / f"{identifier}.log")
        return 0 if info is None else info.st_size

    def _orphaned(self, state: JobState, data: dict[str, Any]) -> JobState:
        """Settle a job whose process was killed: end what is left of it, and record it as cancelled."""
        left = process_tree.end(process_tree.marked(process_tree.MARK, state.id))
        change = {
            "state": "cancelled",
            "ended": _now(),
            "progress": "The process that ran it ended before it.",
            "survivors": tuple(map(str, left)),
        }
        with suppress(DevkeelError):
            write_record(self.folder / f"{state.id}.json", data | change)
        return _state_of(data | change)


def _age(path: Path) -> float:
    info = state_directory.status(path)
    return 0.0 if info is None else info.st_mtime  # another server has just removed it


def _makes_sense(record: dict[str, Any], identifier: str) -> bool:
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


def _state_of(data: dict[str, Any]) -> JobState:
    return JobState(**{name: data.get(name) for name in JobState.__struct_fields__})  # type: ignore[arg-type]


def _is_gone(owner: dict[str, Any]) -> bool:
    if owner.get("host") != socket.gethostname() or not isinstance(owner.get("pid"), int):
        return False
    start = _start_of(owner["pid"])
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


def _start_of(pid: int) -> int | None:
    found = process_tree.look(pid)
    return found.start if found is not None else None


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
