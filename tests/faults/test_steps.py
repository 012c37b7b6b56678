"""Failures, kills and other writers at every step: before or after, never a mix, nobody's bytes lost."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from devkeel.errors import Conflict, ProjectError, StateError
from devkeel.project.root import Project
from devkeel.system.mechanisms import usable
from devkeel.transaction import FileChange, Transactions, files

if TYPE_CHECKING:
    from collections.abc import Callable

Bench = Any
pytestmark = pytest.mark.usefixtures("_kernel")

# Hundreds of transactions, of which each waits for the disk several times.
IN_MEMORY = True
NAMES = ("devenv.nix", "nix/made.nix", "old.nix")
BEFORE = ("old\n", None, "gone\n")
AFTER = ("new\n", "made\n", None)
MANY = 200


@pytest.fixture
def project(bench: Bench) -> Bench:
    bench.write({"devenv.nix": "old\n", "old.nix": "gone\n"})
    (bench.root / "devenv.nix").chmod(0o640)
    return bench


def three(bench: Bench) -> Callable[[Transactions], object]:
    """Return the work under test: one file changed, one made in a new directory, one removed."""
    changes = [FileChange(n, b and b.encode(), a and a.encode()) for n, b, a in zip(NAMES, BEFORE, AFTER, strict=True)]
    return lambda transactions: transactions.publish(changes, bench.record())


def settled(bench: Bench) -> tuple[str | None, ...]:
    """Recover as the next process would; return what the files hold, after checking that all else agrees."""
    transactions = bench.fresh()
    transactions.recover()
    assert transactions.recover() is None
    assert not transactions.recovery_pending()
    assert bench.temporaries() == set()
    found = bench.texts(*NAMES)
    assert found in (BEFORE, AFTER)
    assert len(transactions.history()) == (found == AFTER)
    assert (bench.root / "devenv.nix").stat().st_mode & 0o777 == 0o640
    return found


def test_the_steps_are_all_listed_and_all_reached(project: Bench) -> None:
    seen = project.steps_of(lambda: three(project)(project.transactions))
    assert set(seen) <= set(files.STEPS)
    # the gap in which a file has no name is only there where names cannot be exchanged
    gap = set() if not usable("renameat2") else {"moved aside"}
    assert set(files.STEPS) - set(seen) == {"noted", "taking back", "taken back", "settled", "closed"} | gap


@pytest.mark.fault(1, 2, 4)
def test_a_kill_at_any_step_leaves_before_or_after(project: Bench) -> None:
    # a new child for each step, until one comes to its end
    outcomes = []
    for number in range(MANY):
        killed = project.killed_at(number, three(project))
        outcomes.append(settled(project))
        if not killed:
            break
        if outcomes[-1] == AFTER:
            project.reverse(project.transactions.history()[0].id, "undo")
            (project.root / "nix").rmdir()
            project.transactions.close()
            for leftover in (project.root / ".devkeel").iterdir():
                leftover.unlink()
    assert outcomes[0] == BEFORE
    assert outcomes[-1] == AFTER
    assert len(outcomes) > 20


@pytest.mark.fault(3)
def test_a_kill_at_any_step_of_recovery_changes_nothing_in_the_end(project: Bench) -> None:
    # killed half-way through the renames, then at each step of each recovery after it
    steps = project.steps_of(lambda: three(project)(project.transactions))
    project.reverse(1, "undo")
    middle = [number for number, name in enumerate(steps) if name == "verified"][1]
    assert project.killed_at(middle, three(project))
    kills = 0
    for number in range(MANY):
        if not project.killed_at(number, lambda transactions: transactions.recover()):
            break
        kills += 1
    assert kills > 5
    transactions = project.fresh()
    assert transactions.recover() is None
    assert project.texts(*NAMES) == BEFORE
    assert project.temporaries() == set()
    assert [operation.kind for operation in transactions.history()] == ["undo", "edit"]


@pytest.mark.parametrize("second", range(0, 30, 3))
def test_a_kill_in_the_publication_and_one_in_the_recovery(project: Bench, second: int) -> None:
    for first in range(MANY):
        killed = project.killed_at(first, three(project))
        project.killed_at(second, lambda transactions: transactions.recover())
        found = settled(project)
        if not killed:
            break
        if found == AFTER:
            break
    assert found == AFTER


@pytest.mark.fault(6, 7, 35)
@pytest.mark.parametrize("error", [OSError(28, "full"), OSError(5, "io"), KeyboardInterrupt(), RuntimeError()])
def test_a_failure_at_any_step_leaves_before_or_after(project: Bench, error: BaseException) -> None:
    def fail() -> None:
        raise error

    steps = project.steps_of(lambda: three(project)(project.transactions))
    project.reverse(1, "undo")
    for number, name in enumerate(steps):
        project.at(number, fail)
        # What a disk fails at when the change stands is a note.
        stands = name in ("published", "swept") and isinstance(error, OSError)
        refused = pytest.raises((ProjectError, OSError, KeyboardInterrupt, RuntimeError))
        with contextlib.nullcontext() if stands else refused:
            three(project)(project.transactions)
        files.hook = None
        found = project.texts(*NAMES)
        assert found == AFTER if stands else found in (BEFORE, AFTER)
        newest = project.transactions.history()[0]
        if found == AFTER:
            assert newest.kind == "edit"
            project.reverse(newest.id, "undo")
        else:
            assert newest.kind == "undo"
            assert not project.transactions.recovery_pending()
        project.transactions.recover()
        assert project.temporaries() == set()


def test_a_failure_while_taking_back_is_settled_by_the_next_writer(project: Bench) -> None:
    def fail() -> None:
        raise OSError(5, "io")

    def hook(name: str) -> None:
        if name in ("all moved", "taking back"):
            fail()

    files.hook = hook
    with pytest.raises(ProjectError) as caught:
        three(project)(project.transactions)
    files.hook = None
    assert caught.value.details["recovery_pending"]
    assert project.transactions.recovery_pending()
    settled(project)


def test_the_next_publication_recovers_first(project: Bench) -> None:
    number = project.steps_of(lambda: three(project)(project.transactions)).index("all moved") - 1
    project.reverse(1, "undo")
    assert project.killed_at(number - 2, three(project))
    assert project.transactions.recovery_pending()
    three(project)(project.transactions)
    assert project.texts(*NAMES) == AFTER
    assert not project.transactions.recovery_pending()


def test_all_files_new_is_rolled_forward(project: Bench) -> None:
    steps = project.steps_of(lambda: three(project)(project.transactions))
    project.reverse(1, "undo")
    assert project.killed_at(steps.index("all moved"), three(project))
    recovered = project.fresh().recover()
    assert recovered is not None
    assert (recovered.outcome, recovered.left_alone) == ("completed", ())
    assert project.texts(*NAMES) == AFTER
    newest = project.transactions.history()[0]
    assert newest.token == recovered.operation_token
    assert newest.files[1].mode_after == (project.root / NAMES[1]).stat().st_mode & 0o777


@pytest.mark.fault(19)
def test_what_a_human_saved_after_the_kill_stays(project: Bench) -> None:
    steps = project.steps_of(lambda: three(project)(project.transactions))
    project.reverse(1, "undo")
    assert project.killed_at(steps.index("all moved"), three(project))
    project.write({"devenv.nix": "a human's\n"})
    recovered = project.fresh().recover()
    assert recovered is not None
    assert (recovered.outcome, recovered.left_alone) == ("rolled_back", ("devenv.nix",))
    assert project.texts(*NAMES) == ("a human's\n", *BEFORE[1:])
    assert project.temporaries() == set()


@pytest.mark.fault(18)
@pytest.mark.parametrize("step", ["compared", "journalled", "temporary synced", "prepared"])
@pytest.mark.parametrize("name", NAMES)
def test_what_a_human_saves_before_the_second_compare_stays(project: Bench, step: str, name: str) -> None:
    def save() -> None:
        (project.root / name).parent.mkdir(exist_ok=True)
        project.write({name: "a human's\n"})

    project.once(step, save)
    with pytest.raises(Conflict) as caught:
        three(project)(project.transactions)
    assert caught.value.details["path"] == name
    expected = tuple("a human's\n" if n == name else b for n, b in zip(NAMES, BEFORE, strict=True))
    assert project.texts(*NAMES) == expected
    assert project.temporaries() == set()
    assert project.transactions.history() == []


def in_place(bench: Bench, name: str) -> None:
    bench.write({name: "a human's\n"})


def by_rename(bench: Bench, name: str) -> None:
    bench.write({"editor": "a human's\n"})
    (bench.root / "editor").rename(bench.root / name)


@pytest.mark.parametrize("save", [in_place, by_rename])
@pytest.mark.parametrize("name", NAMES)
def test_what_a_human_saves_between_compare_and_rename_stays(
    project: Bench, name: str, save: Callable[[Bench, str], None]
) -> None:
    project.once("compared again", lambda: save(project, name))
    with pytest.raises(Conflict) as caught:
        three(project)(project.transactions)
    assert caught.value.details["path"] == name
    expected = tuple("a human's\n" if n == name else b for n, b in zip(NAMES, BEFORE, strict=True))
    assert project.texts(*NAMES) == expected
    assert project.temporaries() == set()


@pytest.mark.parametrize("save", [in_place, by_rename])
@pytest.mark.parametrize("step", ["moved", "verified", "all moved", "directories synced"])
def test_what_a_human_saves_over_the_new_content_stays(
    project: Bench, step: str, save: Callable[[Bench, str], None]
) -> None:
    # the save is newer than the publication: it wins, without a word when nothing else fails
    project.once(step, lambda: save(project, "devenv.nix"))
    three(project)(project.transactions)
    assert project.texts(*NAMES) == ("a human's\n", *AFTER[1:])
    assert project.temporaries() == set()


@pytest.mark.fault(19)
def test_a_file_saved_over_and_then_a_failure_leaves_that_file_alone(project: Bench) -> None:
    def interfere() -> None:
        project.write({"devenv.nix": "a human's\n"})
        raise OSError(28, "full")

    project.once("all moved", interfere)
    with pytest.raises(ProjectError) as caught:
        three(project)(project.transactions)
    assert caught.value.code == "disk_full"
    assert caught.value.details["left_alone"] == ["devenv.nix"]
    assert project.texts(*NAMES) == ("a human's\n", *BEFORE[1:])


def test_a_failing_commit_of_the_journal_writes_nothing(project: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    project.edit("devenv.nix", "older\n")

    def fail(*_: object) -> None:
        error = sqlite3.OperationalError("full")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL
        raise error

    monkeypatch.setattr(project.transactions._store, "_keep", fail)
    with pytest.raises(ProjectError) as caught:
        project.edit("devenv.nix", "new\n")
    assert caught.value.code == "disk_full"
    assert project.text("devenv.nix") == "older\n"
    assert project.temporaries() == set()


@pytest.mark.fault(6)
def test_a_failing_last_commit_takes_everything_back(project: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    # the old bytes are still beside the files, so this needs no room
    store = project.transactions._store
    end = store.end

    def fail(number: int, state: str, modes: dict[str, int | None]) -> None:
        if state == "published":
            raise ProjectError("disk_full", "full")
        end(number, state, modes)

    monkeypatch.setattr(store, "end", fail)
    with pytest.raises(ProjectError):
        three(project)(project.transactions)
    assert project.texts(*NAMES) == BEFORE
    assert project.names() == {"devenv.nix", "old.nix"}
    assert not project.transactions.recovery_pending()


@pytest.mark.parametrize("step", ["journalled", "prepared", "compared again"])
def test_files_removed_under_way_are_not_made_again(project: Bench, step: str) -> None:
    def remove() -> None:
        for name in ("devenv.nix", "old.nix"):
            (project.root / name).unlink()

    project.once(step, remove)
    with pytest.raises(Conflict):
        three(project)(project.transactions)
    assert project.texts(*NAMES) == (None, None, None)


@pytest.mark.fault(44)
@pytest.mark.parametrize("step", ["locked", "compared", "journalled", "prepared", "compared again", "moved"])
def test_a_project_removed_under_way_is_not_made_again(project: Bench, step: str) -> None:
    project.once(step, lambda: shutil.rmtree(project.root))
    with pytest.raises((Conflict, ProjectError, StateError)):
        three(project)(project.transactions)
    assert not project.root.exists()


@pytest.mark.fault(44)
def test_a_project_moved_under_way_changes_where_it_went(project: Bench) -> None:
    moved = project.root.with_name("moved")
    project.once("prepared", lambda: project.root.rename(moved))
    three(project)(project.transactions)
    assert not project.root.exists()
    project.transactions.close()
    project.root = moved
    assert settled(project) == AFTER


def test_records_that_lead_out_of_the_project_move_nothing(project: Bench) -> None:
    # as somebody who has the key could have written them: the way is closed all the same
    steps = project.steps_of(lambda: three(project)(project.transactions))
    project.reverse(1, "undo")
    assert project.killed_at(steps.index("journalled"), three(project))
    (project.root / ".git").mkdir()
    project.write({".git/hook": "new\n"})
    for path in (".git/hook", "../project/.git/hook", str(project.root / ".git/hook")):
        with closing(sqlite3.connect(project.root / ".devkeel" / "state.db", isolation_level=None)) as connection:
            connection.execute("UPDATE operation SET state = 'pending' WHERE id = (SELECT max(id) FROM operation)")
            connection.execute("UPDATE file SET path = ? WHERE n = 0", (path,))
        project.seal_anew()
        recovered = project.fresh().recover()
        assert recovered is not None
        assert path in recovered.left_alone
        assert project.text(".git/hook") == "new\n"
        project.transactions.close()


@pytest.mark.fault(24)
def test_a_child_that_the_project_outlives_does_not_hold_the_lock(project: Bench) -> None:
    held: list[str] = []
    project.once("locked", lambda: held.extend(_inheritable()))
    three(project)(project.transactions)
    assert held == []


def _inheritable() -> list[str]:
    found = []
    for link in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            if int(link.name) > 2 and os.get_inheritable(int(link.name)):
                found.append(str(link.readlink()))
    return [target for target in found if ".devkeel" in target]


@pytest.mark.fault(40)
def test_two_threads_of_one_object_take_turns(project: Bench) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def add(number: int) -> int:
        return project.transactions.publish([FileChange(f"{number}.nix", None, b"x\n")], project.record()).id

    with ThreadPoolExecutor(4) as pool:
        numbers = list(pool.map(add, range(12)))
    assert len(set(numbers)) == 12
    assert len(Transactions(Project(project.root)).history()) == 12


def published(bench: Bench, text: str, expected: str) -> Callable[[Transactions], object]:
    """Return the work of giving devenv.nix another text, in a project whose files the history is to know."""
    changes = [
        FileChange("devenv.nix", expected.encode(), text.encode()),
        FileChange("old.nix", b"gone\n", b"gone\n"),
    ]
    watched = frozenset({"devenv.nix", "old.nix"})
    return lambda transactions: transactions.publish(changes, bench.record(), watched)


def test_a_kill_at_any_step_notes_an_edit_past_devkeel_once_or_leaves_it_to_the_next(project: Bench) -> None:
    published(project, "one\n", "old\n")(project.transactions)
    (project.root / "devenv.nix").write_text("by hand\n")
    kills = 0
    for number in range(MANY):
        if not project.killed_at(number, published(project, "two\n", "by hand\n")):
            break
        kills += 1
        transactions = project.fresh()
        transactions.recover()
        text = (project.root / "devenv.nix").read_text()
        assert text in ("by hand\n", "two\n")
        if text == "two\n":
            break
    transactions = project.fresh()
    transactions.recover()
    assert kills > 10
    [noted] = [item for item in transactions.history() if item.kind == "external"]
    [image] = transactions.images(noted)
    assert (image.path, image.before, image.after) == ("devenv.nix", b"one\n", b"by hand\n")
    assert transactions.damage() == []
    assert (project.root / "devenv.nix").read_text() == "two\n"
    assert transactions.left()["old.nix"].mode is not None


def test_a_failure_while_it_is_noted_publishes_nothing(project: Bench) -> None:
    published(project, "one\n", "old\n")(project.transactions)
    (project.root / "devenv.nix").write_text("by hand\n")

    def fail(step: str) -> None:
        if step == "noted":
            raise OSError(28, "full")

    files.hook = fail
    try:
        with pytest.raises(ProjectError):
            published(project, "two\n", "by hand\n")(project.transactions)
    finally:
        files.hook = None
    assert (project.root / "devenv.nix").read_text() == "by hand\n"
    published(project, "two\n", "by hand\n")(project.transactions)
    assert [item.kind for item in project.transactions.history()] == ["edit", "external", "edit"]
