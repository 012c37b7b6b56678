"""What the history knows of files that devkeel did not change: for how long, by whose word, and noted by whom."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from typing import Any

import pytest

from devkeel.project.root import Project
from devkeel.project.settings import Retention
from devkeel.transaction import EXTERNAL, FileChange, Record, Transactions, retention, sightings, store

Bench = Any
WATCHED = frozenset({"devenv.nix", "devenv.yaml"})
HAND = Record(EXTERNAL, "unknown", None, [], {}, "0" * 16, "1" * 16)


def publish(bench: Bench, text: str) -> int:
    texts = (bench.text(name) for name in ("devenv.nix", "devenv.yaml"))
    now, other = (None if item is None else item.encode() for item in texts)
    changes = [FileChange("devenv.nix", now, text.encode()), FileChange("devenv.yaml", other, other)]
    return int(bench.transactions.publish(changes, bench.record(), WATCHED).id)


@pytest.fixture
def project(bench: Bench) -> Bench:
    bench.write({"devenv.nix": "0\n", "devenv.yaml": "inputs: {}\n"})
    (bench.root / "devenv.yaml").chmod(0o600)
    return bench


def test_an_operation_shows_only_what_it_changed(project: Bench) -> None:
    number = publish(project, "1\n")
    operation = project.transactions.operation(number)
    assert [item.path for item in operation.files] == ["devenv.nix"]
    assert [item.path for item in project.transactions.images(operation)] == ["devenv.nix"]
    assert project.transactions.left()["devenv.yaml"].mode == 0o600
    assert project.transactions.damage() == []


def test_what_is_known_is_said_again_before_it_is_too_far_back(project: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sightings, "SAID_AGAIN", 3)
    monkeypatch.setattr(store, "REMEMBERED", 8)
    first = publish(project, "1\n")
    for n in range(12):
        publish(project, f"{n} more\n")
    found = project.transactions.left()["devenv.yaml"]
    assert found.operation > first + 8
    assert found.mode == 0o600
    (project.root / "devenv.yaml").write_text("inputs: { a: {} }\n")
    publish(project, "last\n")
    [noted] = project.transactions.history(kind=EXTERNAL)
    assert [item.before for item in project.transactions.images(noted)] == [b"inputs: {}\n"]


def test_what_is_known_outlasts_the_history(project: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "TRIM_EVERY", 1)
    project.transactions.close()
    project.transactions = Transactions(Project(project.root), keep=Retention(operations=2))
    for n in range(8):
        publish(project, f"{n} more\n")
    (project.root / "devenv.yaml").unlink()
    numbers = [publish(project, "last\n")]
    [noted] = project.transactions.history(kind=EXTERNAL)
    assert [item.before for item in project.transactions.images(noted)] == [b"inputs: {}\n"]
    numbers += [publish(project, f"{n} then\n") for n in range(4)]
    # the newest operation of a file stays, whoever it was
    assert noted.id in [item.id for item in project.transactions.history()]
    assert project.transactions.damage() == []


def test_the_history_is_bounded_where_every_second_operation_is_by_hand(
    project: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "TRIM_EVERY", 2)
    monkeypatch.setattr(retention, "TRIM_EVERY", 2)
    project.transactions.close()
    project.transactions = Transactions(Project(project.root), keep=Retention(operations=4))
    publish(project, "begin\n")
    for n in range(8):
        (project.root / "devenv.nix").write_text(f"{n} by hand\n")
        publish(project, f"{n}\n")
    assert len(project.transactions.history()) <= 6


def test_an_operation_that_was_given_up_says_nothing(project: Bench) -> None:
    number = publish(project, "1\n")
    with closing(sqlite3.connect(project.root / ".devkeel" / "state.db", isolation_level=None)) as connection:
        connection.execute("UPDATE operation SET state = 'abandoned' WHERE id = ?", (number,))
    project.seal_anew()
    assert project.fresh().left() == {}


def test_what_carries_no_seal_is_not_known(project: Bench) -> None:
    publish(project, "1\n")
    newest = publish(project, "2\n")
    with closing(sqlite3.connect(project.root / ".devkeel" / "state.db", isolation_level=None)) as connection:
        connection.execute("UPDATE file SET after_hash = ? WHERE path = 'devenv.yaml'", ("0" * 64,))
    found = project.fresh().left()
    assert found.keys() == {"devenv.nix"}
    assert found["devenv.nix"].operation == newest


def test_one_of_two_processes_notes_it(project: Bench) -> None:
    publish(project, "1\n")
    (project.root / "devenv.nix").write_text("by hand\n")
    both = [Transactions(Project(project.root)) for _ in range(2)]
    found: list[int | None] = []
    change = [FileChange("devenv.nix", b"1\n", b"by hand\n")]
    threads = [threading.Thread(target=lambda one=one: found.append(one.note(change, HAND))) for one in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one in both:
        one.close()
    assert sorted(item is None for item in found) == [False, True]


def test_what_is_another_one_by_then_is_not_noted(project: Bench) -> None:
    publish(project, "1\n")
    (project.root / "devenv.nix").write_text("later\n")
    assert project.transactions.note([FileChange("devenv.nix", b"1\n", b"earlier\n")], HAND) is None
    assert project.transactions.note([FileChange("never.nix", None, b"1\n")], HAND) is None
    assert len(project.transactions.history()) == 1
