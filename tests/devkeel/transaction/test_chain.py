"""The chain: what it finds of changes in part, what it finds against a head, and what it survives."""

from __future__ import annotations

import shutil
import threading
from typing import TYPE_CHECKING, Any

import pytest

from devkeel.errors import ProjectError, StateError, UsageError
from devkeel.project.root import Project
from devkeel.project.settings import Retention
from devkeel.transaction import FileChange, Record, Transactions, chain, store
from devkeel.transaction.chain import GENESIS

from .records import as_version_2, changed, opened, rewritten

if TYPE_CHECKING:
    from pathlib import Path

Bench = Any


@pytest.fixture
def five(bench: Bench) -> Bench:
    """A project with five operations, of which the last two change one file in turns."""
    for n in range(3):
        bench.edit(f"{n}.nix", f"{n}\n", reason=f"because {n}")
    bench.reverse(3, "undo")
    bench.edit("0.nix", "newer\n")
    bench.transactions.close()
    return bench


def exchanged(table: str, column: str) -> list[str]:
    """Return what exchanges operations 1 and 2 in a table."""
    return [f"UPDATE {table} SET {column} = {to} WHERE {column} = {of}" for of, to in ((1, -1), (2, 1), (-1, 2))]  # noqa: S608


def codes(bench: Bench, head: str | None = None) -> set[str]:
    found = bench.fresh().verify(head)
    assert found.ok == (not found.faults)
    assert found.total >= len(found.faults)
    return {item.code for item in found.faults}


def test_a_project_without_records_has_nothing_to_find_and_gets_none(bench: Bench) -> None:
    found = bench.transactions.verify()
    assert found.ok
    assert found.head == chain.ChainHead(0, GENESIS)
    assert bench.transactions.head() == found.head
    assert list(bench.root.iterdir()) == []


def test_a_history_as_it_was_written_is_whole(five: Bench) -> None:
    found = five.fresh().verify()
    assert found.ok, found.faults
    assert (found.operations, found.dropped, found.begun) == (5, 0, None)
    assert found.head == five.transactions.head()
    assert found.head.operation == 5
    assert found.contents == 4


TAMPERED = {
    "a reason": "UPDATE operation SET reason = 'another' WHERE id = 2",
    "an actor": "UPDATE operation SET actor = 'nobody' WHERE id = 2",
    "a time": "UPDATE operation SET time = '2020-01-01T00:00:00+00:00' WHERE id = 2",
    "edits": "UPDATE operation SET edits = '[]' WHERE id = 2",
    "a report": "UPDATE operation SET report = '{}' WHERE id = 2",
    "a state": "UPDATE operation SET state = 'abandoned' WHERE id = 2",
    "a value of another kind": "UPDATE operation SET reason = x'00ff' WHERE id = 2",
    "a mode": "UPDATE file SET mode_after = 511 WHERE operation = 2",
    "a path": "UPDATE file SET path = 'other.nix' WHERE operation = 2",
    "a hash": "UPDATE file SET after_hash = before_hash WHERE operation = 2",
    "a file more": "INSERT INTO file VALUES (2, 7, 'more.nix', NULL, NULL, NULL, NULL)",
    "a file of no operation": "UPDATE file SET operation = 'two' WHERE operation = 2",
    "a file less": "DELETE FROM file WHERE operation = 2",
    "an operation less": "DELETE FROM operation WHERE id = 2",
    "an operation more": "INSERT INTO operation SELECT 9, 'ffff', state, time, kind, actor, reason, edits, report,"
    " revision_before, revision_after, NULL, 9, 1, mark FROM operation WHERE id = 2",
    "a link": "UPDATE link SET digest = previous WHERE operation = 2",
    "what a link follows": "UPDATE link SET previous = digest WHERE operation = 2",
    "a link that is called dropped": "UPDATE link SET dropped = 1 WHERE operation = 2",
    "a link less": "DELETE FROM link WHERE operation = 2",
    "an anchor": "INSERT INTO anchor VALUES (1, 0, printf('%064d', 0), 7, NULL, NULL, NULL, '')",
    "a content": "UPDATE blob SET data = x'00'",
    "a content that nobody has": "INSERT INTO blob VALUES ('x', x'00')",
    "a content less": "DELETE FROM blob WHERE hash = (SELECT after_hash FROM file WHERE operation = 2)",
}


