"""Those who get the events of a project: nothing is loaded for them before there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.deferred import Deferred

if TYPE_CHECKING:
    from collections.abc import Callable

    from devkeel.events import bus
    from devkeel.events.bus import Events
    from devkeel.project.root import Project
else:
    bus = Deferred("devkeel.events.bus")

__all__ = ["Listeners"]


class Listeners(Struct):
    """Those who get the events of a project.

    make: makes the events of a process, where callers share them. made: the events, as soon as there is a listener.
    """

    make: Callable[[], Events] | None = None
    made: Events | None = None

    def of(self, project: Project) -> Events:
        """Return the events of a project."""
        if self.made is None:
            self.made = self.make() if self.make is not None else bus.Events(project.root)
        return self.made
