"""The records: the history and its order, reversals, the lock, damage, and that reading leaves no trace."""

from __future__ import annotations

import gc
import os
import select
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from devkeel.errors import Busy, StateError, UsageError
from devkeel.project.root import Project
from devkeel.state import origin
from devkeel.transaction import FileChange, Transactions, schema, seals

Bench = Any


def database(bench: Bench) -> sqlite3.Connection:
    return sqlite3.connect(bench.root / ".devkeel" / "state.db", isolation_level=None)


def test_reading_creates_nothing(bench: Bench) -> None:
    assert bench.transactions.history() == []
    assert not bench.transactions.recovery_pending()
    assert bench.transactions.recover() is None
    assert bench.transactions.newest_undoable() is None
    assert bench.transactions.newest_undo() is None
    with pytest.raises(UsageError):
        bench.transactions.operation(1)
    assert list(bench.root.iterdir()) == []


def test_reading_the_history_leaves_the_state_directory_as_it_was(bench: Bench) -> None:
    bench.edit("devenv.nix", "new\n")
    bench.transactions.close()
    before = {path.name: path.read_bytes() for path in (bench.root / ".devkeel").iterdir()}
    assert len(bench.fresh().history()) == 1
    bench.transactions.close()
    after = {path.name: path.read_bytes() for path in (bench.root / ".devkeel").iterdir()}
    assert {name: after[name] for name in before} == before
    assert {name for name in after if after[name]} <= {*before, "state.db-shm"}


def test_a_second_look_in_one_process_leaves_the_first_one_its_locks(bench: Bench) -> None:
    bench.edit("devenv.nix", "new\n")
    second = Transactions(Project(bench.root), lock_timeout=5.0)
    assert len(second.history()) == 1
    second.close()
    # Another process that opens and closes the records removes their log when it finds itself alone with them.
    read = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('SELECT * FROM operation'); c.close()"
    file = bench.root / ".devkeel" / "state.db"
    subprocess.run((sys.executable, "-c", read, str(file)), check=True)
    assert file.with_name("state.db-wal").exists()
    bench.edit("devenv.nix", "newer\n")
    assert len(bench.fresh().history()) == 2


@pytest.mark.parametrize("circular", [False, True])
def test_records_that_are_let_go_are_closed(bench: Bench, *, circular: bool) -> None:
    bench.edit("devenv.nix", "new\n")
    bench.transactions.close()
    transactions: Any = Transactions(Project(bench.root), lock_timeout=5.0)
    assert len(transactions.history()) == 1
    info = (bench.root / ".devkeel" / "state.db").stat()
    assert schema._open[info.st_dev, info.st_ino] == 1
    if circular:
        transactions.itself = transactions
    del transactions
    gc.collect()
    assert schema._open[info.st_dev, info.st_ino] == 0


def test_the_history_is_newest_first_and_paged(bench: Bench) -> None:
    numbers = [bench.edit("devenv.nix", f"{n}\n", reason=str(n)) for n in range(5)]
    transactions = bench.fresh()
    assert [operation.id for operation in transactions.history()] == numbers[::-1]
    page = transactions.history(limit=2, before=numbers[3])
    assert [operation.reason for operation in page] == ["2", "1"]
    assert transactions.history(limit=0) == []


def test_an_unknown_operation_is_an_error_of_the_request(bench: Bench) -> None:
    bench.edit("devenv.nix", "new\n")
    for ask in (
        lambda: bench.transactions.operation(99),
        lambda: bench.transactions.operation(2**70),
        lambda: bench.edit("devenv.nix", "newer\n", kind="undo", reverts=2**70),
        lambda: bench.edit("devenv.nix", "newer\n", kind="undo", reverts=99),
    ):
        with pytest.raises(UsageError) as caught:
            ask()
        assert caught.value.code == "unknown_operation"
    assert bench.text("devenv.nix") == "new\n"


