"""Events go to every listener of a project; emitting one never waits."""

from __future__ import annotations

import atexit
import hashlib
import itertools
import os
import secrets
import threading
import time
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from devkeel.disclosure.output import Disclosure
from devkeel.events.event import SCHEMA, Event
from devkeel.events.outlet import Outlet
from devkeel.events.subscriber import Subscriber
from devkeel.events.treatment import Treatment

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from devkeel.events.event import Kind
    from devkeel.events.outlet import Sink
    from devkeel.project.events import EventSettings

__all__ = ["Events"]

# Seconds that the end of a process may wait for a listener.
_FAREWELL = 2.0
_NANO = 1_000_000_000
_OPEN: WeakSet[Events] = WeakSet()


class Events:
    """The listeners of one project in this process.

    root: of the project. disclosure: what of an event may be shown, whoever listens; None for the project's own.
    """

    def __init__(self, root: Path, disclosure: Disclosure | None = None) -> None:
        # A path would give away where a person keeps things.
        self.project = hashlib.blake2b(os.fsencode(root), digest_size=8).hexdigest()
        self._treatment = Treatment(disclosure or Disclosure(root))
        # Copied when it changes: who goes through it needs no lock.
        self._outlets: dict[object, tuple[Outlet, Callable[[], Any] | None]] = {}
        # Those that the settings of the project switch on and off.
        self._offered: dict[str, tuple[Callable[[EventSettings], Sink], Callable[[], Any] | None]] = {}
        self._followed: EventSettings | None = None
        self._begin()
        _OPEN.add(self)

    def _begin(self) -> None:
        self._numbers = itertools.count(1)
        self._origin = secrets.token_hex(6)
        self._second: tuple[int, str] = (0, "")
        self._turn = threading.Lock()

    def forked(self) -> None:
        """Begin anew in the child of a fork: another process, whose events are its own."""
        self._begin()
        for outlet, _ in self._outlets.values():
            outlet.forked()

    def tell(self, kind: Kind, facts: dict[str, Any]) -> None:
        """Emit an event of this moment. facts: fields of Event, by their names."""
        self.emit(Event(schema=SCHEMA, id=self._next(), time=self._now(), kind=kind, project=self.project, **facts))

    def emit(self, event: Event) -> None:
        """Hand an event to every listener's queue."""
        for outlet, hears in self._outlets.values():
            outlet.put(event, hears() if hears is not None else None)

    def attach(
        self, listener: Sink, *, name: object = None, hears: Callable[[], Any] | None = None
    ) -> Callable[[], None]:
        """Add a listener; return what takes it away again.

        hears: called where an event is emitted, in that thread; the listener gets what it returns.
        """
        key = listener if name is None else name
        with self._turn:
            self._outlets = {**self._outlets, key: (Outlet(listener, self._treatment.of), hears)}
        return lambda: self.detach(key)

    def offer(
        self, name: str, listener: Callable[[EventSettings], Sink], hears: Callable[[], Any] | None = None
    ) -> None:
        """Add a listener that gets events while the project's settings switch it on. name: of the setting."""
        self._offered[name] = (listener, hears)

    def follow(self, wanted: EventSettings | None) -> None:
        """Switch on and off what the project's settings are about."""
        if wanted == self._followed:
            return
        before, self._followed = self._followed, wanted
        for name, (listener, hears) in self._offered.items():
            if getattr(before, name, None):
                self.detach(name)
            if wanted is not None and getattr(wanted, name):
                self.attach(listener(wanted), name=name, hears=hears)

    def detach(self, name: object, seconds: float = 0.0) -> None:
        """Take a listener away; what waits for it is still delivered, and `seconds` are waited for that."""
        with self._turn:
            outlets = dict(self._outlets)
            gone = outlets.pop(name, None)
            self._outlets = outlets
        if gone is not None:
            gone[0].close(seconds)

    def subscribe(self, subscriber: Callable[[Event], object]) -> Callable[[], None]:
        """Have a callable called with each event, in a thread of its own; return what ends that."""
        return self.attach(Subscriber(subscriber))

    def flush(self, seconds: float = _FAREWELL) -> bool:
        """Wait until all is delivered that was emitted; return whether it is."""
        return self._each(Outlet.flush, seconds)

    def close(self, seconds: float = _FAREWELL) -> bool:
        """Deliver what waits and end the threads; return whether that came about in time. Later events begin them."""
        return self._each(Outlet.close, seconds)

    def _each(self, end: Callable[[Outlet, float], bool], seconds: float) -> bool:
        until = time.monotonic() + seconds
        done = [end(outlet, max(0.0, until - time.monotonic())) for outlet, _ in self._outlets.values()]
        return all(done)

    def _next(self) -> str:
        return f"{self._origin}-{next(self._numbers):010d}"

    def _now(self) -> str:
        """Return the time, with milliseconds; most events are of the same second as the one before."""
        second, rest = divmod(time.time_ns(), _NANO)
        known, text = self._second
        if known != second:
            text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
            self._second = (second, text)
        return f"{text}.{rest // 1_000_000:03d}Z"


def _farewell() -> None:
    for events in list(_OPEN):
        events.close()


def _forked() -> None:
    for events in list(_OPEN):
        events.forked()


atexit.register(_farewell)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
