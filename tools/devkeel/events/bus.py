"""Events go to every listener of a project; emitting one never waits."""

from __future__ import annotations

import hashlib
import itertools
import os
import secrets
import threading
import time
from typing import TYPE_CHECKING, Any
from weakref import WeakSet, finalize

from msgspec import Struct

from devkeel.disclosure.output import Disclosure
from devkeel.events.event import SCHEMA, Event
from devkeel.events.file_sink import FileSink
from devkeel.events.outlet import FAREWELL, Outlet
from devkeel.events.subscriber import Subscriber
from devkeel.events.treatment import Treatment
from devkeel.project.events import EventSettings
from devkeel.state.lines import FilePlace

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from devkeel.events.event import Kind
    from devkeel.events.outlet import Sink

__all__ = ["Events"]

_OPEN: WeakSet[Events] = WeakSet()
_NO_DETAILS: dict[str, Any] = {}


class _Outlets(Struct):
    """The outlets by the names of their listeners, with what these want to hear; copied when they change.

    So whoever goes through them needs no lock.
    """

    now: dict[object, tuple[Outlet, Callable[[], Any] | None]]

    def end(self) -> None:
        """Let each thread end when it has delivered what waits."""
        for outlet, _ in self.now.values():
            outlet.close(0)


class Events:
    """The listeners of one project in this process.

    root: of the project. disclosure: what of an event may be shown, whoever listens; None for the project's own.
    """

    def __init__(self, root: Path, disclosure: Disclosure | None = None) -> None:
        self._root = root
        # A path would give away where a person keeps things.
        self.project = hashlib.blake2b(os.fsencode(root), digest_size=8).hexdigest()
        self._treatment = Treatment(disclosure or Disclosure(root))
        self._outlets = _Outlets({})
        # Who lets go of the events without closing them leaves no thread behind.
        finalize(self, _Outlets.end, self._outlets)
        # Those that the settings of the project switch on and off.
        self._offered: dict[str, tuple[Callable[[EventSettings], Sink], Callable[[], Any] | None]] = {}
        self.offer("file", lambda wanted: FileSink(FilePlace(root, root / str(wanted.file)), wanted.file_bytes))
        self._followed: EventSettings | None = None
        self._begin()
        _OPEN.add(self)

    def _begin(self) -> None:
        self._numbers = itertools.count(1)
        self._origin = f"{secrets.token_hex(6)}-"
        self._known_time = (0, "")
        self._turn = threading.Lock()

    def forked(self) -> None:
        """Begin anew in the child of a fork: another process, whose events are its own."""
        self._begin()
        for outlet, _ in self._outlets.now.values():
            outlet.forked()

    def tell(self, kind: Kind, facts: dict[str, Any]) -> None:
        """Emit an event of this moment. facts: fields of Event, by their names."""
        get = facts.get
        event = Event(  # each by its name: `**facts` takes six times as long
            schema=SCHEMA,
            id=f"{self._origin}{next(self._numbers):010d}",
            time=self._now(),
            kind=kind,
            project=self.project,
            actor=get("actor"),
            role=get("role"),
            action=get("action"),
            operation=get("operation"),
            revision=get("revision"),
            files=get("files", ()),
            code=get("code"),
            seconds=get("seconds"),
            reason=get("reason"),
            details=get("details", _NO_DETAILS),
        )
        self.emit(event)

    def emit(self, event: Event) -> None:
        """Hand an event to every listener's queue."""
        for outlet, hears in self._outlets.now.values():
            outlet.put(event, hears() if hears is not None else None)

    def attach(
        self, listener: Sink, *, name: object = None, hears: Callable[[], Any] | None = None
    ) -> Callable[[], None]:
        """Add a listener; return what takes it away again.

        hears: called where an event is emitted, in that thread; the listener gets what it returns.
        """
        key = listener if name is None else name
        with self._turn:
            self._outlets.now = {**self._outlets.now, key: (Outlet(listener, self._treatment.of), hears)}
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
            outlets = dict(self._outlets.now)
            gone = outlets.pop(name, None)
            self._outlets.now = outlets
        if gone is not None:
            gone[0].close(seconds)

    def write_to(self, path: Path) -> None:
        """Have a file written that the person names, wherever it is. Raises UsageError `bad_events_file`."""
        place = FilePlace(self._root, path)
        place.require()
        self.attach(FileSink(place, EventSettings().file_bytes), name=path)

    def subscribe(self, subscriber: Callable[[Event], object]) -> Callable[[], None]:
        """Have a callable called with each event, in a thread of its own; return what ends that."""
        return self.attach(Subscriber(subscriber))

    def flush(self, seconds: float = FAREWELL) -> bool:
        """Wait until all is delivered that was emitted; return whether it is."""
        return self._each(Outlet.flush, seconds)

    def close(self, seconds: float = FAREWELL) -> bool:
        """Deliver what waits and end the threads; return whether that came about in time. Later events begin them."""
        return self._each(Outlet.close, seconds)

    def _each(self, end: Callable[[Outlet, float], bool], seconds: float) -> bool:
        until = time.monotonic() + seconds
        done = [end(outlet, max(0.0, until - time.monotonic())) for outlet, _ in self._outlets.now.values()]
        return all(done)

    def _now(self) -> str:
        """Return the time in milliseconds; in a burst it is that of the event before."""
        now = time.time_ns() // 1_000_000
        known, text = self._known_time
        if known != now:
            second, rest = divmod(now, 1_000)
            text = f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(second))}.{rest:03d}Z"
            self._known_time = (now, text)
        return text


def _forked() -> None:
    for events in list(_OPEN):
        events.forked()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
