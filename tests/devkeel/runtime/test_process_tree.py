"""What still runs, seen in /proc, on real processes."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from devkeel.runtime import process_tree
from devkeel.runtime.ports import port_holder, writers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def tree(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A shell with a child in its session and one in a session of its own; it says when both are there."""
    script = "sleep 600 & setsid sleep 601 & echo there; wait"
    argv = ["sh", "-c", script]
    with subprocess.Popen(
        argv, stdout=subprocess.PIPE, text=True, start_new_session=True, env={**os.environ, "SURVIVOR": str(tmp_path)}
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "there\n"
        until_named(process.pid, ["sh", "sleep", "sleep"])
        yield process
        process_tree.end(process_tree.marked("SURVIVOR", str(tmp_path)))


def until_named(pid: int, names: list[str]) -> None:
    deadline = time.monotonic() + 30
    while [item.name for item in process_tree.family([pid])] != names:
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.usefixtures("each_system")
def test_a_tree_is_found_ended_and_proven_gone(tree: subprocess.Popen[str], tmp_path: Path) -> None:
    found = process_tree.family([tree.pid])
    assert {item.session == tree.pid for item in found} == {True, False}
    assert process_tree.marked("SURVIVOR", str(tmp_path)) == found
    assert process_tree.end(found) == []
    assert process_tree.still(found) == []
    tree.wait(30)
    assert process_tree.marked("SURVIVOR", str(tmp_path)) == []


@pytest.mark.usefixtures("each_system")
def test_what_ignores_sigterm_is_ended_all_the_same() -> None:
    script = "import signal; signal.signal(15, signal.SIG_IGN); print(flush=True); signal.pause()"
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        found = process_tree.look(process.pid)
        assert found is not None
        assert process_tree.end([found], grace=0.1) == []
        assert process.wait(30) == -9


@pytest.mark.usefixtures("each_system")
def test_a_process_with_the_same_number_is_another_one(tree: subprocess.Popen[str]) -> None:
    found = process_tree.look(tree.pid)
    assert found is not None
    earlier = replace(found, start=found.start - 1)
    assert process_tree.still([earlier]) == []
    assert process_tree.end([earlier]) == []
    assert tree.poll() is None


def test_this_process_and_its_ancestors_are_never_among_them() -> None:
    every = {item.pid for item in process_tree.running()}
    assert os.getpid() not in every
    assert os.getppid() not in every


def test_who_listens_on_a_port_is_named() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        assert port_holder(port) is None
        listener.listen()
        assert str(os.getpid()) in (port_holder(port) or "")


def test_who_writes_to_a_file_is_found_and_who_reads_it_is_not(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.touch()
    with log.open("ab") as out, subprocess.Popen(["sleep", "600"], stdout=out) as writer:
        with log.open("rb") as source, subprocess.Popen(["sleep", "600"], stdin=source) as reader:
            assert [item.pid for item in writers([log])] == [writer.pid]
            reader.kill()
        writer.kill()