def test_undo_and_redo_in_turns(bench: Bench) -> None:
    edit = bench.edit("devenv.nix", "new\n")
    for _ in range(3):
        undoable = bench.transactions.newest_undoable()
        assert undoable is not None
        undo = bench.reverse(undoable.id, "undo")
        assert bench.text("devenv.nix") is None
        assert bench.transactions.newest_undoable() is None
        assert bench.transactions.operation(edit).undone_by == undo
        newest = bench.transactions.newest_undo()
        assert newest is not None
        assert newest.id == undo
        bench.reverse(undo, "redo")
        assert bench.text("devenv.nix") == "new\n"
        assert bench.transactions.newest_undo() is None
        assert bench.transactions.operation(edit).undone_by is None


def test_several_edits_are_undone_and_redone_one_after_the_other(bench: Bench) -> None:
    texts = ["a\n", "b\n", "c\n"]
    for text in texts:
        bench.edit("devenv.nix", text)
    seen = []
    while (operation := bench.transactions.newest_undoable()) is not None:
        bench.reverse(operation.id, "undo")
        seen.append(bench.text("devenv.nix"))
    assert seen == ["b\n", "a\n", None]
    seen = []
    while (operation := bench.transactions.newest_undo()) is not None:
        bench.reverse(operation.id, "redo")
        seen.append(bench.text("devenv.nix"))
    assert seen == texts


def test_an_older_operation_can_be_undone_by_its_id_after_a_redo(bench: Bench) -> None:
    edit = bench.edit("devenv.nix", "new\n")
    bench.reverse(bench.reverse(edit, "undo"), "redo")
    undo = bench.reverse(edit, "undo")
    assert bench.transactions.newest_undoable() is None
    newest = bench.transactions.newest_undo()
    assert newest is not None
    assert newest.id == undo


def test_an_edit_after_an_undo_is_what_the_next_undo_takes_back(bench: Bench) -> None:
    first = bench.edit("a.nix", "a\n")
    bench.reverse(first, "undo")
    second = bench.edit("b.nix", "b\n")
    undoable = bench.transactions.newest_undoable()
    assert undoable is not None
    assert undoable.id == second


def test_equal_content_is_kept_once(bench: Bench) -> None:
    for n in range(6):
        bench.edit("devenv.nix", f"{n % 2}\n")
    with closing(database(bench)) as connection:
        assert connection.execute("SELECT count(*) FROM blob").fetchone()[0] == 2


def fill(bench: Bench, count: int) -> None:
    """Put operations into the history as devkeel would have written them."""
    seal = origin.ownership(bench.root / ".devkeel").seal
    assert seal is not None
    values = {"state": "published", "time": "", "kind": "edit", "actor": "", "reason": None, "edits": "[]"}
    values |= {"report": "{}", "revision_before": "", "revision_after": "", "reverts": None, "applies": 1}
    rows = [values | {"id": n, "root": n, "token": f"t{n}"} for n in range(2, count + 2)]
    names = ", ".join(seals.COLUMNS)
    holes = ", ".join(f":{name}" for name in seals.COLUMNS)
    with closing(database(bench)) as connection:
        connection.execute("BEGIN")
        marked = [row | {"mark": seals.mark_of(seal, row, ())} for row in rows]
        query = f"INSERT INTO operation ({names}, mark) VALUES ({holes}, :mark)"  # noqa: S608
        connection.executemany(query, marked)
        connection.execute("COMMIT")


def test_ten_thousand_operations_are_not_read_for_the_newest_twenty(bench: Bench) -> None:
    bench.edit("devenv.nix", "new\n")
    fill(bench, 10_000)
    count = 0

    def work() -> None:
        nonlocal count
        count += 1

    transactions = bench.fresh()
    assert len(transactions.history()) == 20
    # steps of SQLite's machine, in hundreds: a figure that does not depend on the clock
    transactions._store._opened.file.set_progress_handler(work, 100)
    transactions.history()
    transactions.newest_undoable()
    assert count < 100
    bench.edit("devenv.nix", "newer\n")
    transactions._store._opened.file.set_progress_handler(work, 100)
    count = 0
    bench.edit("devenv.nix", "newest\n")
    assert count < 100


def test_records_removed_while_open_are_made_again(bench: Bench) -> None:
    bench.edit("devenv.nix", "new\n")
    shutil.rmtree(bench.root / ".devkeel")
    assert bench.transactions.history() == []
    assert not (bench.root / ".devkeel").exists()
    bench.edit("devenv.nix", "newer\n")
    assert len(bench.transactions.history()) == 1


