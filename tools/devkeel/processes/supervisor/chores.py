"""A task that processes wait for: run once, what it prints kept, the variables that it exports handed on."""

from __future__ import annotations

import base64
import os
import sys
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Literal

from devkeel.errors import DevkeelError
from devkeel.runtime.process import run, watched

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devkeel.processes.plan import PlannedTask
    from devkeel.processes.supervisor.shared import Shared

__all__ = ["Chore"]

_LONGEST = 24 * 3600.0
_WORDS = 4000


class Chore:
    """One task of a plan; it is run when something waits for it, and once."""

    def __init__(self, planned: PlannedTask, shared: Shared, ending: int) -> None:
        """Prepare it; nothing runs. ending: a descriptor that is readable as soon as everything has to end."""
        self.planned = planned
        self.phase = "not_started"
        self.said = ""
        self._shared = shared
        self._ending = ending

    @property
    def name(self) -> str:
        """Its name."""
        return self.planned.name

    def met(self, condition: Literal["started", "ready", "completed", "succeeded"]) -> bool | None:
        """Return whether a condition is met that another waits for; None when it will not be."""
        if condition == "started":
            return self.phase in ("running", "succeeded", "failed") or (None if self.phase == "left out" else False)
        if condition == "completed":
            return self.phase in ("succeeded", "failed", "left out")
        return self.phase == "succeeded" or (None if self.phase in ("failed", "left out") else False)

    def enter(self, phase: str) -> None:
        """Be in another phase from now on: not_started, waiting, running, succeeded, failed or left out."""
        self.phase = phase
        self._shared.notify()

    def begin(self, after: str) -> None:
        """Run it to its end, where it is in this phase still."""
        if self.phase != after:
            return
        self.enter("running")
        with watched(_Watch(self._shared, self._ending)):
            try:
                failed = None if self._is_done() else self._run()
            except (OSError, ValueError, DevkeelError, _EndedError) as error:  # ValueError: see `_exported`
                failed = str(error)
        self.said = failed or ""
        outcome = f"failed: {failed}" if failed else "done"
        print(f"{self.name}: {outcome}", file=sys.stderr, flush=True)  # noqa: T201  (its stderr is the log)
        self.enter("failed" if failed else "succeeded")

    def _is_done(self) -> bool:
        planned = self.planned
        if not planned.status:
            return False
        variables = self._shared.variables(planned.variables)
        found = run(planned.status, timeout=_LONGEST, environment=variables, cwd=Path(planned.directory))
        return found.returncode == 0

    def _run(self) -> str | None:
        """Run its command; return the end of what it printed where it failed."""
        planned = self.planned
        with TemporaryDirectory(prefix="task-", dir=self._shared.folder.path) as folder:
            exports = Path(folder, "exports")
            given = {"DEVENV_TASK_EXPORTS_FILE": str(exports), "DEVENV_TASK_OUTPUT_FILE": str(Path(folder, "output"))}
            variables = self._shared.variables(planned.variables | given)
            found = run(planned.argv, timeout=_LONGEST, environment=variables, cwd=Path(planned.directory))
            printed = (found.stdout + found.stderr).decode("utf-8", "replace").strip()[-_WORDS:]
            if found.returncode:
                return f"{self.name} ended with {found.returncode}. {printed}".strip()
            with suppress(FileNotFoundError):
                self._shared.add(_exported(exports.read_bytes()))
        return None


def _exported(data: bytes) -> dict[str, str]:
    """Return what a task wrote for others: name and value in turn, each followed by NUL, the value in base64.

    Raises ValueError for what is no variable.
    """
    parts = data.decode("utf-8", "replace").split("\0")
    found: dict[str, str] = {}
    for name, text in zip(parts[::2], parts[1::2], strict=False):
        try:
            value = base64.b64decode(text).decode("utf-8", "surrogateescape")
        except ValueError as error:
            raise ValueError(f"it exports {name!r} with a value that is not in base64") from error
        # environ(7): a variable is NAME=value, and ends with a NUL.
        if "=" in name or "\0" in value:
            raise ValueError(f"it exports {name!r}, which cannot be a variable")
        found |= {name: value} if name else {}
    return found


class _EndedError(Exception):
    """The task is not wanted any more."""


class _Watch:
    """What ends a task together with everything else."""

    def __init__(self, shared: Shared, ending: int) -> None:
        self._shared = shared
        self._ending = ending

    def variables(self) -> Mapping[str, str]:
        return {}

    def started(self, pid: int) -> None:
        pass

    def heard(self, stream: str, data: bytes) -> None:
        if stream == "stderr":
            with suppress(OSError):
                os.write(sys.stderr.fileno(), data)

    def ending(self) -> None:
        pass

    def stopped(self) -> BaseException | None:
        return _EndedError("everything is being ended") if self._shared.ending.is_set() else None

    def fileno(self) -> int:
        return self._ending
