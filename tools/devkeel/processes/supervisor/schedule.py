"""All processes and tasks of a plan, each started when what it waits for is as it has to be."""

from __future__ import annotations

import os
import threading
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

from devkeel.processes.plan import chosen
from devkeel.processes.supervisor.chores import Chore
from devkeel.processes.supervisor.supervised import RUNS, Supervised

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from devkeel.processes.plan import After, Plan
    from devkeel.processes.supervisor.shared import Shared

__all__ = ["Schedule"]

_ON_ITS_WAY = ("waiting", "starting", "stopping")


class Schedule:
    """What runs of a plan. It keeps the plan that it was made of."""

    def __init__(self, plan: Plan, shared: Shared) -> None:
        """Prepare everything; nothing is started."""
        self.shared = shared
        self._plan = plan
        # A pipe, for it can be waited for together with the outputs of a program.
        self._ending = os.pipe()
        numbered = enumerate(plan.processes)
        self.processes = {item.name: Supervised(item, shared, number) for number, item in numbered}
        self._chores = {item.name: Chore(item, shared, self._ending[0]) for item in plan.tasks}
        self._turn = threading.Lock()

    def listed(self) -> list[dict[str, Any]]:
        """Return all processes, by name."""
        return [self.processes[name].info() for name in sorted(self.processes)]

    def ports(self) -> list[dict[str, Any]]:
        """Return the ports of all processes."""
        return [
            {"process_name": name, "port_name": port, "port": number}
            for name in sorted(self.processes)
            for port, number in sorted(self.processes[name].planned.ports.items())
        ]

    def start(self, names: Iterable[str]) -> dict[str, list[str]]:
        """Start processes and what they wait for; each name that was given comes in one of four lists."""
        outcome: dict[str, list[str]] = {"scheduled": [], "skipped": [], "unknown": [], "failed": []}
        with self._turn:
            for name in dict.fromkeys(names):
                process = self.processes.get(name)
                if process is None:
                    outcome["unknown"].append(name)
                else:
                    outcome["skipped" if process.phase in (*_ON_ITS_WAY, *RUNS) else "scheduled"].append(name)
            chosen_names = chosen(self._plan, outcome["scheduled"]) if outcome["scheduled"] else ()
            # All of them first, for what waits for another would take it for what it was the last time.
            woken = [item for name in chosen_names if (item := self._woken(name, again=name in outcome["scheduled"]))]
            for item in woken:
                _begin(self._launch, item)
        return outcome

    def by_themselves(self) -> list[str]:
        """Return the processes that start without being named."""
        return [item.name for item in self._plan.processes if item.starts]

    def _woken(self, name: str, *, again: bool) -> Supervised | Chore | None:
        """Let something wait for its start, and return it where it has to be started.

        again: also a process that has ended or was stopped.
        """
        item = self._chores.get(name) or self.processes[name]
        if isinstance(item, Chore):
            starts = item.phase in ("not_started", "failed", "left out")
        else:
            starts = item.phase == "not_started" or (again and item.phase not in (*_ON_ITS_WAY, *RUNS))
        if starts:
            item.enter("waiting")
        return item if starts else None

    def _launch(self, item: Supervised | Chore) -> None:
        """Wait for what it waits for, and start it."""
        failed = self._await(item)
        if self.shared.ending.is_set() or item.phase != "waiting":
            return
        if failed is None:
            item.begin("waiting")
        elif isinstance(item, Chore):
            item.said = f"it waits for {failed}"
            item.enter("left out")
        else:
            chore = self._chores.get(failed)
            item.say(f"it was not started: it waits for {failed}" + (f". {chore.said}" if chore else ""))
            # A process that failed is seen by itself; a task only by what waits for it.
            item.enter("gave_up" if chore else "stopped")

    def _await(self, item: Supervised | Chore) -> str | None:
        """Return when all is as it has to be: None, or the name of what will not be."""
        changed = self.shared.changed
        with changed:
            while item.phase == "waiting" and not self.shared.ending.is_set():
                states = [(self._met(after), after.name) for after in item.planned.after]
                failed = next((name for met, name in states if met is None), None)
                if failed is not None or all(met for met, _ in states):
                    return failed
                changed.wait()
        return None

    def _met(self, after: After) -> bool | None:
        other = self.processes.get(after.name) or self._chores[after.name]
        return other.met(after.condition)

    def stop(self, name: str) -> str | None:
        """Stop a process; return why it cannot be, or None."""
        process = self.processes[name]
        if process.phase in ("not_started", "stopped"):
            return f"process {name} does not run: {process.phase}"
        process.stop()
        return None

    def restart(self, name: str) -> str | None:
        """Stop a process and start it again; one that does not run is started with what it waits for."""
        process = self.processes[name]
        if process.phase in ("waiting", "stopping"):
            return f"process {name} is {process.phase}"
        if process.phase in ("not_started", "stopped"):
            self.start([name])
            return None
        process.stop()
        process.begin("stopped")
        return None

    def settled(self) -> bool:
        """Return whether nothing is on its way: what has crashed or given up is settled too."""
        return all(process.phase not in _ON_ITS_WAY for process in self.processes.values())

    def await_settled(self) -> None:
        """Wait until nothing is on its way."""
        changed = self.shared.changed
        with changed:
            while not self.settled() and not self.shared.ending.is_set():
                changed.wait()

    def stop_all(self) -> None:
        """Stop everything, all at once."""
        self.shared.ending.set()
        self.shared.notify()
        os.write(self._ending[1], b"x")
        threads = [_begin(process.stop) for process in self.processes.values() if process.phase != "not_started"]
        for thread in threads:
            thread.join()


def _begin(work: Callable[..., object], *arguments: object) -> threading.Thread:
    # A thread begins with no context of its own before Python 3.14, and with it forgets what it may run.
    thread = threading.Thread(target=copy_context().run, args=(work, *arguments), daemon=True)
    thread.start()
    return thread