def test_records_replaced_while_open_are_not_harmed_by_the_old_connection(bench: Bench) -> None:
    bench.edit("devenv.nix", "new\n")
    shutil.rmtree(bench.root / ".devkeel")
    with Transactions(Project(bench.root)) as other:
        other.publish([FileChange("a.nix", None, b"a\n")], bench.record(reason="other"))
        assert [operation.reason for operation in bench.transactions.history()] == ["other"]
        other.publish([FileChange("b.nix", None, b"b\n")], bench.record(reason="again"))
        assert len(bench.transactions.history()) == 2
    assert len(bench.fresh().history()) == 2


def test_records_removed_under_way_do_not_fail_the_publication(bench: Bench) -> None:
    bench.write({"devenv.nix": "old\n"})
    bench.once("all moved", lambda: shutil.rmtree(bench.root / ".devkeel"))
    operation = bench.transactions.publish([bench.change("devenv.nix", "new\n")], bench.record())
    assert operation.files[0].path == "devenv.nix"
    assert bench.text("devenv.nix") == "new\n"
    assert bench.names() == {"devenv.nix"}


@pytest.mark.fault(43)
@pytest.mark.parametrize("damage", [b"no database at all\n" * 20, b"short", b"SQLite format 3\0" + b"\xff" * 4000])
def test_a_damaged_database_is_named_and_nothing_is_touched(bench: Bench, damage: bytes) -> None:
    bench.edit("devenv.nix", "old\n")
    bench.transactions.close()
    file = bench.root / ".devkeel" / "state.db"
    file.write_bytes(damage)
    for work in (
        lambda: bench.fresh().history(),
        lambda: bench.fresh().recovery_pending(),
        lambda: bench.fresh().recover(),
        lambda: bench.fresh().publish([FileChange("devenv.nix", b"old\n", b"new\n")], bench.record()),
    ):
        with pytest.raises(StateError) as caught:
            work()
        assert caught.value.code in ("state_corrupt", "state_newer")
        assert caught.value.details["file"] == str(file)
    assert file.read_bytes() == damage
    assert bench.text("devenv.nix") == "old\n"


def test_a_database_with_damaged_pages_is_an_error_of_the_records(bench: Bench) -> None:
    bench.edit("devenv.nix", "old\n")
    bench.transactions.close()
    file = bench.root / ".devkeel" / "state.db"
    data = bytearray(file.read_bytes())
    data[200:] = b"\xaa" * (len(data) - 200)
    file.write_bytes(data)
    for work in (
        lambda: bench.fresh().history(),
        lambda: bench.fresh().publish([FileChange("devenv.nix", b"old\n", b"new\n")], bench.record()),
    ):
        with pytest.raises(StateError) as caught:
            work()
        assert caught.value.code == "state_corrupt"
    assert bench.text("devenv.nix") == "old\n"


def test_a_damaged_content_is_an_error_of_the_records(bench: Bench) -> None:
    bench.edit("devenv.nix", "old\n")
    operation = bench.transactions.history()[0]
    for data in (b"no zlib", sqlite3.Binary(b""), None):
        with closing(database(bench)) as connection:
            if data is None:
                connection.execute("DELETE FROM blob")
            else:
                connection.execute("UPDATE blob SET data = ?", (data,))
        with pytest.raises(StateError) as caught:
            bench.transactions.images(operation)
        assert caught.value.code == "state_corrupt"


@pytest.mark.fault(43)
@pytest.mark.parametrize("checkpointed", [True, False])
def test_records_of_a_newer_devkeel_are_not_touched(bench: Bench, *, checkpointed: bool) -> None:
    bench.edit("devenv.nix", "old\n")
    bench.transactions.close()
    with closing(database(bench)) as connection:
        connection.execute("PRAGMA user_version = 99")
        if checkpointed:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        for work in (
            lambda: bench.fresh().history(),
            lambda: bench.fresh().publish([FileChange("devenv.nix", b"old\n", b"new\n")], bench.record()),
        ):
            with pytest.raises(StateError) as caught:
                work()
            assert caught.value.code == "state_newer"
        bench.transactions.close()
    assert bench.text("devenv.nix") == "old\n"


