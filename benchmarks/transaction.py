"""What a transaction costs against writing the same bytes by hand, and what a long history costs.

`python -m benchmarks.transaction [--rounds N]` prints a table. By hand means: a temporary file beside the target,
write, fsync, rename, fsync of the directory, for each file; no journal, no history, no comparison.
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from devkeel.project.root import Project
from devkeel.transaction import FileChange, Record, Transactions, files

if TYPE_CHECKING:
    from collections.abc import Callable

NAMES = ("devenv.nix", "devenv.yaml", "pyproject.toml")
SIZE = 4_000
LONG = 10_000


def record(kind: str = "edit", reverts: int | None = None) -> Record:
    return Record(kind, "benchmark", None, [], {}, "0" * 16, "1" * 16, reverts)  # type: ignore[arg-type]


def content(number: int) -> bytes:
    return (f"# {number}\n" * SIZE)[:SIZE].encode()


def by_hand(root: Path, names: tuple[str, ...], number: int) -> None:
    for name in names:
        temporary = root / f"{name}.tmp"
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        os.write(descriptor, content(number))
        os.fsync(descriptor)
        os.close(descriptor)
        temporary.rename(root / name)
        directory = os.open(root, os.O_RDONLY)
        os.fsync(directory)
        os.close(directory)


def published(transactions: Transactions, names: tuple[str, ...], number: int) -> None:
    changes = [FileChange(name, content(number - 1), content(number)) for name in names]
    transactions.publish(changes, record())


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def compare_publication(place: Path, names: tuple[str, ...], rounds: int) -> tuple[float, float]:
    """Return the medians of a publication and of writing by hand, in turns."""
    ours, plain = place / f"ours-{len(names)}", place / f"plain-{len(names)}"
    for root in (ours, plain):
        root.mkdir()
        for name in names:
            (root / name).write_bytes(content(0))
    times: tuple[list[float], list[float]] = ([], [])
    with Transactions(Project(ours)) as transactions:
        for number in range(1, rounds + 1):
            times[0].append(seconds(lambda number=number: published(transactions, names, number)))  # type: ignore[misc]
            times[1].append(seconds(lambda number=number: by_hand(plain, names, number)))  # type: ignore[misc]
    return statistics.median(times[0]), statistics.median(times[1])


def recovery(place: Path, rounds: int) -> float:
    """Return the median time to settle three files after a kill in the middle of their exchange."""
    times = []
    for number in range(rounds):
        root = place / f"recovery-{number}"
        root.mkdir()
        for name in NAMES:
            (root / name).write_bytes(content(0))
        if (child := os.fork()) == 0:
            files.hook = lambda step: os.kill(os.getpid(), signal.SIGKILL) if step == "verified" else None
            published(Transactions(Project(root)), NAMES, 1)
        os.waitpid(child, 0)
        with Transactions(Project(root)) as transactions:
            times.append(seconds(transactions.recover))
    return statistics.median(times)


def histories(place: Path, rounds: int) -> dict[int, tuple[float, float]]:
    """Return the medians of listing 20 operations and of an undo, by the length of the history."""
    found = {}
    for length in (10, LONG):
        root = place / f"history-{length}"
        root.mkdir()
        (root / "devenv.nix").write_bytes(content(0))
        with Transactions(Project(root)) as transactions:
            published(transactions, NAMES[:1], 1)
            store = transactions._store  # noqa: SLF001  (ten thousand publications take a minute)
            for number in range(length):
                store.end(store.begin(f"{number:016x}", "2026-01-01T00:00:00+00:00", record(), [], {}), "published", {})
            now, listing, undoing = 1, [], []
            for _ in range(rounds):
                now += 1
                published(transactions, NAMES[:1], now)
                listing.append(seconds(lambda: transactions.history(limit=20)))

                def undo(now: int = now) -> None:
                    newest = transactions.newest_undoable()
                    assert newest is not None
                    change = FileChange("devenv.nix", content(now), content(now - 1))
                    transactions.publish([change], record("undo", newest.id))

                undoing.append(seconds(undo))
                now -= 1
        found[length] = statistics.median(listing), statistics.median(undoing)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        place = Path(folder)
        print("| what | devkeel | beside it | ratio |\n| --- | --- | --- | --- |")
        for count in (1, 3):
            ours, plain = compare_publication(place, NAMES[:count], rounds)
            row = f"{ours * 1e3:.2f} ms | by hand {plain * 1e3:.2f} ms | {ours / plain:.2f}"
            print(f"| publish {count} file{'s' * (count > 1)} of {SIZE} bytes | {row} |")
        print(f"| recover 3 files after a kill | {recovery(place, max(3, rounds // 10)) * 1e3:.2f} ms | | |")
        found = histories(place, rounds)
        for number, what in enumerate(("list 20 operations", "undo")):
            short, long = found[10][number], found[LONG][number]
            print(
                f"| {what}, {LONG} operations | {long * 1e3:.2f} ms | 10: {short * 1e3:.2f} ms | {long / short:.2f} |"
            )


if __name__ == "__main__":
    main()
