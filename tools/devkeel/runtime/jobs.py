"""Jobs: work that may outlast the call that asked for it.

A job runs in a thread of its own and follows every program that it runs: it has their output in one log, can end them
with all that came from them, and says what it is at. What has not finished when its call has to be answered is kept on
disk, in `.devkeel/jobs`, where another process sees it too, and may ask for its end. What runs for a second, or fails,
is noted there as well, where the project has records: who looks on sees it, though its caller only waits for it. A job
ends with the process that runs it.
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
from devkeel.runtime import job_ends, process_tree
from devkeel.runtime.job_state import JobState, is_gone, makes_sense, start_of, state_of
from devkeel.runtime.log import Log, Slice, read_log
from devkeel.runtime.process import watched
from devkeel.runtime.programs import executing
from devkeel.state import directory as state_directory
from devkeel.state import origin
from devkeel.state.files import forget, make_directory, read_record, write_record
from devkeel.text.actions import do
from devkeel.text.clean import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["Job", "JobSpec", "JobState", "Jobs"]

_KEPT = 50  # jobs on disk that were handed to a caller, and as many that were only noted
_MOST_RECORDS = 4 * _KEPT
_NOTED = 1.0  # seconds until a job is noted on disk
_ANSWER = 3.0  # seconds for the process of another job to hear that it is to end, and to write that it has
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
        self.noted = False
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

    def cancel(self, by: str | None = None) -> bool:
        """End the job with all that came from it; return whether it has ended. by: who asked from elsewhere."""
        with self._turn:
            if self._reason is None and self.running:
                self._reason = Unavailable(
                    "cancelled",
                    f"The job was cancelled{f' by {one_line(by)}' if by else ''}: {self.spec.title}.",
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
            self.kept, self.noted = True, False
            self._record()

    def note(self) -> None:
        """Have the job on disk for who looks on, where the project has records of this user: no job begins them."""
        with suppress(DevkeelError, OSError):
            if not self.kept and origin.ownership(self.folder.parent).own:
                make_directory(self.folder.parent, self.folder.name)
                self.log.keep()
                with self._turn:
                    if not self.kept:
                        self.kept = self.noted = True
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
            self.noted,
            {"pid": os.getpid(), "host": socket.gethostname()},
        )

    def _record(self) -> None:
        self._written = time.monotonic()
        state = self.now()
        data = {name: getattr(state, name) for name in JobState.__struct_fields__}
        # A PID is given out again, so the start of its process is kept with it (proc(5), /proc/PID/stat, starttime); on
        # a file system that several machines share it means nothing without the host.
        owner = state.owner | {"start": start_of(os.getpid()), "hears": True}
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
        if state == "failed":
            self.note()
        with self._turn:
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
        threading.Thread(target=self._stand_by, args=(job,), name=f"job {job.id}: its end", daemon=True).start()
        return job

    def _stand_by(self, job: Job) -> None:
        """Note a job that takes a while, and end it when another process asks for that."""
        if not job.wait(_NOTED):
            job.note()
        if job.noted:
            with suppress(DevkeelError, OSError):
                self._make_room()
        path = self.folder / job.id
        while not job.wait(job_ends.PERIOD):
            # Of one that is not on disk no other process knows.
            by = job_ends.wanted(path) if job.kept else None
            if by is not None:
                job.cancel(by)
                job_ends.forget(path)

    def keep(self, job: Job) -> None:
        """Let a job go on after its call; the oldest ones on disk make room."""
        make_directory(self.state, "jobs")
        self._make_room(coming=1)
        job.keep()

    def find(self, identifier: str) -> JobState:
        """Return a job. Raises UsageError `unknown_job`."""
        own = self._own.get(identifier)
        return own.now() if own is not None else self._recorded(identifier)[0]

    def own(self, identifier: str) -> Job | None:
        """Return a job that this process runs or ran, or None."""
        return self._own.get(identifier)

    def every(self, *, noted: bool = False) -> list[JobState]:
        """Return the jobs, newest first: what runs, and what a caller has the id of. noted: what has ended besides."""
        names = {path.stem for path in self._paths()} | {item.id for item in self._own.values() if item.running}
        found = []
        for name in names:
            with suppress(UsageError):
                state = self.find(name)
                if noted or state.state == "running" or not state.noted:
                    found.append(state)
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

    def cancel(self, identifier: str, by: str = "another process") -> JobState:
        """End a job with all that came from it, one of another process by asking that for it.

        by: who wants it to end. Raises Busy `job_elsewhere` where the other process does not do it.
        """
        own = self._own.get(identifier)
        if own is not None:
            own.cancel()
            return own.now()
        state, _ = self._recorded(identifier)
        if state.state != "running":
            return state
        if state.owner.get("hears"):
            job_ends.ask(self.folder / identifier, by)
            state = self.wait(identifier, _PATIENCE + _ANSWER)
            job_ends.forget(self.folder / identifier)
            if state.state != "running":
                return state
        deaf = "does not end it when it is asked to" if state.owner.get("hears") else "cannot be asked to end it"
        raise Busy(
            "job_elsewhere",
            f"Process {state.owner.get('pid')} runs this job, and {deaf}: {state.title}.",
            seen=identifier,
            remedy="Cancel it from the client that started it, or end that process: its jobs end with it.",
            details={name: found for name, found in state.owner.items() if name != "hears"},
        )

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
        """Return the records, the newest of them where others have put more there than are ever kept."""
        found = self._records()
        return found if len(found) <= _MOST_RECORDS else sorted(found, key=_age)[-_MOST_RECORDS:]

    def _records(self) -> list[Path]:
        return [self.folder / name for name in state_directory.names(self.folder) if _RECORD.fullmatch(name)]

    def _make_room(self, coming: int = 0) -> None:
        """Remove the oldest that have ended, of those whose ids callers have and of those only noted.

        coming: of the former. Where others have put more there than are ever kept, some of them go with each call.
        """
        paths = self._records()
        if len(paths) + coming <= _KEPT:
            return
        ended: dict[bool, list[Path]] = {True: [], False: []}
        for path in sorted(paths, key=_age, reverse=True)[: 2 * _MOST_RECORDS]:
            record = read_record(path) or {}
            if record.get("state") != "running":
                ended[bool(record.get("noted"))].append(path)
        for path in (*ended[True][_KEPT:], *ended[False][_KEPT - coming :]):
            forget(path, path.with_suffix(".log"))
            job_ends.forget(path.with_suffix(""))

    def _recorded(self, identifier: str) -> tuple[JobState, dict[str, Any]]:
        named = len(identifier) == _NAME_DIGITS and set(identifier) <= set("0123456789abcdef")
        found = read_record(self.folder / f"{identifier}.json") if named else None
        if found is None or not makes_sense(found, identifier):
            raise UsageError(
                "unknown_job",
                "There is no such job, or no longer: the newest 50 are kept.",
                seen=identifier[:40],
                remedy=f"See the jobs by {do('job')} without an id.",
            )
        facts = found.pop("log", {})
        found["survivors"] = tuple(map(str, found["survivors"]))
        found["log_bytes"] = facts.get("size") or self._log_size(identifier)
        state = state_of(found)
        if state.state == "running" and is_gone(state.owner):
            state = self._orphaned(state, found | {"log": facts})
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
        return state_of(data | change)


def _age(path: Path) -> float:
    info = state_directory.status(path)
    return 0.0 if info is None else info.st_mtime  # another server has just removed it


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
