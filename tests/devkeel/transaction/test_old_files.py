"""What is written into a file after it was replaced, through a descriptor from before, is kept and told."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from devkeel.api import Environment
from devkeel.errors import Conflict
from devkeel.system.mechanisms import usable
from devkeel.transaction import files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .conftest import Bench

FOLDER = ".devkeel/displaced"


@pytest.fixture(params=["as it is", "without exchange", "without leases", "without both"])
def bare(request: pytest.FixtureRequest, without: Callable[..., None]) -> str:
    """Run a test with each mechanism switched off."""
    off = {"without exchange": ["renameat2"], "without leases": ["leases"], "without both": ["renameat2", "leases"]}
    if request.param in off:
        without(*off[request.param])
    return str(request.param)


def kept(bench: Bench) -> list[Path]:
    return sorted((bench.root / FOLDER).glob("*")) if (bench.root / FOLDER).exists() else []


def test_an_old_file_that_nobody_has_open_goes_at_once(bench: Bench) -> None:
    bench.write({"devenv.nix": "old\n"})
    bench.edit("devenv.nix", "new\n")
    bench.edit("devenv.nix", None)
    assert not kept(bench)
    assert not bench.temporaries()
    assert bench.transactions.late() == ()


def test_without_leases_an_old_file_is_kept_for_a_day_and_not_told(bench: Bench, without: Callable[..., None]) -> None:
    without("leases")
    bench.write({"devenv.nix": "old\n"})
    bench.edit("devenv.nix", "new\n")
    assert [path.read_text() for path in kept(bench)] == ["old\n"]
    assert bench.transactions.late(remove=True) == ()
    assert kept(bench)


def test_late_bytes_are_kept_and_told_until_they_are_taken(bench: Bench, bare: str) -> None:
    assert bare
    bench.write({"devenv.nix": "old\n"})
    with (bench.root / "devenv.nix").open("a") as descriptor:
        number = bench.edit("devenv.nix", "new\n")
        assert bench.text("devenv.nix") == "new\n"
        if usable("leases"):
            assert [(item.path, item.data, item.written) for item in bench.transactions.late(remove=True)] == [
                ("devenv.nix", b"old\n", True)
            ]
        descriptor.write("late\n")
    transactions = bench.fresh()
    (late,) = transactions.late(remove=True)
    assert (late.path, late.operation, late.before, late.data) == ("devenv.nix", number, b"old\n", b"old\nlate\n")
    assert (bench.root / late.place).read_text() == "old\nlate\n"
    bench.edit("devenv.nix", "newer\n")
    assert [item.data for item in bench.transactions.late(remove=True)] == [b"old\nlate\n"]
    (bench.root / late.place).unlink()
    assert bench.transactions.late() == ()


def test_a_descriptor_that_is_closed_without_a_word_lets_the_old_file_go(bench: Bench) -> None:
    if not usable("leases"):
        pytest.skip("without leases it is kept for a day")
    bench.write({"devenv.nix": "old\n"})
    with (bench.root / "devenv.nix").open("a"):
        bench.edit("devenv.nix", "new\n")
        assert kept(bench)
    assert bench.transactions.late(remove=True) == ()
    assert not kept(bench)


def test_a_reader_of_the_old_file_does_not_keep_it(bench: Bench) -> None:
    bench.write({"devenv.nix": "old\n"})
    with (bench.root / "devenv.nix").open() as reader:
        bench.edit("devenv.nix", "new\n")
        assert not kept(bench)
        assert reader.read() == "old\n"


@pytest.mark.parametrize("step", files.STEPS)
def test_whatever_is_written_through_an_old_descriptor_at_any_step_is_found(bench: Bench, bare: str, step: str) -> None:
    """The line is in the file, or in what the error or the records tell."""
    assert bare
    bench.write({"devenv.nix": "old\n", "other.nix": "old\n"})
    bench.edit("other.nix", "new\n")
    descriptor = (bench.root / "devenv.nix").open("a")

    written: list[str] = []

    def write() -> None:
        written.append("late")
        descriptor.write("late\n")
        descriptor.flush()

    bench.once(step, write)
    changes = [bench.change("devenv.nix", "newer\n"), bench.change("other.nix", "newer\n")]
    try:
        bench.transactions.publish(changes, bench.record())
    except Conflict as error:
        assert "late" in str(error.details)
    files.hook = None
    descriptor.write("later\n")
    descriptor.close()
    place = next((bench.root / item.place for item in bench.transactions.late()), bench.root / "devenv.nix")
    assert place.read_text().splitlines() == ["old", *written, "later"]
    assert not bench.temporaries()


@pytest.mark.parametrize("way", ["in place", "beside", "append"])
def test_where_names_cannot_be_exchanged_a_save_at_any_step_is_found(
    bench: Bench, without: Callable[..., None], way: str
) -> None:
    without("renameat2")
    saves = 0
    for number in range(60):
        path = bench.root / f"f{number}.nix"
        path.write_text("old\n")
        saved: list[None] = []

        def action(path: Path = path, saved: list[None] = saved) -> None:
            saved.append(None)
            save(path, way, "saved\n")

        bench.at(number, action)
        told = ""
        try:
            bench.edit(path.name, "new\n")
        except Conflict as error:
            told = str(error.details)
        files.hook = None
        told += path.read_text() + "".join(item.data.decode() for item in bench.transactions.late())
        assert not saved or "saved" in told
        assert not saved or way != "append" or "old" in told
        saves += len(saved)
    assert saves > len(files.STEPS) / 2


def save(path: Path, way: str, text: str) -> None:
    """Save as a person does, also where there is no file for the moment."""
    if way == "in place":
        path.write_text(text)
    elif way == "append":
        with path.open("a") as stream:
            stream.write(text)
    else:
        other = path.with_suffix(".other")
        other.write_text(text)
        other.rename(path)


@pytest.mark.parametrize("nth", [1, 2])
def test_a_kill_while_there_is_no_file_is_settled_by_the_next_writer(
    bench: Bench, without: Callable[..., None], nth: int
) -> None:
    without("renameat2")
    bench.write({"devenv.nix": "old\n"})
    bench.edit("first.nix", "first\n")
    child = os.fork()
    if child == 0:
        bench.once("moved aside", lambda: os.kill(os.getpid(), signal.SIGKILL), nth=nth)
        bench.fresh().publish([bench.change("devenv.nix", "new\n")], bench.record())
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    assert bench.text("devenv.nix") == (None if nth == 1 else "new\n")
    if nth == 1:
        bench.write({"devenv.nix": "saved meanwhile\n"})
    bench.fresh().recover()
    assert bench.text("devenv.nix") == ("saved meanwhile\n" if nth == 1 else "new\n")
    assert not bench.temporaries()


def test_inspecting_tells_late_bytes_with_their_text(tmp_path: Path) -> None:
    from devkeel.edits.vocabulary import parse_edits

    path = tmp_path / "devenv.nix"
    path.write_text("{ pkgs, ... }:\n\n{\n}\n")
    environment = Environment(tmp_path, actor="a test")
    with path.open("a") as descriptor:
        edit = {"kind": "set", "path": "env.A", "value": "1"}
        result = environment.change(parse_edits([edit]), level="syntax")
        if usable("leases"):
            assert FOLDER in "".join(result.notes)
        descriptor.write("# late\n")
    (problem,) = (item for item in environment.inspect().problems if item.code == "late_write")
    assert "+# late" in problem.message
    assert FOLDER in problem.message
    findings = [item.message for item in environment.examine().findings if FOLDER in item.message]
    assert findings
    environment.close()
