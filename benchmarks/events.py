"""What ten thousand events a second cost a publication that goes on beside them.

`python -m benchmarks.events [--rounds N] [--rate N]` prints a table. The events come from a thread of the same process,
as those of a server with many clients, and from four other processes that write into the same file, as those of agents
that have a server each. Each round publishes several times in four ways, in an order that turns: with the events; with
the same made, but nobody who listens; with none; and with none again. The last two are the publication beside itself:
how far the median and the mean of their ratios may lie from 1 by chance is the spread of each. Before each publication
is a rest of random length, so that none keeps step with what writes the events.

Ends with 1 where the events cost a median or a mean more than that and 5%, beside none at all, or where they were not
written at the rate: a burst that every twentieth publication meets is in the mean, and no median shows it.
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import random
import statistics
import sys
import tempfile
import threading
import time
from itertools import cycle, islice, product
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
    from multiprocessing.connection import Connection

HOLD = 0.05
RATE = 10_000
# How far behind the rate the load may be for it to count.
SLACK = 0.05
_TICK = 0.01
# The rest before a publication is up to so many seconds. So a way takes longer than a listener lets events gather.
_REST = 0.15
_EACH = 8
_PROCESSES = 4
WAYS = ("with", "unheard", "without", "again")
_SIZE = 1 << 34
DECLARATION = "{ pkgs, ... }:\n\n{\n  packages = [ pkgs.git pkgs.jq ];\n  env.ROUND = 0;\n}\n"
# What the agents of many projects would do: few callers and kinds, many files, revisions and reasons.
KINDS = ("proposed", "checked", "published", "started", "failed")
ACTORS = tuple(f"agent-{number} 1.{number}" for number in range(8))
REASONS = tuple(f"the job number {number} of the tests wants another version of its database" for number in range(200))


# The seconds of each publication of a round, by the way in which it was made.
Round = dict[str, list[float]]


class Load:
    """Emits events at a rate while it is on, in a thread of its own; counts those that somebody hears.

    root: of the project. path: of the file that they are written to.
    """

    def __init__(self, root: Path, path: Path, rate: int) -> None:
        self.emitted, self.seconds = 0, 0.0
        self._rate, self._heard = rate, True
        self._events, self._silent = Events(root), Events(root)
        self._events.attach(FileSink(FilePlace(root, path), _SIZE))
        self._on, self._ended = threading.Event(), threading.Event()
        self._idle = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def on(self, *, heard: bool) -> None:
        self._heard = heard
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
        self._events.close()

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
            events = self._events if self._heard else self._silent
            start, count = time.perf_counter(), 0
            while self._on.is_set():
                due = int((time.perf_counter() - start + _TICK) * self._rate) - count
                for kind, fact in zip(kinds, islice(facts, due), strict=False):
                    events.tell(kind, fact)  # type: ignore[arg-type]
                count += due
                time.sleep(_TICK)
            if self._heard:
                self.seconds += time.perf_counter() - start
                self.emitted += count
            self._idle.set()


class Loads:
    """The same, from processes that share the rate and the file."""

    def __init__(self, root: Path, path: Path, rate: int) -> None:
        self.emitted, self.seconds = 0, 0.0
        self._pipes: list[Connection] = []
        spawning = multiprocessing.get_context("spawn")
        for _ in range(_PROCESSES):
            here, there = spawning.Pipe()
            self._pipes.append(here)
            arguments = (there, root, path, rate // _PROCESSES)
            spawning.Process(target=obey, args=arguments, daemon=True).start()
        self._all("ready")

    def on(self, *, heard: bool) -> None:
        self._all("heard" if heard else "unheard")

    def off(self) -> None:
        self._all("off")

    def end(self) -> None:
        counts = self._all("end")
        self.emitted, self.seconds = sum(item[0] for item in counts), max(item[1] for item in counts)

    def _all(self, order: str) -> list[tuple[int, float]]:
        for pipe in self._pipes:
            pipe.send(order)
        return [pipe.recv() for pipe in self._pipes]


def obey(pipe: Connection, root: Path, path: Path, rate: int) -> None:
    """Emit events in this process as another one orders it, and answer each order with what was emitted."""
    load = Load(root, path, rate)
    order = ""
    while order != "end":
        order = pipe.recv()
        if order in {"heard", "unheard"}:
            load.on(heard=order == "heard")
        elif order == "off":
            load.off()
        elif order == "end":
            load.end()
        pipe.send((load.emitted, load.seconds))


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


def rounds_of(work: Callable[[], object], load: Load | Loads, rounds: int) -> list[Round]:
    """Return the seconds of each publication of each round."""
    found = []
    chance = random.Random(0)
    for number in range(rounds):
        times: Round = {}
        turn = number % len(WAYS)
        for name in (*WAYS[turn:], *WAYS[:turn]):
            if name in {"with", "unheard"}:
                load.on(heard=name == "with")
            times[name] = []
            for _ in range(_EACH):
                time.sleep(chance.uniform(0, _REST))
                times[name].append(timed(work))
            if name in {"with", "unheard"}:
                load.off()
        found.append(times)
    return found


def ratios_of(found: Sequence[Round], name: str) -> list[float]:
    """Return for each round the time under a name by that without events."""
    return [statistics.fmean(item[name]) / statistics.fmean(item["without"]) for item in found]


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


def mean_ratio(found: Sequence[Round], name: str) -> float:
    """Return the mean of the seconds under a name by that without events."""
    return statistics.fmean(_all(found, name)) / statistics.fmean(_all(found, "without"))


def mean_spread(found: Sequence[Round]) -> float:
    """Return how far the mean of pairs without events may lie from 1 by chance, to 95%."""
    mean = statistics.fmean(_all(found, "without"))
    apart = [(statistics.fmean(item["again"]) - statistics.fmean(item["without"])) / mean for item in found]
    reach = 1.96 * statistics.stdev(apart) / math.sqrt(len(apart)) if len(apart) > 1 else 0.0
    return abs(statistics.fmean(apart)) + reach


def tail_ratio(found: Sequence[Round], name: str) -> float:
    """Return what nineteen of twenty stay below, by the same without events."""

    def tail(column: str) -> float:
        ordered: list[float] = sorted(_all(found, column))
        return ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]

    return tail(name) / tail("without")


def _all(found: Sequence[Round], name: str) -> list[float]:
    return [seconds for item in found for seconds in item[name]]


def lines_of(path: Path) -> tuple[int, int]:
    """Return how many events are in a file, and how many more they say were lost."""
    written, lost = 0, 0
    with path.open("rb") as file:
        for line in file:
            written, lost = written + 1, lost + json.loads(line).get("lost", 0)
    return written, lost


WORKS = (("change", changes), ("publication", publications))
PLACES: tuple[tuple[str, type[Load | Loads]], ...] = (("thread", Load), ("processes", Loads))


def main(rounds: int, rate: int, hold: float = HOLD, slack: float = SLACK) -> int:
    failed = False
    titles = ("ms", "ratio", "spread", "mean", "spread", "unheard", "tail", "again")
    print(f"{'beside':<24}{''.join(f'{item:>8}' for item in titles)}{'events/s':>10}{'written':>9}{'lost':>6}  verdict")
    for (title, prepare), (place, kind) in product(WORKS, PLACES):
        with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
            root, path = Path(folder) / "project", Path(folder) / "events.jsonl"
            root.mkdir()
            path.touch(0o600)
            work = prepare(root)
            load = kind(root, path, rate)
            for _ in range(3):
                work()
            found = rounds_of(work, load, rounds)
            load.end()
            written, lost = lines_of(path)
        ratio, chance = statistics.median(ratios_of(found, "with")), spread(ratios_of(found, "again"))
        unheard = statistics.median(ratios_of(found, "unheard"))
        reached = written / max(load.seconds, _TICK)
        mean, mean_chance = mean_ratio(found, "with"), mean_spread(found)
        told = {
            "slower": ratio > 1 + hold + chance or mean > 1 + hold + mean_chance,
            "too few": reached < rate * (1 - slack),
            "not accounted for": written + lost != load.emitted,
        }
        took = statistics.median(_all(found, "without")) * 1_000
        ratios = (ratio, chance, mean, mean_chance, unheard, tail_ratio(found, "with"), tail_ratio(found, "again"))
        verdict = ", ".join(name for name, wrong in told.items() if wrong) or "held"
        columns = "".join(f"{item:>8.3f}" for item in ratios)
        print(
            f"{title + ' ' + place:<24}{took:>8.1f}{columns}{reached:>10.0f}{written:>9}{lost:>6}  {verdict}",
            flush=True,
        )
        failed |= any(told.values())
    return int(failed)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--rate", type=int, default=RATE)
    given = parser.parse_args()
    sys.exit(main(given.rounds, given.rate))
