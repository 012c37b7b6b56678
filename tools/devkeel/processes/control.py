"""Start, stop and restart, with the way back when a start fails."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from msgspec import Struct, convert, to_builtins

from devkeel.change import changes
from devkeel.errors import Busy, DevkeelError, Refused, Unavailable, UsageError
from devkeel.processes.manager_socket import ManagerSocket
from devkeel.processes.manager_state import Sight, declared, look, recall, remember
from devkeel.processes.needs_devenv import require_startable
from devkeel.processes.plan import Beyond
from devkeel.processes.readiness import await_ready
from devkeel.processes.reading import answer, unknown_process
from devkeel.processes.stopping import CANNOT_TELL, end_orphans, end_unheard, stop_all, stop_some
from devkeel.runtime import process_tree
from devkeel.state.files import lock, make_directory
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from devkeel.context import Context
    from devkeel.processes.runners import Runner
    from devkeel.processes.state import ProcessesResult
    from devkeel.project.root import Project
    from devkeel.runtime.jobs import Job

__all__ = ["Control"]

# devenv takes names as arguments, so none may look like an option.
_NAME = re.compile(r"(?!-)[^\0\n\r/]{1,200}")
_FORMER_SECONDS = 30.0
# What a start can fail of. A misspelt name or a missing program is no reason to take a declaration back.
_FAILED_STARTS = frozenset(
    {
        *("process_crashed", "port_held", "process_not_ready", "processes_not_started", "no_processes"),
        *("manager_ended", "manager_unresponsive", "other_process_manager", "process_refused", "timeout"),
        *("process_plan", "needs_devenv"),
    }
)


class Control(Struct, frozen=True):
    """The processes of one project, one call at a time.

    job: hears each step in a sentence, and may end the work. runner: who starts and ends the manager.
    """

    context: Context
    job: Job
    runner: Runner

    @property
    def project(self) -> Project:
        """The project."""
        return self.context.project

    @property
    def socket(self) -> ManagerSocket:
        """The manager's socket."""
        return ManagerSocket(self.project.root)

    def look(self) -> Sight:
        """Look what runs."""
        return look(self.project, self.socket)

    def start(self, names: Sequence[str], *, timeout: float, restore: bool) -> ProcessesResult:
        """Start processes, all that start by themselves or those named, and wait until they are ready.

        A manager that has an older declaration is started anew. With `restore` a failed start is taken back: what it
        started is stopped, the declaration of the last good start put back, and what ran before is started.
        """
        with self._alone(names):
            before = self.look()
            return self._attempt("start", before, names, timeout, restore=restore, anew=False)

    def restart(self, names: Sequence[str], *, timeout: float, restore: bool) -> ProcessesResult:
        """Start processes anew: all with the declaration as it is now, or those named in their manager."""
        with self._alone(names):
            before = self.look()
            return self._attempt("restart", before, names, timeout, restore=restore, anew=True)

    def stop(self, names: Sequence[str]) -> ProcessesResult:
        """Stop everything, or the processes named, and prove that nothing is left of them."""
        with self._alone(names):
            notes: list[str] = [] if process_tree.can_tell() else [CANNOT_TELL]
            try:
                before = self.look()
            except Unavailable as error:
                if names or error.code not in ("manager_unresponsive", "manager_protocol"):
                    raise
                ended = end_unheard(self.project.root, self.socket)
                notes.append("The process manager did not answer, so devkeel ended it itself.")
                return answer(self.project, self.look(), action="stop", ended=ended, notes=notes)
            if names and before.running:
                self._require_known(names, before)
                active = [name for name in names if name in before.active]
                notes += [f"{name} did not run." for name in names if name not in active]
                ended = stop_some(self.socket, active)
            else:
                ended = stop_all(self.project.root, self.socket, before, self.runner)
                if not before.running:
                    notes.append("There was no process manager to stop.")
            return answer(self.project, self.look(), action="stop", ended=ended, notes=notes)

    @contextmanager
    def _alone(self, names: Sequence[str]) -> Iterator[None]:
        for name in names:
            if not _NAME.fullmatch(name):
                raise UsageError(
                    "unknown_process",
                    "This is no name of a process.",
                    seen=repr(name[:80]),
                    remedy="Name a process as the declaration does.",
                )
        patience = self.context.settings.lock_timeout
        state = make_directory(self.project.state, begins=False)
        with lock(state / "processes.lock", patience) as held:
            if not held:
                raise Busy(
                    "processes_busy",
                    f"Another call starts or stops the processes of this project; waited {patience:g} seconds for it.",
                    seen=str(state / "processes.lock"),
                    remedy=f"See what runs with {do('processes')}, and call again when the other one has finished.",
                )
            yield

    def _attempt(
        self, action: str, before: Sight, names: Sequence[str], timeout: float, *, restore: bool, anew: bool
    ) -> ProcessesResult:
        try:
            notes = self._launch(before, names, anew=anew)
            notes += await_ready(self.project, self.socket, names, timeout, self.job)
        except DevkeelError as error:
            with self.job.in_peace():
                if self.job.stopped() is not None:
                    self._call_off(before, names, error)
                elif restore and error.code in _FAILED_STARTS:
                    self._go_back(before, names, error)
            raise
        self._remember_good(names)
        return answer(self.project, self.look(), action=action, notes=notes)

    def _launch(self, before: Sight, names: Sequence[str], *, anew: bool) -> list[str]:
        """Start what was asked for in the manager that runs, or in a new one; return notes."""
        if not before.running:
            ended = end_orphans(self.project.root, self.socket)
            notes = self._up(names)
            return [f"What an earlier manager had left was ended first: {', '.join(ended)}."] * bool(ended) + notes
        if before.outdated or (anew and not names):
            why = ["The declaration had changed, so everything was started anew."] if before.outdated else []
            return why + self._replace(before, names)
        self._require_startable(names, before)
        if anew:
            self._require_known(names, before)
            for name in names:
                self.job.tell(f"Restarting {name}")
                self.socket.restart(name)
            return []
        wanted = names or [item.name for item in before.processes if item.phase in ("stopped", "exited", "gave_up")]
        outcome = self.socket.start(wanted) if wanted else {}
        if outcome.get("unknown"):
            if before.outdated is False:
                self._require_known(outcome["unknown"], before)
            notes = self._replace(before, names)
            return ["The manager did not know all of the names, so everything was started anew.", *notes]
        return [f"{name} ran already." for name in outcome.get("skipped", ())]

    def _replace(self, before: Sight, names: Sequence[str]) -> list[str]:
        """End the manager and start another one; what cannot be started is found before anything is stopped.

        Returns notes.
        """
        if before.mode == "foreground":
            raise Refused(
                "foreground_manager",
                "A person runs `devenv up` in a terminal, with an older declaration; devkeel does not end that.",
                seen=str(before.manager or before.pid),
                remedy=f"Ask the person to start it anew, or end it by {do('stop')} and start then.",
            )
        self.job.tell("Evaluating the declaration")
        known = self.runner.declared_names()
        for name in names:
            if known and name not in known:
                raise unknown_process(name, known)
        together = {*names, *(name for name in before.active if name in known)} if names else ()
        self.runner.require_startable(sorted(together))
        self.job.tell("Stopping what runs with the older declaration")
        stop_all(self.project.root, self.socket, before, self.runner)
        try:
            return self._up(sorted(together))
        except DevkeelError as error:
            error.details["stopped"] = list(before.active)
            raise

    def _up(self, names: Sequence[str]) -> list[str]:
        """Start a manager, and remember what it was started with; return notes."""
        self.job.tell("Evaluating the declaration and starting its processes")
        was = declared(self.project)
        notes = self.runner.up(names)
        # devenv may start process-compose or others instead, which have no such socket (devenv,
        # src/modules/process-managers).
        pid = self.socket.pid()
        if pid is None:
            raise Unavailable(
                "other_process_manager",
                "devenv started something else than its native process manager, which is the one that devkeel knows.",
                seen=str(self.socket.path),
                remedy='Set process.manager.implementation to "native", or manage the processes with devenv itself.',
            )
        now, manager = declared(self.project), process_tree.look(pid)
        # Saved meanwhile: which of the two it has is not known, so it counts as outdated. The lock may be new.
        revision = now.revision if (now.revision, now.procfile) == (was.revision, was.procfile) else None
        running = {"pid": pid, "started": manager.start if manager else 0, "revision": revision}
        running |= {"lock": now.lock, "procfile": now.procfile, "beyond": to_builtins(self.runner.beyond())}
        remember(self.project, running=running)
        return list(notes)

    def _remember_good(self, names: Sequence[str]) -> None:
        """Remember a start that succeeded: its declaration is what a later failure goes back to."""
        # First the operation: what is published after that makes the declaration another one.
        newest = self.context.records.history(limit=1)
        now = self.look()
        if now.outdated is not False:
            return
        good = {"revision": now.revision, "operation": newest[0].id if newest else 0, "names": list(names)}
        remember(self.project, good=good)

    def _require_startable(self, names: Sequence[str], before: Sight) -> None:
        """Refuse what the manager that devkeel started was not given, because only devenv runs it."""
        kept = recall(self.project).get("running") if before.outdated is False else None
        beyond = convert(kept.get("beyond", {}), dict[str, Beyond]) if isinstance(kept, dict) else {}
        require_startable(beyond, names, before.phases())

    def _require_known(self, names: Sequence[str], sight: Sight) -> None:
        known = sight.phases()
        for name in names:
            if name not in known:
                raise unknown_process(name, sorted(known))

    def _go_back(self, before: Sight, names: Sequence[str], error: DevkeelError) -> None:
        """Stop what was started, put the declaration back, start what ran before; say so in the error."""
        told: dict[str, Any] = {}
        error.details["restored"] = told
        try:
            self.job.tell("The start failed: stopping what it started")
            self._withdraw(before, names)
            told |= self._restore_declaration(error)
            told["processes"] = self._start_former(before)
        except DevkeelError as second:
            told["failed"] = second.as_data()
        error.remedy = f"{error.remedy} {_summary(told)}".strip()

    def _call_off(self, before: Sight, names: Sequence[str], error: DevkeelError) -> None:
        """Stop what a start that is not wanted any more began; what ran before goes on, or is started again."""
        now = self.look()
        if now.running and before.active:
            own = now.active if now.pid != before.pid else names or now.active
            stop_some(self.socket, [name for name in own if name in now.active and name not in before.active])
        else:
            self._withdraw(before, names)
        try:
            error.details["processes"] = self._start_former(before)
        except DevkeelError as second:
            error.details["failed"] = second.as_data()

    def _withdraw(self, before: Sight, names: Sequence[str]) -> None:
        now = self.look()
        if now.running and now.pid == before.pid:
            started = [name for name in now.active if name not in before.active and (not names or name in names)]
            stop_some(self.socket, started)
        elif now.running:
            stop_all(self.project.root, self.socket, now, self.runner)
        else:
            end_orphans(self.project.root, self.socket)

    def _restore_declaration(self, error: DevkeelError) -> dict[str, Any]:
        good = recall(self.project).get("good")
        if not isinstance(good, dict) or not isinstance(good.get("operation"), int):
            return {"declaration": "kept: there was no earlier good start to go back to"}
        try:
            result, _ = changes.take_back(
                self.context, good["operation"], f"the start of processes failed: {error.code}"
            )
        except DevkeelError as conflict:
            return {"declaration": "kept: it could not be put back", "conflict": conflict.as_data()}
        if not result.changed:
            return {"declaration": "kept: devkeel had changed nothing since the last good start"}
        told: dict[str, Any] = {
            "declaration": "put back",
            "operation": result.operation,
            "revision": result.revision,
            "files": list(result.files),
        }
        if result.revision != good.get("revision"):
            told["differs"] = "Somebody else edited since the last good start, and that was kept."
        return told

    def _start_former(self, before: Sight) -> dict[str, str]:
        """Start what ran before, where it does not run still; return the phases."""
        now = self.look()
        if before.active and not now.running:
            self.job.tell(f"Starting what ran before: {', '.join(before.active)}")
            self._up(before.active)
            await_ready(self.project, self.socket, before.active, _FORMER_SECONDS, self.job)
            now = self.look()
        return now.phases()


def _summary(told: dict[str, Any]) -> str:
    """Return in a sentence what the way back reached."""
    if "failed" in told:
        return "The way back failed too: see `restored`."
    running = [name for name, phase in told["processes"].items() if phase == "ready"]
    runs = f"running again: {', '.join(running)}" if running else "nothing runs"
    return f"(The declaration was {told['declaration']}; {runs}.)"
