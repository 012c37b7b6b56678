"""What devkeel starts: it hangs, dies, shouts, reads, spawns and hides, and takes nothing with it."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from devkeel.errors import Unavailable
from devkeel.runtime import end_children, run
from devkeel.runtime.process_tree import OUTLIVES
from devkeel.transaction import lock

if TYPE_CHECKING:
    from devkeel.api import Environment

HIDING = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        open(sys.argv[1], "w").write(str(os.getpid()))
    time.sleep(600)
while True:
    time.sleep(600)
"""


def lives(pid: int) -> bool:
    state = Path(f"/proc/{pid}/stat")
    return state.exists() and state.read_text().rsplit(")", 1)[1].split()[0] != "Z"


@pytest.mark.fault(28, 37)
def test_a_program_that_hangs_is_ended_with_what_left_its_session(tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    with pytest.raises(Unavailable) as caught:
        run((sys.executable, "-c", HIDING, str(mark)), timeout=2)
    assert caught.value.code == "timeout"
    assert not lives(int(mark.read_text()))


@pytest.mark.fault(29)
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_a_check_that_is_killed_says_nothing_about_the_file(
    environment: Environment, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, number: int
) -> None:
    program = tmp_path / "bin" / "nix-instantiate"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\nkill -{int(number)} $$\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(Unavailable) as caught:
        environment.check(level="syntax", second_opinion=True)
    assert caught.value.code == "check_crashed"


@pytest.mark.fault(39)
def test_a_program_gets_neither_our_input_nor_our_output(capfd: pytest.CaptureFixture[str]) -> None:
    found = run((sys.executable, "-c", "import sys; print(repr(sys.stdin.read()))"), timeout=30)
    assert found.stdout == b"''\n"
    assert capfd.readouterr() == ("", "")


@pytest.mark.fault(38)
def test_much_output_ends_in_memory_of_ours_and_not_in_a_full_pipe() -> None:
    code = "import sys; sys.stdout.write('x' * 3_000_000); sys.stderr.write('y' * 3_000_000)"
    found = run((sys.executable, "-c", code), timeout=60)
    assert (len(found.stdout), len(found.stderr)) == (3_000_000, 3_000_000)


@pytest.mark.fault(24)
def test_a_program_that_outlives_us_does_not_hold_the_lock(tmp_path: Path) -> None:
    state = tmp_path / ".devkeel"
    state.mkdir()
    with lock.hold(state, 1):
        listing = run(("/bin/sh", "-c", "ls -l /proc/self/fd"), timeout=30).stdout
    assert b".devkeel" not in listing


def test_all_children_are_ended_and_nobody_else(tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    # in a process of its own, which has no children but these
    if (middle := os.fork()) == 0:
        child = os.fork()
        if child == 0:
            os.setsid()
            os.execv(sys.executable, [sys.executable, "-c", HIDING, str(mark)])  # noqa: S606
        spared = os.fork()
        if spared == 0:
            os.setsid()
            os.execve("/bin/sleep", ["sleep", "60"], {**os.environ, **OUTLIVES})  # noqa: S606
        # What it may outlive is in its variables, which are there when it has become the other program.
        while not mark.exists() or not mark.read_text() or Path(f"/proc/{spared}/comm").read_text() != "sleep\n":
            pass
        left = end_children(1)
        found = (lives(int(mark.read_text())), lives(child), lives(spared))
        os.kill(spared, signal.SIGKILL)
        os._exit(len(left) + (found != (False, False, True)))
    assert os.waitstatus_to_exitcode(os.waitpid(middle, 0)[1]) == 0
