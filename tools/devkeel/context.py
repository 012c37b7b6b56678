"""What one call shares: project and settings, records and jobs, who calls, and what the call may do."""

from __future__ import annotations

import logging
import sys
from contextlib import ExitStack, contextmanager
from functools import cached_property
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from devkeel.backends.registry import active, select
from devkeel.candidate.basis import Basis
from devkeel.candidate.candidate import Candidate
from devkeel.deferred import Deferred
from devkeel.errors import DevkeelError, PolicyRefused, ProjectError
from devkeel.events.listeners import Listeners
from devkeel.policy.permission import EVERYTHING, Limit
from devkeel.policy.roles import LIBRARY, MAINTAINER, permission_of
from devkeel.project.declaration import read_declaration
from devkeel.project.root import DECLARATION
from devkeel.project.settings import Retention, Settings, read_settings
from devkeel.text.data import as_data
from devkeel.transaction import Transactions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from devkeel.backends.backend import Backend
    from devkeel.backends.registry import Selection
    from devkeel.events.bus import Events
    from devkeel.events.event import Kind
    from devkeel.nix_cli import builders, caches, overrides
    from devkeel.nix_cli import settings as nix_settings
    from devkeel.policy import allowed
    from devkeel.policy.allowed import Distribution
    from devkeel.policy.permission import Permission
    from devkeel.policy.roles import Caller
    from devkeel.project.events import EventSettings
    from devkeel.project.root import Project, Reader
    from devkeel.runtime import jobs as job_records
    from devkeel.runtime.holding import ProgramHolder
    from devkeel.runtime.jobs import Job, Jobs, JobSpec
    from devkeel.sandbox import building
else:
    allowed = Deferred("devkeel.policy.allowed")
    caches, builders = Deferred("devkeel.nix_cli.caches"), Deferred("devkeel.nix_cli.builders")
    overrides = Deferred("devkeel.nix_cli.overrides")
    nix_settings = Deferred("devkeel.nix_cli.settings")
    job_records = Deferred("devkeel.runtime.jobs")
    building = Deferred("devkeel.sandbox.building")

__all__ = ["Context", "InSandbox", "Opened"]

T = TypeVar("T")
_CAUSES = 20
_LOOKING = frozenset({"read"})
# Where nobody knows how much history is to be kept.
_ALL = Retention(None, sys.maxsize, sys.maxsize)


class Opened(Struct):
    """What stays open from call to call of one caller. jobs, listeners: those of the process, where callers share them.

    shares: whether the listeners go on when this caller is through. explains: what finds the causes of a failure in
    what was printed, and in an error; None where nobody wants them. unread: why the settings could not be used where a
    caller looked nevertheless; None where they were, or were not asked for.
    """

    jobs: Jobs | None = None
    records: Transactions | None = None
    listeners: Listeners = field(default_factory=Listeners)
    shares: bool = False
    explains: Callable[[Context, str, DevkeelError | None], tuple[Struct, ...]] | None = None
    unread: ProjectError | None = None

    def close(self) -> None:
        """Close the history, and deliver the events that wait; the next call opens both again."""
        if self.listeners.made is not None and not self.shares:
            self.listeners.made.close()
        if self.records is not None:
            self.records.close()
            self.records = None

    def apart(self) -> Opened:
        """Return the same for work that goes on when its call is through, with a history of its own."""
        return Opened(self.jobs, listeners=self.listeners, shares=True, explains=self.explains)


class InSandbox(Struct, frozen=True):
    """That what is run is held in a sandbox. network: whether it has the network there."""

    network: bool = True


