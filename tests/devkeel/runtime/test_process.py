"""The subprocess wrapper."""

from __future__ import annotations

import contextlib
import os
import selectors
import sys
from typing import TYPE_CHECKING

import pytest

from devkeel.errors import Unavailable
from devkeel.runtime import run

if TYPE_CHECKING:
    from pathlib import Path

LONGEST = 60.0


def test_output_and_exit_code_come_back_as_they_are() -> None:
    code = "import sys; data = sys.stdin.buffer.read(); print(data); print('bad', file=sys.stderr); sys.exit(3)"
    found = run((sys.executable, "-c", code), stdin=b"x\0y", timeout=30)
    assert found.returncode == 3
    assert found.stdout == b"b'x\\x00y'\n"
    assert found.stderr == b"bad\n"


def test_a_program_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(Unavailable) as caught:
        run(("devkeel-no-such-program",), timeout=1)
    assert caught.value.code == "program_missing"


def test_a_deadline_ends_the_program_and_its_children(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    script = f"trap '' TERM; exec 9>{pipe}; (trap '' TERM; sleep 600) & echo started >&9; wait; wait"
    started, timeout = b"", 0.25
    while not started and timeout < LONGEST:
        # Each attempt has twice the time, so that the child is alive at the deadline of one of them.
        timeout *= 2
        with pytest.raises(Unavailable) as caught:
            run(("/bin/sh", "-c", script), timeout=timeout)
        assert caught.value.code == "timeout"
        with contextlib.suppress(BlockingIOError):
            started = os.read(reader, 100)
    assert started == b"started\n"
    # Whoever lives of the group holds the other end open: its last process must have gone.
    with selectors.DefaultSelector() as waiting:
        waiting.register(reader, selectors.EVENT_READ)
        assert waiting.select(LONGEST)
    assert os.read(reader, 100) == b""
    os.close(reader)


def test_only_an_allow_list_of_the_environment_is_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "x")
    found = run((sys.executable, "-c", "import os; print(sorted(os.environ))"), timeout=30)
    assert b"SECRET_TOKEN" not in found.stdout
    assert b"PATH" in found.stdout
    assert "SECRET_TOKEN" in os.environ
