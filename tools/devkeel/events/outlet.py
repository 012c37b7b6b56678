"""One listener and its queue: putting never waits, and no listener costs another one anything."""

from __future__ import annotations

import atexit
import logging
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Protocol
from weakref import WeakSet

from msgspec.structs import replace

from devkeel.system import precedence

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from devkeel.events.event import Event

__all__ = ["BOUND", "FAREWELL", "Handed", "Outlet", "Sink", "farewell"]

logger = logging.getLogger(__name__)
BOUND = 20_000
# Seconds that the end of a process may wait for its listeners.
FAREWELL = 2.0
# Seconds in which events gather, so that one write has many; as long as a reader may be behind.
_GATHER = 0.05
# The same where many come: what is written beside it waits for the disk less often.
_GATHER_MANY, _MANY = 0.5, 250
# Events between two breaths: while they are made safe, no other thread of Python runs.
_CHUNK = 250
_BREATH = 0.001
# Seconds that a burst may wait for what goes first in this process, and between two looks.
_GIVE_WAY, _LOOK = 0.25, 0.005
# Events that are delivered at once at most; what has come in one burst mostly is.
_BURST = 10_000

# Those whose thread runs are there, whoever else has let go of them.
_LIVE: WeakSet[Outlet] = WeakSet()
# An event, and what its listener wanted to know of the thread that emitted it.
Handed = tuple["Event", Any]


class Sink(Protocol):
    """Takes events, in a thread of its own."""

    def deliver(self, handed: Sequence[Handed]) -> int:
        """Take events, in order; return how many were given up, with what these had lost. What it raises loses all."""


class _Mark:
    """Stands in a queue behind what was put before it."""

    def __init__(self) -> None:
        self.reached = threading.Event()


class Outlet:
    """The queue of one listener, and the thread that empties it: begun by the first event, ended by `close`.

    treat: makes events ones that may be shown. bound: how many may wait; more are given up, and counted by the next.
    """

    def __init__(self, listener: Sink, treat: Callable[[Sequence[Event]], list[Event]], *, bound: int = BOUND) -> None:
        self._listener = listener
        self._treat = treat
        self._bound = bound
        self._begin()
        _LIVE.add(self)

    def _begin(self) -> None:
        # An event by itself is one whose listener wanted to know nothing more.
        self._queue: deque[Event | Handed | _Mark] = deque()
        # What found no room is counted by the next event that finds some, what failed by the next that is delivered.
        self._unplaced, self._failed = 0, 0
        # Reentrant: a signal's handler may emit an event in the middle of it.
        self._turn = threading.RLock()
        self._waiting = threading.Event()
        self._hurry = threading.Event()
        self._thread: threading.Thread | None = None
        self._ending = False

    def forked(self) -> None:
        """Begin anew in the child of a fork: what waits is its parent's to write, and threads are not copied."""
        self._begin()

    def put(self, event: Event, heard: Any = None) -> None:  # noqa: ANN401  (as the listener wants it)
        """Have an event delivered; never waits, and raises nothing."""
        if len(self._queue) >= self._bound:
            with self._turn:
                self._unplaced += 1
            return
        # One step of CPython, so that no lock is needed.
        placed = self._placed(event) if self._unplaced else event
        self._queue.append(placed if heard is None else (placed, heard))
        if not self._waiting.is_set():
            self._waiting.set()
        if self._thread is None:
            self._start()

    def flush(self, seconds: float) -> bool:
        """Wait until what was put is delivered; return whether it is."""
        if not self._queue and self._thread is None:
            return True
        mark = _Mark()
        self._queue.append(mark)
        self._hurry.set()
        self._waiting.set()
        if self._thread is None and not self._start():
            self._work_off()  # no thread can begin, as when the interpreter ends
        return mark.reached.wait(seconds)

    def close(self, seconds: float) -> bool:
        """Deliver what waits, and end the thread; return whether that came about. A later event begins another."""
        done = self.flush(seconds)
        self._ending = True
        self._waiting.set()
        return done

    def _placed(self, event: Event) -> Event:
        with self._turn:
            lost, self._unplaced = self._unplaced, 0
        return replace(event, lost=lost)

    def _start(self) -> bool:
        with self._turn:
            if self._thread is not None:
                return True
            self._ending = False
            thread = threading.Thread(target=self._run, name="events", daemon=True)
            self._thread = thread
            try:
                thread.start()
            except RuntimeError:  # no more threads, or the interpreter is ending
                self._thread = None
            return self._thread is not None

    def _run(self) -> None:
        gather = _GATHER
        while True:
            self._waiting.wait()
            self._hurry.wait(gather)
            gather = _GATHER_MANY if len(self._queue) >= _MANY else _GATHER
            until = time.monotonic() + _GIVE_WAY
            self._give_way(until)
            until = 0.0 if self._hurry.is_set() else until
            self._waiting.clear()
            self._hurry.clear()
            self._work_off(until)
            if self._ending and not self._goes_on():
                return

    def _goes_on(self) -> bool:
        """Return whether something was put after the last look."""
        self._thread = None
        if not self._queue:
            return False
        with self._turn:
            if self._thread is None:
                self._thread = threading.current_thread()
                return True
        return False

    def _give_way(self, until: float) -> None:
        """Wait for what goes first in this process, while there is room, and nobody waits for the listener."""
        while precedence.is_busy() and len(self._queue) < self._bound // 2 and time.monotonic() < until:
            if self._hurry.wait(_LOOK):
                return

    def _work_off(self, until: float = 0.0) -> None:
        """Deliver all that waits. until: when it gives way no more, by the monotonic clock."""
        burst: list[Handed] = []
        told: list[Event | Handed] = []
        while True:
            try:
                item = self._queue.popleft()
            except IndexError:
                break
            if isinstance(item, _Mark):
                self._deliver(burst + self._treated(told))
                burst, told = [], []
                item.reached.set()
                continue
            told.append(item)
            if len(told) >= _CHUNK:
                burst += self._treated(told)
                told = []
                if len(burst) >= _BURST:
                    self._deliver(burst)
                    burst = []
                self._hurry.wait(_BREATH)
                self._give_way(until)
        self._deliver(burst + self._treated(told))

    def _treated(self, told: list[Event | Handed]) -> list[Handed]:
        """Return events as they may be shown; where that fails none, and they are counted as lost."""
        handed = [item if isinstance(item, tuple) else (item, None) for item in told]
        try:
            treated = self._treat([event for event, _ in handed]) if handed else []
        except BaseException:
            logger.info("events could not be made ready to be shown", exc_info=True)
            self._failed += _lost(handed)
            return []
        return list(zip(treated, (heard for _, heard in handed), strict=True))

    def _deliver(self, told: list[Handed]) -> None:
        if not told:
            return
        before, self._failed = self._failed, 0
        if before:
            first, heard = told[0]
            told[0] = (replace(first, lost=first.lost + before), heard)
        try:
            self._failed += self._listener.deliver(told)
        except BaseException:
            logger.info("a listener of events has failed", exc_info=True)
            self._failed += _lost(told)


def _lost(told: Sequence[Handed]) -> int:
    return sum(1 + event.lost for event, _ in told)


def farewell() -> None:
    """Deliver what waits for every listener of this process, within a bound."""
    until = time.monotonic() + FAREWELL
    for outlet in list(_LIVE):
        outlet.flush(max(0.0, until - time.monotonic()))


atexit.register(farewell)
