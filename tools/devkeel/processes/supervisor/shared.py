"""What the processes of one project share: its root, its runtime directory, the variables that all of them see."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from pathlib import Path

    from devkeel.processes.runtime_folder import RuntimeFolder

__all__ = ["Launch", "Shared"]


class Launch(Struct, frozen=True):
    """What the supervisor is given on its standard input; the plan comes as JSON after it.

    root: of the project. folder: where it listens and keeps logs. names: what to start; none for what starts by itself.
    variables: the marks of everything that it starts.
    """

    root: str
    folder: str
    names: tuple[str, ...]
    variables: dict[str, str]


class Shared:
    """The same for all processes and tasks of one plan.

    changed: wakes whatever waits for another phase. ending: set when everything is to end.
    """

    def __init__(self, root: Path, folder: RuntimeFolder, variables: dict[str, str]) -> None:
        """Keep it."""
        self.root = root
        self.folder = folder
        self.changed = threading.Condition()
        self.ending = threading.Event()
        self._variables = variables

    def variables(self, more: dict[str, str]) -> dict[str, str]:
        """Return what a program sees beside the few variables that every child sees."""
        with self.changed:
            return self._variables | more

    def add(self, variables: dict[str, str]) -> None:
        """Let what starts from now on see these too."""
        with self.changed:
            self._variables = self._variables | variables

    def notify(self) -> None:
        """Wake whatever waits for another phase."""
        with self.changed:
            self.changed.notify_all()