def test_a_database_that_has_got_something_else_in_it_is_left_alone(bench: Bench) -> None:
    bench.edit("devenv.nix", "old\n")
    bench.transactions.close()
    with closing(database(bench)) as connection:
        connection.execute("CREATE TRIGGER theirs AFTER INSERT ON operation BEGIN DELETE FROM file; END")
    for work in (lambda: bench.fresh().history(), lambda: bench.edit("devenv.nix", "new\n")):
        with pytest.raises(StateError) as caught:
            work()
        assert caught.value.code == "state_corrupt"
    assert bench.text("devenv.nix") == "old\n"


def test_an_empty_database_is_a_first_start_that_was_killed(bench: Bench) -> None:
    (bench.root / ".devkeel").mkdir()
    (bench.root / ".devkeel" / "state.db").touch()
    assert bench.transactions.history() == []
    bench.edit("devenv.nix", "new\n")
    assert len(bench.transactions.history()) == 1


def test_a_state_that_is_a_link_is_refused(bench: Bench) -> None:
    elsewhere = bench.root.parent / "elsewhere"
    elsewhere.mkdir()
    (bench.root / ".devkeel").symlink_to(elsewhere)
    with pytest.raises(StateError):
        bench.edit("devenv.nix", "new\n")
    assert bench.text("devenv.nix") is None
    assert list(elsewhere.iterdir()) == []


def test_a_database_that_is_a_link_goes_aside(bench: Bench) -> None:
    elsewhere = bench.root.parent / "elsewhere"
    (bench.root / ".devkeel").mkdir()
    (bench.root / ".devkeel/state.db").symlink_to(elsewhere)
    bench.edit("devenv.nix", "new\n")
    assert len(bench.fresh().history()) == 1
    assert not elsewhere.exists()


HOLDER = """
import sys
from pathlib import Path
from devkeel.transaction import lock
with lock.hold(Path(sys.argv[1]), 5):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.mark.fault(21, 22)
def test_a_held_lock_is_busy_and_names_its_holder(bench: Bench) -> None:
    bench.edit("devenv.nix", "old\n")
    argv = [sys.executable, "-c", HOLDER, str(bench.root / ".devkeel")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as holder:
        assert holder.stdout is not None
        assert select.select([holder.stdout], [], [], 30)[0]
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(Busy) as caught:
            bench.fresh(lock_timeout=0.05).publish([FileChange("a.nix", None, b"a\n")], bench.record())
        assert caught.value.code == "busy"
        assert caught.value.details["pid"] == holder.pid
        assert {"host", "since"} <= set(caught.value.details)
        assert len(bench.transactions.history()) == 1
        holder.kill()
    # what the dead holder left is no lock
    bench.fresh(lock_timeout=0.5).publish([FileChange("a.nix", None, b"a\n")], bench.record())
    assert bench.text("a.nix") == "a\n"


def test_an_operation_under_way_is_not_one_that_waits_for_recovery(bench: Bench) -> None:
    seen = []
    with Transactions(Project(bench.root)) as reader:
        bench.once("all moved", lambda: seen.append(reader.recovery_pending()))
        bench.edit("devenv.nix", "new\n")
    assert seen == [False]


@pytest.mark.parametrize("merged", [True, False])
def test_a_reader_of_another_user_believes_no_history_and_makes_nothing(bench: Bench, *, merged: bool) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root to become somebody else")
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        root.chmod(0o755)
        writer = Transactions(Project(root))
        writer.publish([FileChange("devenv.nix", None, b"new\n")], bench.record())
        if merged:
            writer.close()
        child = os.fork()
        if child == 0:
            try:
                os.seteuid(65534)
                reader = Transactions(Project(root))
                found = reader.ownership()
                os._exit(len(reader.history()) or int(reader.recovery_pending()) or int(found.own or not found.foreign))
            finally:
                os._exit(3)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        writer.close()
        assert {path.name for path in (root / ".devkeel").iterdir()} >= {"state.db", "lock"}
