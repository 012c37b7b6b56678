"""The subprocess wrapper."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from devkeel.errors import Unavailable
from devkeel.runtime import run


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
    mark = tmp_path / "pid"
    script = f"trap '' TERM; sleep 600 & echo $! > {mark}; wait; wait"
    with pytest.raises(Unavailable) as caught:
        run(("/bin/sh", "-c", script), timeout=1)
    assert caught.value.code == "timeout"
    pid = int(mark.read_text())
    state = Path(f"/proc/{pid}/stat")
    assert not state.exists() or state.read_text().rsplit(")", 1)[1].split()[0] == "Z"


def test_only_an_allow_list_of_the_environment_is_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "x")
    found = run((sys.executable, "-c", "import os; print(sorted(os.environ))"), timeout=30)
    assert b"SECRET_TOKEN" not in found.stdout
    assert b"PATH" in found.stdout
    assert "SECRET_TOKEN" in os.environ
