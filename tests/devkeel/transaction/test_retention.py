"""How much history is kept: the oldest goes, what each file was left with never does."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import pytest

from devkeel.errors import UsageError
from devkeel.project.root import Project
from devkeel.project.settings import Retention
from devkeel.transaction import Transactions, store

Bench = Any


@pytest.fixture(autouse=True)
def _always(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "TRIM_EVERY", 1)


def keeping(bench: Bench, keep: Retention) -> Bench:
    bench.transactions.close()
    bench.transactions = Transactions(Project(bench.root), keep=keep)
    return bench


def blobs(bench: Bench) -> int:
    with closing(sqlite3.connect(bench.root / ".devkeel" / "state.db")) as connection:
        return int(connection.execute("SELECT count(*) FROM blob").fetchone()[0])


def age(bench: Bench, number: int) -> None:
    with closing(sqlite3.connect(bench.root / ".devkeel" / "state.db", isolation_level=None)) as connection:
        connection.execute("UPDATE operation SET time = '2020-01-01T00:00:00+00:00' WHERE id <= ?", (number,))


def test_the_count_is_bounded_and_contents_go_with_their_operations(bench: Bench) -> None:
    keeping(bench, Retention(operations=3))
    numbers = [bench.edit("devenv.nix", f"{n}\n") for n in range(8)]
    assert [item.id for item in bench.transactions.history()] == numbers[:-4:-1]
    # the three after-images and what the oldest of the three replaced
    assert blobs(bench) == 4
    with pytest.raises(UsageError):
        bench.transactions.operation(numbers[0])
    assert bench.edit("devenv.nix", "next\n") == numbers[-1] + 1


def test_what_a_file_was_left_with_is_never_dropped(bench: Bench) -> None:
    keeping(bench, Retention(operations=2, bytes=1))
    first = bench.edit("devenv.yaml", "kept\n")
    for n in range(6):
        bench.edit("devenv.nix", f"{n}\n")
    operation = bench.transactions.operation(first)
    assert bench.transactions.images(operation)[0].after == b"kept\n"
    bench.reverse(first, "undo")
    assert bench.text("devenv.yaml") is None


def test_what_is_too_old_goes(bench: Bench) -> None:
    keeping(bench, Retention(days=30))
    numbers = [bench.edit("devenv.nix", f"{n}\n") for n in range(4)]
    age(bench, numbers[1])
    bench.edit("devenv.nix", "new\n")
    assert [item.id for item in bench.transactions.history()] == [numbers[3] + 1, numbers[3], numbers[2]]


def test_the_bytes_are_bounded(bench: Bench) -> None:
    import random

    keeping(bench, Retention(bytes=200_000))
    for n in range(60):
        bench.edit("devenv.nix", random.Random(n).randbytes(10_000).hex())
    file = bench.root / ".devkeel" / "state.db"
    bench.transactions.close()
    assert file.stat().st_size < 600_000
    assert bench.fresh().history()


def test_undo_and_redo_go_on_over_what_was_dropped(bench: Bench) -> None:
    keeping(bench, Retention(operations=2))
    edit = bench.edit("devenv.nix", "new\n")
    number = edit
    for turn in range(6):
        number = bench.reverse(number, "redo" if turn % 2 else "undo")
    assert bench.text("devenv.nix") == "new\n"
    assert bench.transactions.newest_undo() is None
    undoable = bench.transactions.newest_undoable()
    assert undoable is not None
    assert undoable.id == number
