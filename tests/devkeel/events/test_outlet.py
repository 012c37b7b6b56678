"""The queue of a listener: bounded, counted, in order, whoever is slow, fails or ends."""

from __future__ import annotations

import asyncio
import gc
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from devkeel.events import outlet as outlets
from devkeel.events.bus import Events
from devkeel.events.event import Event
from devkeel.events.outlet import Outlet
from devkeel.system import precedence

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from devkeel.events.outlet import Handed


def event(number: int) -> Event:
    return Event(schema=1, id=f"{number}", time="", kind="started", project="", operation=number)


class Gate:
    """A listener that takes nothing before it is opened; those in `fails` raise instead."""

    def __init__(self, *fails: int) -> None:
        self.entered, self.opened = threading.Event(), threading.Event()
        self.taken: list[Event] = []
        self._fails = set(fails)
        self._round = 0

    def deliver(self, handed: Sequence[Handed]) -> int:
        self.entered.set()
        assert self.opened.wait(60)
        self._round += 1
        if self._round in self._fails:
            raise RuntimeError
        self.taken += [event for event, _ in handed]
        return 0


def test_what_does_not_fit_is_given_up_and_the_next_event_says_how_many() -> None:
    gate = Gate()
    outlet = Outlet(gate, list, bound=10)
    outlet.put(event(0))
    assert gate.entered.wait(60)
    for number in range(1, 41):
        outlet.put(event(number))
    gate.opened.set()
    assert outlet.flush(60)
    outlet.put(event(41))
    assert outlet.close(60)
    assert [item.operation for item in gate.taken] == [*range(11), 41]
    assert [item.lost for item in gate.taken] == [*[0] * 11, 30]


def test_what_a_listener_fails_at_is_counted_too() -> None:
    gate = Gate(1)
    gate.opened.set()
    outlet = Outlet(gate, list)
    for number in range(3):
        outlet.put(event(number))
    assert outlet.flush(60)
    outlet.put(event(3))
    assert outlet.close(60)
    assert [(item.operation, item.lost) for item in gate.taken] == [(3, 3)]


@pytest.mark.parametrize("ends", [SystemExit, KeyboardInterrupt, asyncio.CancelledError, GeneratorExit, ValueError])
def test_a_subscriber_that_ends_its_thread_gets_the_next_event_and_what_failed_is_counted(
    tmp_path: Path, ends: type[BaseException]
) -> None:
    got: list[Event] = []
    events = Events(tmp_path)

    def take(event: Event) -> None:
        if event.operation == 1:
            raise ends
        got.append(event)

    events.subscribe(take)
    for number in range(1, 5):
        events.tell("started", {"operation": number})
        assert events.flush(60)
    assert events.close(60)
    assert [(item.operation, item.lost) for item in got] == [(2, 1), (3, 0), (4, 0)]


def test_a_listener_and_the_masking_that_end_their_thread_are_counted_and_go_on() -> None:
    taken: list[Event] = []
    rounds = iter(range(10))

    class Ending:
        def deliver(self, handed: Sequence[Handed]) -> int:
            if next(rounds) == 0:
                sys.exit()
            taken.extend(event for event, _ in handed)
            return 0

    def treat(events: Sequence[Event]) -> list[Event]:
        if events[0].operation == 2:
            sys.exit()
        return list(events)

    outlet = Outlet(Ending(), treat)
    for number in range(1, 4):
        outlet.put(event(number))
        assert outlet.flush(60)
    assert outlet.close(60)
    assert [(item.operation, item.lost) for item in taken] == [(3, 2)]


def test_a_burst_is_delivered_at_once(tmp_path: Path) -> None:
    gate = Gate()
    events = Events(tmp_path)
    sizes: list[int] = []

    class Counting:
        def deliver(self, handed: Sequence[Handed]) -> int:
            sizes.append(len(handed))
            return gate.deliver(handed)

    events.attach(Counting())
    events.tell("started", {})
    assert gate.entered.wait(60)
    for _ in range(3_000):
        events.tell("started", {})
    gate.opened.set()
    assert events.close(60)
    assert sizes == [1, 3_000]


