"""One tool call: who asks, and how the library's blocking verbs run beside the event loop."""

from __future__ import annotations

from contextlib import closing
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import anyio
import anyio.to_thread
from msgspec import Struct, field

from devkeel.deferred import Deferred
from devkeel.disclosure.output import Disclosure
from devkeel.policy.permission import EVERYTHING
from devkeel_mcp.calls.callers import UNKNOWN_ACTOR
from devkeel_mcp.calls.consent import Plans
from devkeel_mcp.calls.on_page import OnPage
from devkeel_mcp.calls.preparation import Preparation
from devkeel_words.speech import as_tool

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mcp_types import CallToolResult

    from devkeel import api
    from devkeel.api import Environment
    from devkeel.errors import ProjectError
    from devkeel.events import bus
    from devkeel.events import listeners as shared_listeners
    from devkeel.events.bus import Events
    from devkeel.events.listeners import Listeners
    from devkeel.policy.permission import Permission
    from devkeel.policy.roles import Caller
    from devkeel.project import root as project_root
    from devkeel.runtime import jobs as job_records
    from devkeel.runtime.jobs import Job, Jobs
    from devkeel_mcp.answers import render
    from devkeel_mcp.resources import told_clients
    from devkeel_mcp.resources.told_clients import ToldClients
    from devkeel_mcp.telemetry import event_logs
else:
    project_root = Deferred("devkeel.project.root")
    job_records = Deferred("devkeel.runtime.jobs")
    render = Deferred("devkeel_mcp.answers.render")
    api = Deferred("devkeel.api")
    shared_listeners = Deferred("devkeel.events.listeners")
    bus = Deferred("devkeel.events.bus")
    told_clients = Deferred("devkeel_mcp.resources.told_clients")
    event_logs = Deferred("devkeel_mcp.telemetry.event_logs")

__all__ = ["Call", "Workspace"]

T = TypeVar("T")
_TELL = 0.5
# Hosts give up on a call that says nothing for long, so that something is said every few seconds.
_STEPS_OF_SILENCE = 8


class Report(Protocol):
    """Sends a progress notification: a number that grows, and a sentence."""

    async def __call__(self, progress: float, message: str) -> None:
        """Send it."""


class Workspace(Struct, frozen=True, dict=True):
    """The project that a server serves; `writing` is held by the one write that is under way.

    plans: what the person was or is to be asked. preparation: of the library, which calls need. verbs: of
    the library that the calls of each tool come to. events_file: where the person has events written. traces: whether
    spans are sent. bells: called when clients can read more events.
    """

    root: Path
    writing: anyio.Lock = field(default_factory=anyio.Lock)
    plans: Plans = field(default_factory=Plans)
    preparation: Preparation = field(default_factory=Preparation)
    verbs: dict[str, tuple[str, ...]] = field(default_factory=dict)
    events_file: Path | None = None
    traces: bool = False
    bells: list[Callable[[], object]] = field(default_factory=list)

    @cached_property
    def listeners(self) -> Listeners:
        """Those who get the events of this server, which its calls share."""
        return shared_listeners.Listeners(self._events)

    def _events(self) -> Events:
        events = bus.Events(self.root, self.disclosure)
        events.offer("clients", lambda _: self.told)
        if self.events_file is not None:
            events.write_to(self.events_file)
        if self.traces:
            event_logs.offer_logs(events)
        return events

    @cached_property
    def told(self) -> ToldClients:
        """The newest events, for clients that listen."""
        return told_clients.ToldClients(self.bells)

    def listen(self) -> None:
        """Begin with the listeners that were switched on at the start; raises UsageError where one cannot be."""
        if self.events_file is not None or self.traces:
            self.listeners.made = self._events()

    def deliver(self) -> None:
        """Deliver the events that wait, within a bound, for a process that is about to end."""
        if self.listeners.made is not None:
            self.listeners.made.close()

    @cached_property
    def disclosure(self) -> Disclosure:
        """What may be shown of the project."""
        return Disclosure(self.root, speaker=as_tool)

    @cached_property
    def jobs(self) -> Jobs:
        """The jobs of this server, which its calls share."""
        return job_records.Jobs(project_root.Project(self.root).state)

    @cached_property
    def page(self) -> OnPage:
        """What was put to a page of this user, and waits there for a person."""
        return OnPage(self.root, self.plans)

    async def close(self) -> None:
        """End the jobs: over stdio they end with their client."""
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(self.page.close)
            await anyio.to_thread.run_sync(self.preparation.stop)
            await anyio.to_thread.run_sync(self.jobs.close)
            await anyio.to_thread.run_sync(self.deliver)