class Context(Struct, frozen=True, dict=True):
    """What one call shares, whatever rooms it passes. Settings and selection are read once, when first asked for.

    actor: what the caller is called, kept with each operation. backend: the one that the call names. granted: what the
    caller may do at most. caller: who that is, by which roles narrow it. basis: what a change is made from; then the
    settings are among what is compared before it is published. instead: directories that inputs of the project's flake
    are taken from, by their names, for this call alone. looks: whether the call may do without settings that cannot be
    used: then the defaults hold, and `opened.unread` says why. asks: whether the caller asks a person where one has to
    agree, so that a refusal for that is not the end of it. quiet: whether what is done is a part of finding something
    out, of which no listener hears.
    """

    project: Project
    actor: str
    backend: str | None = None
    granted: Permission = EVERYTHING
    opened: Opened = field(default_factory=Opened)
    basis: Basis | None = None
    instead: Mapping[str, Path] = {}
    caller: Caller = LIBRARY
    looks: bool = False
    asks: bool = False
    quiet: bool = False

    def again(self) -> Context:
        """Return the context of the next call: what stays open stays, everything else is read anew."""
        return replace(self, basis=None)

    def looking(self) -> Context:
        """Return the context of a call that only looks."""
        return replace(self, looks=True)

    def trying(self) -> Context:
        """Return the context of what is tried to find something out."""
        return replace(self, quiet=True)

    def through(self, basis: Basis) -> Context:
        """Return the context of a change that is made from a basis."""
        return replace(self, basis=basis)

    @property
    def source(self) -> Reader:
        """What the files are read through."""
        return self.basis or self.project

    @cached_property
    def settings(self) -> Settings:
        """What the team shares. Raises ProjectError `bad_settings`."""
        try:
            found = read_settings(self.source)
        except ProjectError as error:
            if not self.looks:
                raise
            self.opened.unread = error
            return Settings(keep=_ALL)
        self.opened.unread = None
        return found

    @cached_property
    def permission(self) -> Permission:
        """What the caller may do, by its roles as devkeel.toml has them now: it is read for each call.

        Where it cannot be read, a caller may look. Raises PolicyRefused `unknown_role`.
        """
        if self.caller.kind == LIBRARY.kind:
            return self.granted
        try:
            table = self.settings.roles
        except ProjectError as error:
            return self._held_to_looking(error)
        if self.opened.unread is not None:
            return self._held_to_looking(self.opened.unread)
        return permission_of(self.caller, self.granted, table)

    def _held_to_looking(self, error: ProjectError) -> Permission:
        return self.granted.within(Limit(_LOOKING, error.code, error.place, whose=MAINTAINER))

    @property
    def role(self) -> str | None:
        """The role in which the call is made, also one that is not there."""
        try:
            return self.permission.role
        except PolicyRefused:
            return self.caller.roles[0].name if self.caller.roles else None

    @cached_property
    def declared(self) -> Selection:
        """Which backend the project has by its files, and why."""
        return select(self.source, None, self.settings.backend)

    @cached_property
    def selection(self) -> Selection:
        """Which backend is meant, and why: the one that the call names, or the project's."""
        return select(self.source, self.backend, self.settings.backend) if self.backend else self.declared

    def active(self) -> Backend:
        """Return the backend of the project. Raises ProjectError `missing_file` where no file speaks for it."""
        return active(self.project, self.selection.name)

    @property
    def records(self) -> Transactions:
        """The history, and the way to publish."""
        if self.opened.records is None:
            settings = self.settings
            self.opened.records = Transactions(self.project, lock_timeout=settings.lock_timeout, keep=settings.keep)
        return self.opened.records

    @property
    def jobs(self) -> Jobs:
        """The jobs."""
        if self.opened.jobs is None:
            self.opened.jobs = job_records.Jobs(self.project.state)
        return self.opened.jobs

    @cached_property
    def distribution(self) -> Distribution | None:
        """The caches and builders of the project, and which of them wait for a person; None where it names none."""
        settings = self.settings
        if not settings.caches and not settings.builders:
            return None
        return allowed.distribution(self.project.root, settings)

    @contextmanager
    def building(self) -> Iterator[None]:
        """Let what Nix builds meanwhile come from the project's caches too, and be built on its machines.

        Inputs are taken from where the call says. A job that is started meanwhile has all of that to its end.
        """
        with ExitStack() as stack:
            if self.instead:
                stack.enter_context(overrides.overriding(self.instead))
            stack.enter_context(self._distributing())
            yield

    @contextmanager
    def _distributing(self) -> Iterator[None]:
        found = self.distribution
        if found is None or not (found.caches or found.builders):
            yield
            return
        machines = builders.builder_settings(found.builders, self.project.root)
        with nix_settings.distributed({**caches.cache_settings(found.caches), **machines}):
            yield

    def tell(
        self,
        kind: Kind,
        *,
        action: str | None = None,
        operation: int | None = None,
        revision: str | None = None,
        files: Iterable[str] = (),
        code: str | None = None,
        seconds: float | None = None,
        reason: str | None = None,
        **details: Any,  # noqa: ANN401  (plain data)
    ) -> None:
        """Emit an event, by fields of `Event`. It waits for no listener and raises nothing.

        Where there is no listener, nothing is loaded for it.
        """
        wanted = self.listened
        if self.quiet or (wanted is None and self.opened.listeners.made is None):
            return
        facts: dict[str, Any] = {"actor": self.actor, "action": action, "operation": operation, "revision": revision}
        facts["role"] = self.role
        facts |= {"files": tuple(files), "code": code, "seconds": seconds, "reason": reason, "details": details}
        try:
            self.events.follow(wanted)
            self.events.tell(kind, facts)
        except Exception:  # the work goes on
            logging.getLogger(__name__).warning("an event was not told", exc_info=True)

    @property
    def events(self) -> Events:
        """The events, for who listens to them."""
        return self.opened.listeners.of(self.project)

    def begin(self, spec: JobSpec, work: Callable[[Job], T]) -> Job:
        """Begin a job, and emit events of how it begins and how it fails."""

        def emitting(job: Job) -> T:
            began = perf_counter()
            self.tell("started", action=spec.kind, job=job.id, title=spec.title)
            try:
                result = work(job)
            except BaseException as error:
                if isinstance(error, DevkeelError) and job.stopped() is None:
                    self.explain(error, job.printed())
                self._tell_failure(job, error, perf_counter() - began)
                raise
            if spec.tells and spec.failed is not None and spec.failed(result):
                exit_code = getattr(result, "exit_code", None)
                found = [_named(as_data(item)) for item in getattr(result, "causes", None) or ()]
                if found:
                    self.tell("diagnosed", action=spec.kind, job=job.id, causes=found)
                seconds = perf_counter() - began
                self.tell("failed", action=spec.kind, seconds=seconds, job=job.id, exit_code=exit_code)
            return result

        return self.jobs.start(spec, emitting)

    def _tell_failure(self, job: Job, error: BaseException, seconds: float) -> None:
        code = error.code if isinstance(error, DevkeelError) else type(error).__name__
        action = job.spec.kind
        found = [{"code": item.code, "place": item.place} for item in getattr(error, "diagnostics", ())[:_CAUSES]]
        files = sorted({item["place"].file for item in found if item["place"] is not None})
        found += [_named(item) for item in getattr(error, "details", {}).get("causes", ())]
        if found:
            self.tell("diagnosed", action=action, code=code, files=files, job=job.id, causes=found)
        self.tell("failed", action=action, code=code, seconds=seconds, job=job.id)

    def causes(self, text: str, error: DevkeelError | None = None) -> tuple[Struct, ...]:
        """Return what made something fail, by what it printed and by its error. It raises nothing."""
        if self.opened.explains is None:
            return ()
        try:
            return self.opened.explains(self, text, error)
        except Exception:  # noqa: BLE001  (what has failed is told, whatever becomes of explaining it)
            return ()

    def explain(self, error: DevkeelError, text: str = "") -> None:
        """Put the causes of an error into its details, where something is known of them."""
        if "causes" not in error.details and (found := self.causes(text, error)):
            error.details["causes"] = as_data(found)

    @cached_property
    def listened(self) -> EventSettings | None:
        """Which listeners the settings switch on; none where these cannot be read."""
        try:
            return self.settings.events
        except DevkeelError:
            return None

    def sandboxing(self, asked: InSandbox | None = None) -> InSandbox | None:
        """Return how what is run is held: by what the caller may do, and by what one call asks for.

        None where neither says so. Where one of them gives no network there is none.
        """
        allowed = self.permission
        if asked is None and not allowed.sandbox and allowed.network:
            return None
        return InSandbox(allowed.network and (asked is None or asked.network))

    def holder(self) -> ProgramHolder | None:
        """Return what holds the builds of libraries and the like; None for a caller who is not held."""
        held = self.sandboxing()
        return None if held is None else building.Building(self.project.root, held.network)

    def candidate(self, declared: Iterable[str]) -> Candidate:
        """Return the project as it is, with these files to be judged."""
        return Candidate(self.basis or Basis(self.project), declared, fetches=self.permission.resolves)

    def declaration(self) -> dict[str, bytes]:
        """Return the files of the declaration as they are now. Raises ProjectError `missing_file` without any."""
        files = read_declaration(self.source)
        if not files:
            raise self.project.missing(DECLARATION)
        return files


def _named(cause: Mapping[str, Any]) -> dict[str, Any]:
    """Return of a cause what an event says: the line that says so may have anything in it."""
    return {"kind": cause["kind"], "subject": cause["subject"], "mended": cause.get("fix") is not None}
