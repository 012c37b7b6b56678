"""devkeel's supervisor, as far as it is started and ended; what it does is in `devkeel.processes.supervisor`."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from msgspec.json import encode

from devkeel.errors import CheckFailed, DevkeelError
from devkeel.processes.allocation import moved_ports
from devkeel.processes.devenv_up import MARK
from devkeel.processes.manager_state import declared
from devkeel.processes.needs_devenv import require_startable
from devkeel.processes.plan import require_sound, written
from devkeel.processes.reading import unknown_process
from devkeel.processes.refusals import by_procfile, no_processes, not_started
from devkeel.processes.runtime_folder import RuntimeFolder
from devkeel.processes.supervisor.shared import Launch
from devkeel.runtime import process_tree
from devkeel.runtime.isolation import handed_on, isolated_python
from devkeel.runtime.process import start
from devkeel.runtime.process_tree import OUTLIVES
from devkeel.runtime.tail import read_tail

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from subprocess import Popen

    from devkeel.processes.manager_socket import ManagerSocket
    from devkeel.processes.manager_state import Declared
    from devkeel.processes.plan import Beyond, Plan, PlanMaker
    from devkeel.project.root import Project

__all__ = ["OwnRunner"]

_STARTING = 30.0
_STOPPING = 60.0
_TICK = 0.02
_WORDS = 2_000
# unix(7): sun_path has 108 bytes on Linux, 104 elsewhere, with the zero byte at its end.
_LONGEST_PATH = 103


class OwnRunner:
    """Starts and ends the supervisor of one project."""

    def __init__(self, project: Project, socket: ManagerSocket, make: PlanMaker) -> None:
        """Nothing is evaluated or started. make: gives the plan."""
        self._project = project
        self._socket = socket
        self._make = make
        self._made: tuple[Declared, Plan] | None = None

    def declared_names(self) -> tuple[str, ...]:
        """Return the names of the processes that the declaration has now, by evaluating it."""
        return self._plan().names

    def require_startable(self, names: Sequence[str]) -> None:
        """Refuse what only devenv runs; see `Runner.require_startable`."""
        plan = self._plan()
        require_startable(plan.beyond, names, (item.name for item in plan.processes if item.starts))

    def beyond(self) -> Mapping[str, Beyond]:
        """Return the processes that only devenv runs."""
        return self._made[1].beyond if self._made else {}

    def up(self, names: Sequence[str]) -> tuple[str, ...]:
        """Start processes in a supervisor of their own; see `Runner.up`. Returns the plan's notes.

        Raises what making a plan raises; ProjectError `processes_not_started`, `no_processes`, `process_plan`,
        `port_held`; UsageError `unknown_process`; Unavailable `needs_devenv`.
        """
        plan = self._plan(names)
        for name in names:
            if name not in plan.names:
                raise unknown_process(name, plan.names)
        self.require_startable(names)
        if not plan.processes:
            require_startable(plan.beyond, plan.beyond)  # where none of them starts by itself
            raise no_processes(procfile=by_procfile(self._project))
        moved = moved_ports(plan)
        if moved:
            plan = _evaluated(self._make, moved, names)
        self._launch(plan, names)
        return plan.notes

    def down(self, manager: int) -> None:
        """End a supervisor; see `Runner.down`."""
        found = process_tree.look(manager)
        if found is None and process_tree.can_tell():
            return
        deadline = time.monotonic() + _STOPPING
        with suppress(ProcessLookupError):
            os.kill(manager, signal.SIGTERM)
            # Without a /proc the signal 0 says whether it is there, which it also is where its exit was not collected.
            while (found is None or process_tree.still([found])) and time.monotonic() < deadline:
                time.sleep(_TICK)
                os.kill(manager, 0)

    def _plan(self, asked: Sequence[str] | None = None) -> Plan:
        """Return the plan of the declaration as it is now, made once. asked: see `PlanMaker`."""
        now = declared(self._project)
        if self._made is None or self._made[0] != now:
            plan = _evaluated(self._make, {}, asked)
            require_sound(plan)
            self._made = now, plan
        return self._made[1]

    def _launch(self, plan: Plan, names: Sequence[str]) -> None:
        folder, root = RuntimeFolder.of(self._project.root), str(self._project.root)
        self._make_folder(folder)
        launch = Launch(root, str(folder.path), tuple(names), OUTLIVES | {MARK: root})
        command = (*isolated_python("devkeel.processes.supervisor"), root)
        with folder.daemon_log.open("wb") as written_to:
            child = start(
                command,
                stdin=encode(launch) + b"\n" + written(plan),
                environment=OUTLIVES | {MARK: root} | handed_on(),
                outputs=(written_to, written_to),
            )
        self._await_manager(child)

    def _await_manager(self, child: Popen[bytes]) -> None:
        """Wait until the supervisor answers, itself: another manager may have been started meanwhile."""
        deadline = time.monotonic() + _STARTING
        while self._socket.pid() != child.pid:
            ended = child.poll() is not None
            if ended or time.monotonic() > deadline:
                if not ended:  # it would come up later, when it is not expected any more
                    process_tree.end_tree(child.pid)
                log = read_tail(self._socket.folder / "daemon.log", None, _WORDS).data.decode("utf-8", "replace")
                raise not_started("devkeel's supervisor of processes did not start.", log.strip())
            time.sleep(_TICK)

    def _make_folder(self, folder: RuntimeFolder) -> None:
        """Make the directory where it listens, for this user alone."""
        if len(os.fsencode(folder.socket)) > _LONGEST_PATH:
            raise not_started(
                "The path of the supervisor's socket is longer than the system lets it be; XDG_RUNTIME_DIR says where.",
                str(folder.socket),
            )
        try:
            folder.make_top()
            self._socket.require_own()
            folder.make()
        except OSError as error:
            raise not_started("There is no place for the supervisor's socket.", str(error)) from error


def _evaluated(make: PlanMaker, ports: Mapping[tuple[str, str], int], asked: Sequence[str] | None) -> Plan:
    """Return a plan; what the declaration is to blame for is said as of a start that evaluated it.

    It is the same fact as devenv's, whose command evaluates and starts in one.
    """
    try:
        return make(ports, asked)
    except CheckFailed as error:
        raise _of_a_start(error) from error


def _of_a_start(error: CheckFailed) -> DevkeelError:
    found = not_started(error.message, "\n".join(str(item.message) for item in error.diagnostics) or str(error.seen))
    found.place, found.details = error.place, error.details
    return found
