"""What ten thousand events a second cost a publication that goes on beside them, in the same process.

`python -m benchmarks.events [--rounds N] [--rate N]` prints a table. Each round makes the same change three times, in
an order that turns: with the events, without, and without again. The second pair is the publication beside itself: how
far the median and the mean of its ratios may lie from 1 by chance is the spread of each. Ends with 1 where the events
cost a median or a mean more than that and 5%, or where they were not written at the rate: a burst that every twentieth
publication meets is in the mean, and no median shows it.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import sys
import tempfile
import threading
import time
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING

from devkeel.api import Environment
from devkeel.edits.vocabulary import parse_edits
from devkeel.events.bus import Events
from devkeel.events.file_sink import FileSink
from devkeel.project.root import Project
from devkeel.state.lines import FilePlace
from devkeel.transaction import FileChange, Record, Transactions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

HOLD = 0.05
RATE = 10_000
# How far behind the rate the load may be for it to count.
SLACK = 0.05
_TICK = 0.01
_SETTLE = 0.05
_SIZE = 1 << 34
DECLARATION = "{ pkgs, ... }:\n\n{\n  packages = [ pkgs.git pkgs.jq ];\n  env.ROUND = 0;\n}\n"
# What the agents of many projects would do: few callers and kinds, many files, revisions and reasons.
KINDS = ("proposed", "checked", "published", "started", "failed")
ACTORS = tuple(f"agent-{number} 1.{number}" for number in range(8))
REASONS = tuple(f"the job number {number} of the tests wants another version of its database" for number in range(200))


class Load:
    """Emits events at a rate while it is on, in a thread of its own."""

    def __init__(self, events: Events, rate: int) -> None:
        self.emitted, self.seconds = 0, 0.0
        self._events, self._rate = events, rate
        self._on, self._ended = threading.Event(), threading.Event()
        self._idle = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def on(self) -> None:
        self._idle.clear()
        self._on.set()

    def off(self) -> None:
        self._on.clear()
        self._idle.wait()
        assert self._events.flush(60)

    def end(self) -> None:
        self._ended.set()
        self._on.set()
        self._thread.join()

    def _run(self) -> None:
        details = (
            {"edits": [{"kind": "set", "path": "services.redis.port"}]},
            {"ran": ("syntax", "schema"), "ok": True},
        )
        facts = cycle(
            {
                "actor": ACTORS[number % len(ACTORS)],
                "action": "edit",
                "operation": number,
                "revision": f"{number:016x}",
                "files": ("devenv.nix", f"nix/part-{number % 50}.nix"),
                "seconds": 0.25,
                "reason": REASONS[number % len(REASONS)],
                **({"details": details[number % len(KINDS)]} if number % len(KINDS) < len(details) else {}),
            }
            for number in range(1_000)
        )
        kinds = cycle(KINDS)
        while True:
            self._on.wait()
            if self._ended.is_set():
                return
            start, count = time.perf_counter(), 0
            while self._on.is_set():
                due = int((time.perf_counter() - start + _TICK) * self._rate) - count
                for kind, fact in zip(kinds, islice(facts, due), strict=False):
                    self._events.tell(kind, fact)  # type: ignore[arg-type]
                count += due
                time.sleep(_TICK)
            self.seconds += time.perf_counter() - start
            self.emitted += count
            self._idle.set()


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def changes(root: Path) -> Callable[[], object]:
    """Return what changes an option: the edit, the text rungs, and the publication."""
    (root / "devenv.nix").write_text(DECLARATION)
    environment = Environment(root, actor="benchmark")
    numbers = iter(range(1, sys.maxsize))

    def change() -> None:
        edits = parse_edits([{"kind": "set", "path": "env.ROUND", "value": next(numbers)}])
        assert environment.change(edits, level="schema").published

    return change


def publications(root: Path) -> Callable[[], object]:
    """Return what publishes a file: the transaction alone."""
    name, numbers = "devenv.nix", iter(range(1, sys.maxsize))
    (root / name).write_bytes(b"# 0\n")
    transactions = Transactions(Project(root))

    def publish() -> None:
        number = next(numbers)
        record = Record("edit", "benchmark", None, [], {}, "0" * 16, "1" * 16, None)
        transactions.publish([FileChange(name, b"# %d\n" % (number - 1), b"# %d\n" % number)], record)

    return publish


def rounds_of(work: Callable[[], object], load: Load, rounds: int) -> list[dict[str, float]]:
    """Return the seconds of each round: with the load, without, and without again, in turning order."""
    found = []
    for number in range(rounds):
        times: dict[str, float] = {}
        names = ("with", "without", "again")
        for name in (*names[number % 3 :], *names[: number % 3]):
            if name == "with":
                load.on()
            # Each begins after the same rest: what follows one at once finds warmer caches.
            time.sleep(_SETTLE)
            times[name] = timed(work)
            if name == "with":
                load.off()
        found.append(times)
    return found


def spread(ratios: Sequence[float]) -> float:
    """Return how far the median of ratios may lie from 1 by chance, to 95%.

    By order statistics: the median of the distribution lies between those of the ranks n/2 -+ 1.96 sqrt(n)/2 (Conover,
    Practical Nonparametric Statistics, section 3.2).
    """
    ordered: list[float] = sorted(ratios)
    count = len(ordered)
    reach = 1.96 * math.sqrt(count) / 2
    low, high = ordered[max(0, round(count / 2 - reach))], ordered[min(count - 1, round(count / 2 + reach))]
    return max(abs(low - 1), abs(high - 1))


def mean_ratio(found: Sequence[dict[str, float]], name: str) -> float:
    """Return the mean of the seconds under a name by that without events."""
    return statistics.fmean(item[name] for item in found) / statistics.fmean(item["without"] for item in found)


def mean_spread(found: Sequence[dict[str, float]]) -> float:
    """Return how far the mean of pairs without events may lie from 1 by chance, to 95%."""
    mean = statistics.fmean(item["without"] for item in found)
    apart = [(item["again"] - item["without"]) / mean for item in found]
    reach = 1.96 * statistics.stdev(apart) / math.sqrt(len(apart)) if len(apart) > 1 else 0.0
    return abs(statistics.fmean(apart)) + reach


def tail_ratio(found: Sequence[dict[str, float]], name: str) -> float:
    """Return what nineteen of twenty stay below, by the same without events."""

    def tail(column: str) -> float:
        ordered: list[float] = sorted(item[column] for item in found)
        return ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]

    return tail(name) / tail("without")


def main(rounds: int, rate: int, hold: float = HOLD, slack: float = SLACK) -> int:
    failed = False
    titles = ("ms", "ratio", "spread", "mean", "spread", "tail", "again")
    print(f"{'beside':<14}{''.join(f'{item:>8}' for item in titles)}{'events/s':>10}{'written':>9}{'lost':>6}  verdict")
    for title, prepare in (("change", changes), ("publication", publications)):
        with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
            root, path = Path(folder) / "project", Path(folder) / "events.jsonl"
            root.mkdir()
            path.touch(0o600)
            work = prepare(root)
            events = Events(root)
            events.attach(FileSink(FilePlace(root, path), _SIZE))
            load = Load(events, rate)
            for _ in range(3):
                work()
            found = rounds_of(work, load, rounds)
            load.end()
            events.close()
            with path.open("rb") as file:
                written, lost = 0, 0
                for line in file:
                    written, lost = written + 1, lost + json.loads(line).get("lost", 0)
        ratio = statistics.median(item["with"] / item["without"] for item in found)
        chance = spread([item["again"] / item["without"] for item in found])
        reached = written / max(load.seconds, _TICK)
        mean, mean_chance = mean_ratio(found, "with"), mean_spread(found)
        told = {
            "slower": ratio > 1 + hold + chance or mean > 1 + hold + mean_chance,
            "too few": reached < rate * (1 - slack),
            "not accounted for": written + lost != load.emitted,
        }
        took = statistics.median(item["without"] for item in found) * 1_000
        ratios = (ratio, chance, mean, mean_chance, tail_ratio(found, "with"), tail_ratio(found, "again"))
        verdict = ", ".join(name for name, wrong in told.items() if wrong) or "held"
        columns = "".join(f"{item:>8.3f}" for item in ratios)
        print(f"{title:<14}{took:>8.1f}{columns}{reached:>10.0f}{written:>9}{lost:>6}  {verdict}")
        failed |= any(told.values())
    return int(failed)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=150)
    parser.add_argument("--rate", type=int, default=RATE)
    given = parser.parse_args()
    sys.exit(main(given.rounds, given.rate))
