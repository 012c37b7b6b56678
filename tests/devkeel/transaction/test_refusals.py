"""Attempts that came to nothing: kept where they may be, bounded, sealed, and without waiting."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

from devkeel.project.root import Project
from devkeel.transaction import Attempt, Transactions, lock, refusals

from .records import as_version_2, changed, opened

Bench = Any
ATTEMPT = Attempt(
    actor="client 1",
    action="change",
    code="package_forbidden",
    role="agent",
    rule="packages.forbid",
    place="devkeel.toml:4",
    reason="I want it",
    files=("devenv.nix",),
    asked=("+htop",),
    seconds=1.25,
)


def test_an_attempt_is_kept_as_it_was_made(bench: Bench) -> None:
    bench.edit("devenv.nix", "1\n")
    assert bench.transactions.keep_refusal(ATTEMPT)
    [found], unsealed = bench.fresh().refusals()
    assert unsealed == 0
    assert (found.id, found.time[-6:]) == (1, "+00:00")
    assert all(getattr(found, name) == getattr(ATTEMPT, name) for name in ATTEMPT.__struct_fields__)
    assert bench.transactions.verify().refusals == 1
    # no operation, and no other head
    assert len(bench.transactions.history()) == 1


def test_nothing_is_begun_for_it_unless_the_caller_may_write(bench: Bench) -> None:
    assert not bench.transactions.keep_refusal(ATTEMPT)
    assert list(bench.root.iterdir()) == []
    assert bench.transactions.keep_refusal(ATTEMPT, make=True)
    assert len(bench.transactions.refusals()[0]) == 1


def test_records_of_others_are_not_touched(bench: Bench) -> None:
    bench.edit("devenv.nix", "1\n")
    bench.transactions.close()
    project = bench.root / ".devkeel" / "project.json"
    project.write_text("{}")
    before = sorted(path.name for path in (bench.root / ".devkeel").iterdir())
    assert not bench.fresh().keep_refusal(ATTEMPT, make=True)
    assert sorted(path.name for path in (bench.root / ".devkeel").iterdir()) == before


def test_no_lock_is_waited_for(bench: Bench) -> None:
    bench.edit("devenv.nix", "1\n")
    other = Transactions(Project(bench.root), lock_timeout=0.0)
    with lock.hold(bench.root / ".devkeel", 5):
        assert other.keep_refusal(ATTEMPT)
    other.close()
    assert len(bench.transactions.refusals()[0]) == 1


def test_records_of_an_older_devkeel_get_a_place_for_it(bench: Bench) -> None:
    bench.edit("devenv.nix", "1\n")
    bench.transactions.close()
    as_version_2(bench.root)
    assert bench.fresh().keep_refusal(ATTEMPT)
    assert bench.transactions.verify().ok
    assert len(bench.transactions.refusals()[0]) == 1


def test_the_newest_are_kept(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "MOST_REFUSALS", 5)
    bench.edit("devenv.nix", "1\n")
    for _ in range(12):
        assert bench.transactions.keep_refusal(ATTEMPT)
    assert [item.id for item in bench.transactions.refusals()[0]] == [12, 11, 10, 9, 8]
    assert bench.transactions.verify().ok


def test_a_period_is_from_its_beginning_to_before_its_end(bench: Bench) -> None:
    bench.edit("devenv.nix", "1\n")
    bench.transactions.keep_refusal(ATTEMPT)
    [found] = bench.transactions.refusals()[0]
    assert bench.transactions.refusals(since=found.time)[0] == [found]
    assert bench.transactions.refusals(until=found.time)[0] == []
    assert bench.transactions.refusals(limit=0)[0] == []


def test_long_and_strange_texts_are_bounded(bench: Bench) -> None:
    bench.edit("devenv.nix", "1\n")
    odd = Attempt("a\ud800b" * 1000, "change", "x", reason="\0" * 4000, files=tuple(f"{n}.nix" for n in range(500)))
    assert bench.transactions.keep_refusal(odd)
    [found] = bench.transactions.refusals()[0]
    assert len(found.actor) == len(found.reason or "") == 500
    assert len(found.files) == 50


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("UPDATE refusal SET code = 'other' WHERE id = 2", "refusal_changed"),
        ("UPDATE refusal SET time = '2020-01-01T00:00:00+00:00' WHERE id = 2", "refusal_changed"),
        ("UPDATE refusal SET milliseconds = 1 WHERE id = 2", "refusal_changed"),
        ("UPDATE refusal SET reason = x'00' WHERE id = 2", "refusal_changed"),
        ("DELETE FROM refusal WHERE id = 2", "refusal_missing"),
    ],
)
def test_what_was_changed_of_it_is_found(bench: Bench, statement: str, code: str) -> None:
    bench.edit("devenv.nix", "1\n")
    for _ in range(3):
        bench.transactions.keep_refusal(ATTEMPT)
    bench.transactions.close()
    changed(bench.root, statement)
    assert [item.code for item in bench.fresh().verify().faults] == [code]
    found, unsealed = bench.transactions.refusals()
    assert len(found) == 2
    assert unsealed == (code == "refusal_changed")


def test_a_full_disk_costs_the_caller_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.edit("devenv.nix", "1\n")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(refusals, "add", fail)
        assert not bench.transactions.keep_refusal(ATTEMPT)
    assert bench.edit("devenv.nix", "2\n") == 2
    with opened(bench.root) as connection:
        assert connection.execute("SELECT count(*) FROM refusal").fetchone()[0] == 0


def test_a_project_that_is_gone_costs_nothing_either(bench: Bench) -> None:
    bench.edit("devenv.nix", "1\n")
    shutil.rmtree(bench.root)
    assert not bench.transactions.keep_refusal(ATTEMPT, make=True)
    assert not bench.root.exists()


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM refusal",
        "DELETE FROM refusal WHERE id = (SELECT max(id) FROM refusal)",
        "DELETE FROM refusal WHERE id = (SELECT min(id) FROM refusal)",
        "DELETE FROM refusal WHERE id = 2",
    ],
)
def test_attempts_that_were_taken_out_are_found_wherever_they_were(bench: Bench, statement: str) -> None:
    bench.edit("devenv.nix", "1\n")
    for _ in range(4):
        assert bench.transactions.keep_refusal(ATTEMPT)
    bench.edit("devenv.nix", "2\n")
    assert bench.transactions.verify().ok
    bench.transactions.close()
    changed(bench.root, statement)
    assert [item.code for item in bench.fresh().verify().faults] == ["refusal_missing"]


def test_an_attempt_that_was_lost_with_the_power_is_no_attack(bench: Bench) -> None:
    bench.edit("devenv.nix", "1\n")
    assert bench.transactions.keep_refusal(ATTEMPT)
    bench.transactions.close()
    # no operation came after it, whose commit would have waited for the disk
    changed(bench.root, "DELETE FROM refusal")
    assert bench.fresh().verify().ok
