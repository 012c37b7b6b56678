"""How the server and the command end: cancelled, disconnected, orphaned, signalled."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from devkeel.api import Environment

from .serving import CLIENT, COMMAND, VARIABLES, Server, add, message, notice

if TYPE_CHECKING:
    from pathlib import Path


def settled(root: Path) -> Environment:
    """Assert that the next to come finds files that agree with the history; return what it sees."""
    environment = Environment(root, actor="a test")
    environment.context.records.recover()
    assert not environment.inspect().recovery_pending
    assert environment.diff().diff == ""
    assert not list(root.glob(".devkeel-*"))
    return environment


@pytest.mark.fault(32)
def test_a_call_that_is_cancelled_has_happened_or_not(root: Path) -> None:
    with Server(root) as server:
        for number in range(10, 16):
            server.say(add(number, f"p{number}"), notice("notifications/cancelled", requestId=number))
        server.say(message(99, "ping"))
        while server.hear().get("id") != 99:
            pass
        server.process.communicate(timeout=30)
        assert server.process.returncode == 0
    environment = settled(root)
    done = len(environment.history().operations)
    assert sum(name.startswith("p1") for name in environment.inspect().packages) == done


@pytest.mark.fault(33)
def test_a_client_that_disconnects_in_a_call_leaves_a_whole_project(root: Path) -> None:
    with Server(root) as server:
        server.say(add(10, "jq"))
        server.process.communicate(timeout=30)
        assert server.process.returncode == 0
    settled(root)


@pytest.mark.fault(34)
def test_a_server_ends_when_its_parent_dies_and_somebody_holds_its_pipe(root: Path) -> None:
    # the pipe's other end stays open in this process; the parent is a shell in between
    argv = ("/bin/sh", "-c", 'exec 3<&0; "$@" <&3 & echo $! >&2; wait', "sh", *COMMAND, "--root", str(root), "serve")
    with subprocess.Popen(
        argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=VARIABLES
    ) as shell:
        assert shell.stdin is not None
        assert shell.stdout is not None
        assert shell.stderr is not None
        server = int(shell.stderr.readline())
        shell.stdin.write(message(1, "initialize", **CLIENT))
        shell.stdin.flush()
        assert json.loads(shell.stdout.readline())["id"] == 1
        shell.kill()
        # its end closes the pipe, so that reading it is waiting for it
        assert shell.stdout.read() == b""
    assert gone(server)


@pytest.mark.fault(35)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_in_a_call_ends_the_server_with_its_code_between_two_writes(root: Path, number: int) -> None:
    with Server(root) as server:
        server.say(add(10, "jq"), add(11, "curl"))
        server.process.send_signal(number)
        assert server.process.wait(timeout=30) == 128 + number
    settled(root)


def gone(pid: int) -> bool:
    """Wait for a process that was told to end to be collected by whoever adopted it."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
    return False


def _heed() -> None:
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)


HANGING = "#!/bin/sh\necho $$ > {mark}\ntrap '' TERM\nsleep 600 & wait\nwait\n"


@pytest.mark.fault(35)
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)])
def test_a_signal_ends_a_command_with_its_code_and_what_it_runs(
    root: Path, tmp_path: Path, number: int, code: int
) -> None:
    folder, mark = tmp_path / "bin", tmp_path / "mark"
    folder.mkdir()
    os.mkfifo(mark)
    program = folder / "nix-instantiate"
    program.write_text(HANGING.format(mark=mark))
    program.chmod(0o755)
    variables = VARIABLES | {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}
    argv = (*COMMAND, "--root", str(root), "check", "--level", "syntax", "--nix")
    # Whoever runs the tests may ignore signals, as nohup and a shell's background do, and a command inherits that.
    with subprocess.Popen(
        argv,
        env=variables,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        preexec_fn=_heed,  # noqa: PLW1509
    ) as command:
        child = int(mark.read_text())
        command.send_signal(number)
        assert command.wait(timeout=30) == code
        assert command.stderr is not None
        assert b"Traceback" not in command.stderr.read()
    assert gone(child)


def test_the_client_and_its_version_are_the_actor(root: Path) -> None:
    with Server(root) as server:
        server.say(add(10, "jq"))
        assert server.hear()["id"] == 10
    assert settled(root).history().operations[0].actor == "a test 7"
