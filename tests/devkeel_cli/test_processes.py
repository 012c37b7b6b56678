"""`devkeel up`, `ps`, `logs`, `restart` and `down`, on processes that really run."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from .conftest import process_environment

if TYPE_CHECKING:
    from collections.abc import Callable

    from syrupy.assertion import SnapshotAssertion

pytestmark = pytest.mark.nix
PROJECT = """
processes.web = { exec = "echo ready for web; exec sleep 600"; };
processes.broken = { exec = "echo no such file >&2; exit 3"; start.enable = false; };
"""


def run(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "devkeel_cli", *words],
        cwd=root,
        env=process_environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_a_session_with_processes_reads_like_this(
    runner: Any, pinned_project: Callable[..., Path], snapshot: SnapshotAssertion
) -> None:
    root = pinned_project(PROJECT)
    lines = [
        *(["ps"], ["up"], ["up", "web"], ["ps"], ["logs", "web"], ["up", "broken"], ["up", "brokn"]),
        *(["restart", "web"], ["down", "web"], ["down"], ["down"]),
    ]
    told = []
    for line in lines:
        done = run(root, *line)
        told.append(
            {"line": " ".join(line), "code": done.returncode, "out": stable(done.stdout), "err": end(done.stderr)}
        )
    assert told == snapshot
    assert runner.survivors() == []


def end(text: str) -> str:
    """Return what follows the sentences about the progress: which of these are seen is a matter of time."""
    return "".join(text.partition("error[")[1:])


def stable(text: str) -> str:
    return re.sub(r"PID \d+", "PID <pid>", text)


def test_json_has_what_a_program_needs(runner: Any, pinned_project: Callable[..., Path]) -> None:
    root = pinned_project(PROJECT)
    started = json.loads(run(root, "up", "--json").stdout)
    assert {item["name"]: item["phase"] for item in started["processes"]} == {"web": "ready", "broken": "not_started"}
    assert Path("/proc", str(started["manager"])).exists()
    failed = run(root, "up", "broken", "--on-failure", "restore", "--json")
    assert failed.returncode == 1
    assert json.loads(failed.stdout)["error"]["code"] == "process_crashed"
    assert not json.loads(run(root, "down", "--json").stdout)["running"]


@pytest.mark.usefixtures("own_index")
def test_a_procfile_runs_by_the_command_where_there_is_no_nix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "project"
    root.mkdir()
    (root / "requirements.txt").write_text("plain\n")
    (root / "Procfile").write_text("worker: python -c 'import plain; print(plain.VALUE, flush=True)'; sleep 600\n")
    with tempfile.TemporaryDirectory(prefix="dv-") as runtime:
        monkeypatch.setenv("XDG_RUNTIME_DIR", runtime)
        assert "devkeel apply" in run(root, "up").stderr
        assert run(root, "apply").returncode == 0
        started = run(root, "up")
        assert (started.returncode, started.stdout.split()) == (0, ["worker", "ready"]), started.stderr
        assert run(root, "ps").stdout.split() == ["worker", "ready"]
        assert any("42" in run(root, "logs", "worker").stdout for _ in range(30))
        assert run(root, "down").returncode == 0
        assert "nothing runs" in run(root, "ps").stdout