@pytest.mark.parametrize("statement", TAMPERED.values(), ids=TAMPERED)
def test_what_was_changed_in_part_is_found(five: Bench, statement: str) -> None:
    changed(five.root, statement)
    assert codes(five)


def test_a_content_without_a_hash_hides_none_that_is_missing(five: Bench) -> None:
    changed(five.root, "DELETE FROM blob WHERE hash = (SELECT after_hash FROM file WHERE operation = 2)")
    changed(five.root, "INSERT INTO blob VALUES (NULL, x'00')")
    assert codes(five) == {"content_missing", "content_changed"}


def test_an_operation_that_was_taken_out_with_its_link_is_found(five: Bench) -> None:
    changed(five.root, "DELETE FROM link WHERE operation = 2", "DELETE FROM file WHERE operation = 2")
    changed(five.root, "DELETE FROM operation WHERE id = 2")
    found = five.fresh().verify()
    assert [(item.code, item.operation) for item in found.faults] == [("chain_broken", 3)]


def test_operations_that_changed_places_are_found(five: Bench) -> None:
    changed(five.root, *exchanged("operation", "id"), *exchanged("file", "operation"), *exchanged("link", "operation"))
    assert codes(five) >= {"operation_changed", "operation_unsealed", "chain_broken"}


def test_the_newest_operation_is_judged_also_where_it_is_not_believed(five: Bench) -> None:
    changed(five.root, "UPDATE operation SET reason = 'x' WHERE id = 5")
    assert codes(five) >= {"operation_changed", "operation_unsealed"}
    with pytest.raises(StateError) as caught:
        list(five.fresh().export())
    assert caught.value.code == "foreign_records"


def test_a_tail_that_was_cut_is_found_against_a_head(five: Bench) -> None:
    head = five.fresh().head().hash
    five.transactions.close()
    changed(five.root, "DELETE FROM file WHERE operation = 5", "DELETE FROM link WHERE operation = 5")
    changed(
        five.root,
        "DELETE FROM operation WHERE id = 5",
        "DELETE FROM blob WHERE hash NOT IN (SELECT after_hash FROM file)",
    )
    assert codes(five) == {"history_cut"}
    assert codes(five, head) == {"head_unknown", "history_cut"}
    # What is known outside of the project is of its end alone, which the next write makes anew.
    five.fresh()
    five.edit("0.nix", "after\n")
    assert codes(five) == set()
    assert codes(five, head) == {"head_unknown"}


DOWNGRADE = ("DROP TABLE link", "DROP TABLE anchor", "DROP TABLE refusal", "PRAGMA user_version = 2")


def test_a_chain_that_was_taken_away_is_found_before_and_after_the_next_write(five: Bench) -> None:
    head = five.fresh().head().hash
    five.transactions.close()
    changed(five.root, "DELETE FROM file WHERE operation = 3", "DELETE FROM operation WHERE id = 3", *DOWNGRADE)
    assert codes(five) == {"history_cut"}
    assert codes(five, head) == {"head_unknown", "history_cut"}
    five.fresh()
    five.edit("0.nix", "after\n")
    assert codes(five) == {"history_cut"}


def test_a_head_is_not_found_in_records_without_a_chain(five: Bench) -> None:
    head = five.fresh().head().hash
    five.transactions.close()
    as_version_2(five.root)
    assert codes(five) == set()
    assert codes(five, head) == {"head_unknown"}


def test_records_that_are_gone_and_older_ones_that_were_put_back_are_found(five: Bench, tmp_path: Path) -> None:
    file = five.root / ".devkeel" / "state.db"
    older = tmp_path / "older.db"
    with opened(five.root) as connection:
        connection.execute("VACUUM INTO ?", (str(older),))
    five.fresh()
    five.edit("0.nix", "newer still\n")
    five.transactions.close()
    for name in ("state.db-wal", "state.db-shm"):
        file.with_name(name).unlink(missing_ok=True)
    shutil.copyfile(older, file)
    assert codes(five) == {"history_cut"}
    five.transactions.close()
    for path in file.parent.glob("state.db*"):
        path.unlink()
    assert codes(five) == {"history_cut"}


