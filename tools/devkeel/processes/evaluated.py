"""What a project's devenv.nix runs, by Nix alone: evaluated as it is now, its programs built, its shell entered."""

from __future__ import annotations

import time
from functools import cached_property
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from devkeel.backends.backend import Realisation
from devkeel.backends.devenv import not_evaluated, require_built
from devkeel.backends.registry import backend_named
from devkeel.nix_cli import declared_tasks
from devkeel.nix_cli.build import on_time
from devkeel.nix_cli.devenv import NAME as DEVENV
from devkeel.nix_cli.evaluate import require_nix, require_stage
from devkeel.processes.needs_devenv import only_devenv, require_native, require_runnable
from devkeel.processes.plan import Beyond
from devkeel.processes.task_graph import is_process, needed, plain_name, waits

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from devkeel.backends.backend import Applied
    from devkeel.candidate.candidate import Candidate
    from devkeel.context import Context
    from devkeel.nix_cli.declared_tasks import Told
    from devkeel.processes.plan import After

__all__ = ["Evaluated", "evaluated"]


class Evaluated(Struct, frozen=True, dict=True):
    """A declaration as it was evaluated.

    told: tasks and processes by the names of tasks, with what each needs. wanted: the ports that are wished for, by
    process and name. ports: those that were given in their place. test: the script of the project's test.
    """

    context: Context
    subject: Candidate
    told: Mapping[str, Told]
    wanted: Mapping[str, Mapping[str, int]]
    ports: Mapping[str, Mapping[str, int]]
    test: Told | None

    @cached_property
    def tasks(self) -> dict[str, dict[str, Any]]:
        """The settings of tasks and processes, by the names of tasks."""
        return {name: item.value for name, item in self.told.items()}

    @cached_property
    def waiting(self) -> dict[str, tuple[After, ...]]:
        """What each of them waits for. Raises ProjectError `process_plan`."""
        return waits(self.tasks)

    def differs(self, real: Mapping[str, Mapping[str, int]]) -> bool:
        """Return whether processes have other ports than those that it was evaluated with."""
        known = {process: {**names, **self.ports.get(process, {})} for process, names in self.wanted.items()}
        return any(known.get(process, {}).get(name) != port for process in real for name, port in real[process].items())

    def needed(self, roots: Iterable[str]) -> tuple[str, ...]:
        """Return some tasks and what they wait for, in the order of names; those that there are not are left out.

        Raises Unavailable `needs_devenv` for what only devenv runs.
        """
        found = self.awaited(roots)
        require_runnable(self.subject.files, {name: self.tasks[name] for name in found})
        return found

    def beyond(self, first: str) -> dict[str, Beyond]:
        """Return the processes that only devenv runs, or that wait for such a one, by the names of processes.

        first: the task that runs before all of them.
        """
        found = {}
        for name, task in self.tasks.items():
            awaited = {other: self.tasks[other] for other in self.awaited((name, first))} if is_process(task) else {}
            options = only_devenv(self.subject.files, awaited)
            if options:
                found[plain_name(name)] = Beyond(options, self.starts(name))
        return found

    def starts(self, name: str) -> bool:
        """Return whether a process is started without being named."""
        start = (self.tasks[name].get("process") or {}).get("start") or {}
        return bool(start.get("enable", True))

    def awaited(self, roots: Iterable[str]) -> tuple[str, ...]:
        """Return some tasks and what they wait for, whoever runs them."""
        return tuple(sorted(needed((name for name in roots if name in self.tasks), self.waiting)))

    def build(self, names: Iterable[str], keep: Path, timeout: float) -> None:
        """Build what some tasks run, and the test where it was asked for. keep: the directory that holds it.

        Raises CheckFailed, Unavailable.
        """
        wanted = [self.told[name] for name in names] + ([self.test] if self.test else [])
        with on_time(timeout):
            found = declared_tasks.build(wanted, timeout, keep / "programs")
            if found is not None:
                require_built(self.subject, self.context.project.root, found)

    def enter(self, keep: Path, timeout: float) -> Applied:
        """Return its shell, entered: what its hook sets is among the variables. keep: as for `build`."""
        realisation = Realisation(self.context.project, self.subject, keep, timeout, ports=self.ports)
        return backend_named(DEVENV).apply(realisation)


def evaluated(
    context: Context, timeout: float, *, ports: Mapping[str, Mapping[str, int]] | None = None, test: bool = False
) -> Evaluated:
    """Evaluate what a declaration runs. ports: numbers for ports; test: with the project's test.

    Raises CheckFailed for what the declaration is to blame for; Unavailable `needs_devenv` for another process manager
    than devenv's own, and what an evaluation raises for the machine.
    """
    subject = context.candidate(context.declaration())
    deadline = time.monotonic() + timeout
    with on_time(timeout):
        require_nix(subject)
        with require_stage(subject)() as stage:
            left = deadline - time.monotonic()
            found, findings = declared_tasks.declared_tasks(
                subject, stage, context.project.root, left, ports=ports or {}, test=test
            )
    if found is None:
        raise not_evaluated(findings)
    require_native(subject.files, found.implementation)
    return Evaluated(context, subject, found.tasks, found.wanted, ports or {}, found.test)