def test_a_listener_gets_nothing_while_a_publication_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlets, "_GIVE_WAY", 3_600.0)
    gate, busy = Gate(), list[bool]()
    gate.opened.set()

    def treat(events: Sequence[Event]) -> list[Event]:
        busy.append(precedence.is_busy())
        return list(events)

    outlet = Outlet(gate, treat)
    with precedence.First():
        outlet.put(event(1))
        assert not gate.entered.wait(0.2)
    assert gate.entered.wait(60)
    assert outlet.close(60)
    assert busy == [False]


def test_a_publication_that_does_not_end_keeps_no_event_from_its_listener() -> None:
    gate = Gate()
    gate.opened.set()
    outlet = Outlet(gate, list)
    with precedence.First():
        outlet.put(event(1))
        assert gate.entered.wait(60)
    assert outlet.close(60)


def test_who_waits_for_a_listener_and_a_queue_that_fills_wait_for_no_publication(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outlets, "_GIVE_WAY", 3_600.0)
    gate = Gate()
    gate.opened.set()
    outlet = Outlet(gate, list, bound=10)
    with precedence.First():
        outlet.put(event(1))
        assert outlet.flush(60)
        gate.entered.clear()
        for number in range(2, 8):
            outlet.put(event(number))
        assert gate.entered.wait(60)
        assert outlet.close(60)
    assert [(item.operation, item.lost) for item in gate.taken] == [(number, 0) for number in range(1, 8)]


def test_many_threads_lose_nothing_and_each_keeps_its_order(tmp_path: Path) -> None:
    taken: list[Event] = []
    events = Events(tmp_path)
    events.subscribe(taken.append)

    def work(name: str) -> None:
        for number in range(2_000):
            events.tell("started", {"actor": name, "operation": number})

    threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert events.close(60)
    assert len({item.id for item in taken}) == 8_000
    for name in "abcd":
        own = [item for item in taken if item.actor == name]
        assert [item.operation for item in own] == list(range(2_000))
        assert [item.id for item in own] == sorted(item.id for item in own)


def test_who_unsubscribes_gets_no_more_and_a_closed_bus_begins_again(tmp_path: Path) -> None:
    first, second = list[Event](), list[Event]()
    events = Events(tmp_path)
    leave = events.subscribe(first.append)
    events.subscribe(second.append)
    events.tell("started", {})
    leave()
    leave()
    assert events.close(60)
    events.tell("failed", {})
    assert events.close(60)
    assert [item.kind for item in second] == ["started", "failed"]
    assert "failed" not in [item.kind for item in first]


def test_events_that_nobody_closed_leave_no_thread(tmp_path: Path) -> None:
    others = set(threading.enumerate())
    events, done = Events(tmp_path), threading.Event()
    events.subscribe(lambda _: done.set())
    events.tell("started", {})
    assert done.wait(60)
    mine = set(threading.enumerate()) - others
    assert mine
    del events
    gc.collect()
    for thread in mine:
        thread.join(60)
        assert not thread.is_alive()


def test_an_event_of_a_signal_handler_is_told_whatever_it_interrupts(tmp_path: Path) -> None:
    code = """
import signal, sys
from pathlib import Path
from devkeel.events import outlet as outlets
from devkeel.events.bus import Events
events, taken = Events(Path(sys.argv[1])), []
events.subscribe(taken.append)
signal.signal(signal.SIGALRM, lambda *_: events.tell("failed", {}))
signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
for _ in range(5_000):
    events.tell("started", {})
signal.setitimer(signal.ITIMER_REAL, 0)
assert events.close(60)
assert sum(item.kind == "started" for item in taken) == 5_000
assert any(item.kind == "failed" for item in taken)
"""
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, timeout=120)
    assert signal.getsignal(signal.SIGALRM) is signal.SIG_DFL