def test_a_copy_of_a_project_and_one_that_was_moved_are_as_they_were_written(five: Bench, tmp_path: Path) -> None:
    five.transactions.close()
    copy = tmp_path / "copy"
    shutil.copytree(five.root, copy)
    five.fresh()
    five.edit("0.nix", "newer still\n")
    with Transactions(Project(copy)) as other:
        assert other.verify().ok
    five.transactions.close()
    five.root.rename(tmp_path / "moved")
    with Transactions(Project(tmp_path / "moved")) as other:
        assert other.verify().ok


def test_whoever_has_the_key_is_found_against_a_head_alone(five: Bench) -> None:
    head = five.fresh().head()
    five.transactions.close()
    rewritten(five.root, 2, "never was\n")
    assert codes(five) == set()
    assert codes(five, head.hash) == {"head_unknown"}
    assert codes(five, f"{head.operation}:{head.hash}") == {"head_unknown"}


def test_a_head_from_before_says_how_many_came_after_it(five: Bench) -> None:
    head = five.fresh().head()
    for n in range(3):
        five.edit("0.nix", f"later {n}\n")
    found = five.fresh().verify(f"#{head.operation} {head.hash.upper()}")
    assert found.ok
    assert found.since_head == 3
    assert five.transactions.verify(five.transactions.head().hash).since_head == 0


@pytest.mark.parametrize("text", ["", "12", "f" * 63, "f" * 65, "g" * 64, f"x {'f' * 64}", "9" * 90])
def test_what_is_no_head_is_an_error_of_the_request(five: Bench, text: str) -> None:
    with pytest.raises(UsageError) as caught:
        five.fresh().verify(text)
    assert caught.value.code == "bad_head"


def keeping(bench: Bench, keep: Retention) -> Bench:
    bench.transactions.close()
    bench.transactions = Transactions(Project(bench.root), keep=keep)
    return bench


def test_what_was_dropped_leaves_where_the_rest_begins(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "TRIM_EVERY", 1)
    keeping(bench, Retention(operations=3))
    heads = []
    for n in range(9):
        bench.edit("devenv.nix", f"{n}\n")
        heads.append(bench.transactions.head())
    found = bench.transactions.verify()
    assert found.ok, found.faults
    assert (found.operations, found.dropped) == (3, 6)
    with opened(bench.root) as connection:
        assert connection.execute("SELECT count(*) FROM link").fetchone()[0] == 3
        assert chain.anchor_of(connection).operation == 6
    assert bench.transactions.verify(heads[5].hash).since_head == 3
    [fault] = bench.transactions.verify(f"2:{heads[1].hash}").faults
    assert fault.code == "head_too_old"
    assert codes(bench, heads[1].hash) == {"head_unknown"}


def test_what_is_kept_among_what_was_dropped_stays_in_the_chain(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "TRIM_EVERY", 1)
    keeping(bench, Retention(operations=3))
    bench.edit("devenv.yaml", "kept\n")
    for n in range(9):
        bench.edit("devenv.nix", f"{n}\n")
    head = bench.transactions.head().hash
    found = bench.transactions.verify(head)
    assert found.ok, found.faults
    assert (found.operations, found.dropped) == (4, 6)
    bench.transactions.close()
    rewritten_below = "never was\n"
    rewritten(bench.root, 1, rewritten_below)
    # all of it was computed anew, and so another one than the head says
    assert codes(bench, head) == {"head_unknown"}


def test_links_of_what_was_dropped_are_bounded(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "TRIM_EVERY", 1)
    monkeypatch.setattr(chain, "_MOST_LINKS", 4)
    keeping(bench, Retention(operations=2))
    bench.edit("devenv.yaml", "kept\n")
    for n in range(12):
        bench.edit("devenv.nix", f"{n}\n")
    found = bench.transactions.verify()
    assert found.ok, found.faults
    assert found.operations == 3
    with opened(bench.root) as connection:
        assert connection.execute("SELECT count(*) FROM link").fetchone()[0] <= 2 + 4 + 1
    bench.transactions.close()
    changed(bench.root, "UPDATE operation SET reason = 'x' WHERE id = 1")
    assert codes(bench) == {"operation_unsealed"}


