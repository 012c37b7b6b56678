"""One process: started in a session of its own, looked at until it is ready, started again, stopped with all it has."""

from __future__ import annotations

import os
import selectors
import threading
import time
from contextlib import ExitStack, suppress
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, Literal

from devkeel.errors import DevkeelError
from devkeel.processes.supervisor.budget import RestartBudget
from devkeel.processes.supervisor.notices import Notices
from devkeel.processes.supervisor.probes import Prober
from devkeel.runtime import process_tree
from devkeel.runtime.process import start

if TYPE_CHECKING:
    from subprocess import Popen

    from devkeel.processes.plan import PlannedProcess
    from devkeel.processes.supervisor.shared import Shared

__all__ = ["RUNS", "Supervised"]

RUNS = ("starting", "ready")
_OVER = ("exited", "gave_up")
# Between looks at a process whose end cannot be waited for together with what it says.
_POLL = 0.1
_MICRO = 1_000_000


class Supervised:
    """The life of one process. Its phases are devenv's (devenv, devenv-processes/src/manager.rs, `ProcessPhase`)."""

    def __init__(self, planned: PlannedProcess, shared: Shared, number: int) -> None:
        """Prepare it; nothing is started. number: another one for each process of a plan."""
        self.planned = planned
        self.phase = "not_started"
        self.restarts = 0
        self._shared = shared
        self._folder = shared.folder
        self._number = number
        self._began = False
        self._was_ready = False
        self._code: int | None = None
        self._turn = threading.Lock()
        self._thread: threading.Thread | None = None
        self._wake = os.pipe()
        self._unwanted = threading.Event()
        self._probed = threading.Event()
        os.set_blocking(self._wake[0], False)

    @property
    def name(self) -> str:
        """Its name."""
        return self.planned.name

    def info(self) -> dict[str, Any]:
        """Return what the socket says of it."""
        ports = sorted(f"{name}:{number}" for name, number in self.planned.ports.items())
        return {"name": self.name, "phase": self.phase, "restart_count": self.restarts, "ports": ports}

    def met(self, condition: Literal["started", "ready", "completed", "succeeded"]) -> bool | None:
        """Return whether a condition is met that another waits for; None when it will not be."""
        phase = self.phase
        over = phase in _OVER or (phase == "stopped" and self._began)
        if condition == "started":
            return (self._began and phase != "waiting") or (None if phase == "stopped" else False)
        if condition == "ready":
            met, never = phase == "ready" or (phase == "exited" and self._was_ready), over or phase == "stopped"
        elif condition == "completed":
            met, never = over, phase == "stopped"
        else:
            met, never = phase == "exited" and self._code == 0, over or phase == "stopped"
        return met or (None if never else False)

    def enter(self, phase: str) -> None:
        """Be in another phase from now on."""
        self.phase = phase
        self._shared.notify()

    def say(self, text: str) -> None:
        """Write a line to the log of its errors, of what happened to it before or between its starts."""
        self._folder.say(self.name, text)

    def begin(self, after: str) -> None:
        """Start it with all its restarts, where it is in this phase still."""
        with self._turn:
            if self.phase != after or self._shared.ending.is_set():
                return
            self._join()
            self._unwanted.clear()
            self.restarts, self._began, self._was_ready, self._code = 0, False, False, None
            self._folder.empty_logs(self.name)
            self.enter("starting")
            self._thread = threading.Thread(target=copy_context().run, args=(self._live,), daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End it with all that belongs to it; returns when nothing of it is left."""
        with self._turn:
            if self.phase in RUNS:
                self.enter("stopping")
            self._unwanted.set()
            self._stir()
            self._join()
            self.enter("stopped")

    def _join(self) -> None:
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _stir(self) -> None:
        with suppress(BlockingIOError):
            os.write(self._wake[1], b"x")

    def _live(self) -> None:
        budget = RestartBudget(self.planned.restart)
        while not self._unwanted.is_set():
            try:
                code = self._once()
            except (OSError, RuntimeError) as error:  # for want of descriptors or of threads, for instance
                self.say(f"it was given up: {error}")
                code = None
            self._code = code
            if self._unwanted.is_set():
                return
            if code is not None and not budget.wants(code):
                self.enter("exited")
                return
            pause = None if code is None else budget.spend(time.monotonic())
            if pause is None:
                self.enter("gave_up")
                return
            self.enter("starting")
            if self._unwanted.wait(pause):
                return
            self.restarts += 1

    def _once(self) -> int | None:
        """Start it and return its exit code when it has ended; None when it cannot be started, or not be ended."""
        self._probed.clear()
        with ExitStack() as stack:
            try:
                notices = self._listen(stack)
                child = self._start(notices)
            except (OSError, ValueError, DevkeelError) as error:  # ValueError: a variable that execve(2) cannot hand on
                self.say(f"it could not be started: {error}")
                return None
            try:
                self._began = True
                self._shared.notify()
                ready = self.planned.ready
                if ready is None:
                    self._be_ready()
                elif not ready.notify:
                    variables = self._shared.variables(self.planned.variables)
                    prober = Prober(ready, variables, self._shared.root, self._found_ready)
                    stack.callback(prober.call_off)
                why = self._watch(child, notices)
            finally:
                left = self._end(child)
            if why:
                self.say(why)
            if left:
                self.say(f"not everything of it could be ended: {', '.join(map(str, left))}")
            # What did not do as it has to, has failed, whatever it says of itself at its end.
            return 1 if why and child.returncode == 0 else child.returncode

    def _listen(self, stack: ExitStack) -> Notices | None:
        ready = self.planned.ready
        wanted = (ready is not None and ready.notify) or self.planned.watchdog is not None
        return stack.enter_context(Notices(self._folder.notices(self._number))) if wanted else None

    def _start(self, notices: Notices | None) -> Popen[bytes]:
        planned, around = self.planned, self._shared
        variables = around.variables(planned.variables)
        if notices is not None:
            variables["NOTIFY_SOCKET"] = str(notices.path)
        if planned.watchdog is not None:
            variables["WATCHDOG_USEC"] = str(round(planned.watchdog.seconds * _MICRO))
        with self._folder.written(self.name) as outputs:
            return start(planned.argv, environment=variables, cwd=planned.directory, outputs=outputs)

    def _end(self, child: Popen[bytes]) -> list[process_tree.ProcessInfo]:
        """End what is left of it, before its PID may be given to another."""
        shutdown = self.planned.shutdown
        left = process_tree.end_tree(child.pid, shutdown.grace, shutdown.signal)
        if not left:  # what waits for a disk does not end by any signal (signal(7))
            child.wait()
        return left

    def _found_ready(self) -> None:
        self._probed.set()
        self._stir()

    def _be_ready(self) -> None:
        self._was_ready = True
        if not self._unwanted.is_set():
            self.enter("ready")

    def _watch(self, child: Popen[bytes], notices: Notices | None) -> str | None:
        """Wait until it has ended or has to; return why it has to, None where it ended or is not wanted any more."""
        clock = _Deadlines(self.planned)
        with selectors.DefaultSelector() as selector, process_tree.held(child.pid) as ended:
            selector.register(self._wake[0], selectors.EVENT_READ)
            if ended is not None:
                selector.register(ended, selectors.EVENT_READ)
            if notices is not None:
                selector.register(notices, selectors.EVENT_READ)
            while True:
                selector.select(clock.left(None if ended is not None else _POLL))
                with suppress(BlockingIOError):
                    os.read(self._wake[0], 4096)
                if self._unwanted.is_set() or process_tree.has_ended(child):
                    return None
                for name, value in notices.heard() if notices is not None else ():
                    if (name, value) == ("WATCHDOG", "trigger"):
                        return "it said that it has failed (WATCHDOG=trigger)"
                    if clock.hear(name, value):
                        self._probed.set()
                if self._probed.is_set() and self.phase == "starting":
                    clock.be_ready()
                    self._be_ready()
                if why := clock.passed():
                    return why


class _Deadlines:
    """Until when a process has to be ready, and until when it has to say that it is well."""

    def __init__(self, planned: PlannedProcess) -> None:
        ready, self._watchdog = planned.ready, planned.watchdog
        self._notify = ready is not None and ready.notify
        self._start = None if ready is None or ready.timeout is None else time.monotonic() + ready.timeout
        self._well: float | None = None
        if ready is None or (self._watchdog is not None and not self._watchdog.require_ready):
            self._wind()

    def hear(self, name: str, value: str) -> bool:
        """Hear what it says; return whether that says that it is ready."""
        if (name, value) == ("READY", "1"):
            return self._notify
        if (name, value) == ("WATCHDOG", "1"):
            eager = self._watchdog is not None and not self._watchdog.require_ready
            self._start = None if self._watchdog is not None else self._start
            if self._well is not None:
                self._wind()
            return eager and self._notify
        if name == "EXTEND_TIMEOUT_USEC" and value.isdecimal() and self._start is not None:
            self._start += int(value) / _MICRO
        return False

    def be_ready(self) -> None:
        """It is ready."""
        self._start = None
        self._wind()

    def left(self, most: float | None) -> float | None:
        """Return the seconds until the next of them, at most so many."""
        due = [item - time.monotonic() for item in (self._start, self._well) if item is not None]
        return max(0.0, min(due + ([most] if most is not None else []))) if due or most is not None else None

    def passed(self) -> str | None:
        """Return which of them has passed."""
        now = time.monotonic()
        if self._start is not None and now >= self._start:
            return "it was not ready in the time that its `ready.timeout` gives it"
        if self._well is not None and now >= self._well:
            return "its watchdog heard nothing from it"
        return None

    def _wind(self) -> None:
        if self._watchdog is not None:
            self._well = time.monotonic() + self._watchdog.seconds
