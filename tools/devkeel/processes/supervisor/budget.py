"""How often a process that ended is started again, and how long after."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from devkeel.processes.plan import Restart

__all__ = ["RestartBudget"]

# devenv, devenv-processes/src/supervisor_state.rs: DEFAULT_RESTART_LIMIT_BURST and DEFAULT_RESTART_LIMIT_INTERVAL.
_TIMES = 5
_WINDOW = 10.0
# devenv starts again at once. A program that waits for another, a database for instance, gets some time instead.
_FIRST = 0.05
_LONGEST = 2.0


class RestartBudget:
    """The restarts that a process has left, since a person started it.

    At most `max` in each `window`, in which the time that it waits to be started does not count: with it, a limit of
    many restarts would never be reached.
    """

    def __init__(self, restart: Restart) -> None:
        """Begin with all of them."""
        self._on = restart.on
        self._times = _TIMES if restart.max is None else restart.max
        self._window = _WINDOW if restart.window is None else restart.window
        self._spent = deque[float]()
        self._waited = 0.0

    def wants(self, code: int) -> bool:
        """Return whether a process that ended with this exit code is to be started again at all."""
        return self._on == "always" or (self._on == "on_failure" and code != 0)

    def spend(self, now: float) -> float | None:
        """Return after how many seconds to start it again, None when nothing is left. now: of a monotonic clock."""
        now -= self._waited
        while self._spent and self._spent[0] < now - self._window:
            self._spent.popleft()
        if len(self._spent) >= self._times:
            return None
        pause: float = min(_FIRST * 2 ** min(len(self._spent), 10), _LONGEST)
        self._spent.append(now)
        self._waited += pause
        return pause