def test_what_was_wrong_is_not_forgotten_when_it_is_dropped(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "TRIM_EVERY", 1)
    for n in range(4):
        bench.edit("devenv.nix", f"{n}\n")
    bench.transactions.close()
    changed(bench.root, "DELETE FROM operation WHERE id = 2", "UPDATE link SET digest = previous WHERE operation = 3")
    before = codes(bench)
    keeping(bench, Retention(operations=2))
    for n in range(6):
        bench.edit("devenv.nix", f"{n} more\n")
    assert before
    assert codes(bench) >= {"operation_missing", "chain_broken"}


def test_records_of_an_older_devkeel_are_read_and_get_their_chain_by_the_next_write(five: Bench) -> None:
    as_version_2(five.root)
    before = (five.root / ".devkeel" / "state.db").read_bytes()
    older = five.fresh().verify()
    assert (older.ok, older.why, older.operations) == (True, "older", 5)
    assert len(five.transactions.history()) == 5
    assert five.transactions.head().hash == GENESIS
    assert five.transactions.refusals() == ([], 0)
    five.transactions.close()
    assert (five.root / ".devkeel" / "state.db").read_bytes() == before
    five.fresh()
    five.edit("0.nix", "after\n")
    found = five.transactions.verify()
    assert found.ok, found.faults
    assert (found.operations, found.why) == (6, "upgrade")
    assert found.begun is not None
    assert five.transactions.history()[-1].reason == "because 0"


def test_the_chain_of_older_records_believes_no_row_more_than_before(five: Bench) -> None:
    as_version_2(five.root)
    changed(five.root, "UPDATE operation SET reason = 'x' WHERE id = 2")
    assert codes(five) == {"operation_unsealed"}
    five.fresh()
    five.edit("0.nix", "after\n")
    assert codes(five) == {"operation_unsealed"}


def test_an_upgrade_that_fails_leaves_the_older_records(five: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    as_version_2(five.root)

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(chain, "_write", fail)
        five.fresh()
        with pytest.raises(ProjectError) as caught:
            five.edit("0.nix", "after\n")
    assert caught.value.code == "disk_full"
    with opened(five.root) as connection:
        assert connection.execute("PRAGMA user_version").fetchone()[0] == 2
        assert {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")} == {
            "operation",
            "file",
            "blob",
        }
    five.fresh()
    five.edit("0.nix", "after\n")
    assert five.transactions.verify().ok


def test_a_history_that_was_taken_over_begins_its_chain_anew_and_says_so(five: Bench) -> None:
    head = five.fresh().head().hash
    five.transactions.close()
    project = five.root / ".devkeel" / "project.json"
    project.write_text("{}")
    five.fresh()
    five.edit("0.nix", "in between\n")
    between = five.transactions.head().hash
    assert five.transactions.verify().operations == 1
    assert five.transactions.adopt() == (5, 5)
    found = five.transactions.verify()
    assert found.ok, found.faults
    assert (found.operations, found.why) == (6, "adoption")
    assert codes(five, between) == {"head_renumbered"}
    # what was taken over has its numbers, and is what it was
    assert five.transactions.verify(head).since_head == 1


def test_writers_side_by_side_make_one_chain(bench: Bench) -> None:
    def write(name: str) -> None:
        with Transactions(Project(bench.root), lock_timeout=30) as transactions:
            before = None
            for n in range(8):
                after = f"{n}\n".encode()
                transactions.publish([FileChange(name, before, after)], Record("edit", name, None, [], {}, "0", "1"))
                before = after

    threads = [threading.Thread(target=write, args=(f"{n}.nix",)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = bench.fresh().verify()
    assert found.ok, found.faults
    assert found.operations == 24


def test_an_operation_that_was_killed_anywhere_leaves_a_whole_chain(bench: Bench) -> None:
    bench.write({"devenv.nix": "0\n"})
    bench.edit("first.nix", "1\n")
    steps = bench.steps_of(lambda: bench.edit("devenv.nix", "1\n"))
    for number in range(len(steps)):
        text = bench.text("devenv.nix")
        change = FileChange("devenv.nix", text.encode(), f"{number} again\n".encode())
        bench.killed_at(number, lambda transactions, change=change: transactions.publish([change], bench.record()))
        assert bench.fresh().verify().ok, steps[number]
        bench.transactions.recover()
        assert bench.transactions.verify().ok, steps[number]
    with opened(bench.root) as connection:
        states = {row[0] for row in connection.execute("SELECT DISTINCT state FROM operation")}
    assert states == {"published", "abandoned"}
