"""`devkeel apply`, `run` and `job`, as processes where the terminal matters."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Make = Callable[..., Path]

pytestmark = [pytest.mark.nix, pytest.mark.usefixtures("offline")]
DEVKEEL = (sys.executable, "-m", "devkeel_cli")
SLEEP = f"/bin/sleep 96{os.getpid()}"


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))


def devkeel(root: Path, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    argv = [*DEVKEEL, *arguments]
    return subprocess.run(argv, cwd=root, input=stdin, capture_output=True, text=True, check=False, timeout=120)


def test_a_person_applies_and_runs(pinned_project: Make) -> None:
    root = pinned_project('packages = [ pkgs.hello ];\n  env.API_TOKEN = "hunter2-hunter2";')
    refused = devkeel(root, "run", "--", "hello")
    assert (refused.returncode, "devkeel apply" in refused.stderr) == (5, True)
    applied = devkeel(root, "apply")
    assert applied.returncode == 0, applied.stderr
    assert applied.stdout.startswith("applied revision ")
    assert devkeel(root, "run", "--", "hello").stdout == "Hello, world!\n"
    # It becomes the command: input, exit code, arguments that look like options.
    found = devkeel(root, "run", "sh", "-c", "cat; echo $API_TOKEN; exit 7", "--json", stdin="typed\n")
    assert (found.returncode, found.stdout) == (7, "typed\nhunter2-hunter2\n")
    asked = devkeel(root, "run", "--json", "--", "sh", "-c", "cat; echo $API_TOKEN; exit 7", stdin="typed\n")
    assert (asked.returncode, json.loads(asked.stdout)["stdout"]) == (7, "***\n")
    killed = devkeel(root, "run", "--json", "--", "sh", "-c", "kill -9 $$")
    assert (killed.returncode, json.loads(killed.stdout)["exit_code"]) == (137, -9)
    late = devkeel(root, "run", "--timeout", "0.5", "--", "sh", "-c", f"echo begun; {SLEEP}")
    assert (late.returncode, late.stdout) == (124, "begun\n")
    assert "applied: what is declared" in devkeel(root, "inspect").stdout
    pure = devkeel(root, "run", "--pure", "--", "git", "--version")
    assert (pure.returncode, "the host was left out" in pure.stderr) == (5, True)
    assert devkeel(root, "job").stdout == "no jobs\n"
    assert devkeel(root, "set", "env.LATER", "1", "--level", "syntax").returncode == 0
    outdated = devkeel(root, "run", "--", "hello")
    assert (outdated.stdout, "has changed since it was applied" in outdated.stderr) == ("Hello, world!\n", True)


def test_a_failed_build_is_told_and_taken_back_when_asked(pinned_project: Make) -> None:
    root = pinned_project("packages = [\n    pkgs.hello\n  ];")
    text = (root / "devenv.nix").read_text()
    assert devkeel(root, "apply").returncode == 0
    assert devkeel(root, "add", "build-fails", "--level", "schema").returncode == 0
    failed = devkeel(root, "apply", "--on-failure", "restore")
    assert failed.returncode == 3
    assert "widget.c:3: error: expected ;" in failed.stderr
    assert (root / "devenv.nix").read_text() == text


def test_a_person_who_interrupts_leaves_nothing_running(pinned_project: Make) -> None:
    attributes = f'name = "slow"; system = pkgs.system; builder = "/bin/sh"; args = [ "-c" "{SLEEP}; :" ];'
    root = pinned_project(f"packages = [ (builtins.derivation {{ {attributes} }}) ];")
    with subprocess.Popen([*DEVKEEL, "apply"], cwd=root, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        while "building slow" not in process.stderr.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 130
    found = subprocess.run(["pgrep", "-f", SLEEP], capture_output=True, text=True, check=False)
    assert found.stdout == ""


def test_on_a_terminal_a_line_moves_and_goes_again(pinned_project: Make) -> None:
    # Longer than what goes by without a line, whatever the machine.
    attributes = f'name = "slow-{os.getpid()}"; system = pkgs.system; builder = "/bin/sh"; '
    attributes += 'args = [ "-c" "/bin/sleep 1; : > $out" ];'
    root = pinned_project(f"packages = [ (builtins.derivation {{ {attributes} }}) ];")
    ours, theirs = pty.openpty()
    with subprocess.Popen([*DEVKEEL, "apply"], cwd=root, stderr=theirs, stdout=subprocess.PIPE) as process:
        os.close(theirs)
        shown = b""
        while True:
            try:
                data = os.read(ours, 4096)
            except OSError:  # Linux says so when the other end is closed
                break
            if not data:
                break
            shown += data
        assert process.wait(timeout=60) == 0
    os.close(ours)
    assert shown.startswith(b"\r| ")
    assert shown.endswith(b" \r")