class Call(Struct, frozen=True):
    """One call on a workspace, by a client or, to watch the files, by the server itself.

    report: sends a sentence about the progress, where the client asked for it. backend: the one that the call names.
    permission: what it may do at most. disclosure: what of an answer may be shown, where that is not the project's own.
    agreed: a person was asked about this very call, and has agreed to it. unread: why devkeel.toml could not be used,
    where the call looked nevertheless. asks: a person is asked where it turns out that one has to agree. whole: gets
    what each verb came to, as it may be shown, of which an answer has as much as a model reads.
    """

    workspace: Workspace
    caller: Caller
    report: Report | None = None
    backend: str | None = None
    permission: Permission = EVERYTHING
    disclosure: Disclosure | None = None
    agreed: bool = False
    asks: bool = False
    whole: list[Any] | None = None
    unread: list[ProjectError] = field(default_factory=list)

    async def read(self, work: Callable[[Environment], T]) -> T:
        """Run a verb that writes nothing, in a thread."""
        return await anyio.to_thread.run_sync(self.run, work)

    async def write(self, work: Callable[[Environment], T]) -> T:
        """Run a verb that may write, one at a time; once started it finishes, whatever the client does."""
        async with self.workspace.writing:
            # Not abandoned when the call is cancelled, which is run_sync's default: the wait is shielded.
            return await anyio.to_thread.run_sync(self.run, work, abandon_on_cancel=False)

    async def execute(self, begin: Callable[[Environment], Job]) -> CallToolResult:
        """Begin a job and answer with what comes of it, or with the job itself where that takes long.

        A client that cancels the call ends the job; one that has got the job's id ends it with cancel_job.
        """
        environment, job, patience = await self.read(lambda found: (found, begin(found), found.patience()))
        try:
            await self._follow(job, patience)
        except BaseException:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(job.cancel)
            raise
        if not job.running:
            return render.outcome(await self.read(lambda _: environment.result(job)))
        return render.job(await self.read(lambda _: environment.keep_job(job)))

    async def _follow(self, job: Job, patience: float) -> None:
        """Wait for a job, and report its progress when it changes, at most twice a second."""
        told, step = None, 0
        until = anyio.current_time() + patience
        while not await anyio.to_thread.run_sync(job.wait, min(_TELL, max(0.0, until - anyio.current_time()))):
            if anyio.current_time() >= until:
                return
            if self.report is not None and (job.progress != told or step % _STEPS_OF_SILENCE == 0):
                told = job.progress
                await self.report(step, told or job.spec.title)
            # MCP, Progress: the number grows with each notification.
            step += 1

    def run(self, work: Callable[[Environment], T]) -> T:
        """Run a verb in this thread, and return what may be shown of its result."""
        with self.workspace.preparation.paused():
            return self._run(work)

    def _run(self, work: Callable[[Environment], T]) -> T:
        # Imported here so that the handshake does not wait for parsers and the database.

        jobs = self.workspace.jobs
        root, actor = self.workspace.root, self.caller.client or UNKNOWN_ACTOR
        with closing(
            api.Environment(
                root,
                actor=actor,
                jobs=jobs,
                backend=self.backend,
                permission=self.permission,
                caller=self.caller,
                listeners=self.workspace.listeners,
            )
        ) as environment:
            result = (self.disclosure or self.workspace.disclosure).data(
                work(environment.asking() if self.asks else environment)
            )
            if environment.unread is not None:
                self.unread[:] = [environment.unread]
            if self.whole is not None:
                self.whole.append(result)
            return result
