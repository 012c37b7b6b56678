"""What only the stand-in can do: fail as asked, remember its calls, build badly, end with its test."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    Project = Callable[..., Path]

pytestmark = pytest.mark.nix
REPOSITORY = Path(__file__).resolve().parents[2]

# A fault and what stderr has then.
FAULTS = {
    "database-locked": "database is locked",
    "network": "unable to download 'https://",
    "disk-full": "No space left on device",
    "memory": "out of memory",
    "store-locked": "Permission denied",
}


@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_strikes_as_often_as_asked_and_then_no_more(devenv: Any, pinned_project: Project, kind: str) -> None:
    root = pinned_project("")
    devenv.fail(kind, times=2)
    for _ in range(2):
        found = devenv.run("eval", "name", root=root)
        assert (found.returncode, found.stdout) == (1, "")
        assert FAULTS[kind] in found.stderr
    assert json.loads(devenv.run("eval", "name", root=root).stdout) == {"name": "devenv-shell"}


def test_it_can_be_killed_and_can_hang(devenv: Any, pinned_project: Project) -> None:
    root = pinned_project("")
    devenv.fail("killed")
    assert devenv.run("eval", "name", root=root).returncode == -signal.SIGKILL
    devenv.fail("hang")
    with subprocess.Popen([devenv.program, "eval", "name"], cwd=root, stdout=subprocess.DEVNULL) as process:
        while (devenv.folder / "fault.json").exists():
            time.sleep(0.01)
        assert process.poll() is None
        process.kill()


def test_calls_are_remembered(devenv: Any, pinned_project: Project) -> None:
    devenv.run("eval", "name", root=pinned_project(""))
    assert devenv.calls() == [["--no-tui", "--quiet", "eval", "name"]]


def test_what_it_pins_is_left_alone(devenv: Any, pinned_project: Project) -> None:
    root = pinned_project("")
    before = (root / "devenv.lock").read_bytes()
    assert devenv.run("print-dev-env", root=root).returncode == 0
    assert (root / "devenv.lock").read_bytes() == before


def test_an_input_that_needs_a_network_fails_like_one_without(devenv: Any, pinned_project: Project) -> None:
    root = pinned_project("", {"devenv.yaml": "inputs:\n  other:\n    url: github:someone/else\n"})
    found = devenv.run("eval", "name", root=root)
    assert found.returncode == 1
    assert "unable to download 'https://api.github.com/repos/someone/else" in found.stderr


def test_an_input_that_is_added_makes_the_option_work(devenv: Any, pinned_project: Project) -> None:
    root = pinned_project('languages.python = { enable = true; version = "3.12"; };')
    assert "devenv inputs add nixpkgs-python" in devenv.run("print-dev-env", root=root).stderr
    url = "github:cachix/nixpkgs-python"
    devenv.run("inputs", "add", "nixpkgs-python", url, "--follows", "nixpkgs", root=root, check=True)
    assert devenv.run("print-dev-env", root=root).returncode == 0


def test_settings_of_the_yaml_reach_the_evaluation(devenv: Any, pinned_project: Project) -> None:
    root = pinned_project("packages = [ pkgs.vscode pkgs.marked-broken ];")
    with (root / "devenv.yaml").open("a") as file:
        file.write("allow_unfree: true\nnixpkgs:\n  allow_broken: true\nimports:\n  - ./more\n")
    (root / "more").mkdir()
    (root / "more" / "devenv.nix").write_text('{ name = "imported"; }')
    assert devenv.run("eval", "packages", root=root).returncode == 0
    assert json.loads(devenv.run("eval", "name", root=root).stdout) == {"name": "imported"}


def test_dotenv_files_are_read(devenv: Any, pinned_project: Project) -> None:
    root = pinned_project("dotenv.enable = true;", {".env": "TOKEN='secret'\n"})
    assert json.loads(devenv.run("eval", "env.TOKEN", root=root).stdout) == {"env.TOKEN": "secret"}


def test_a_build_may_flood_its_log(devenv: Any, pinned_project: Project) -> None:
    root = pinned_project("packages = [ (pkgs.floods 2) ];")
    argv = [devenv.program, "--no-tui", "print-dev-env"]
    found = subprocess.run(argv, cwd=root, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    assert found.returncode == 1
    assert len(found.stderr) > 2 * 1024 * 1024


def test_a_build_may_hang(devenv: Any, pinned_project: Project) -> None:
    root = pinned_project("packages = [ pkgs.build-hangs ];")
    argv = [devenv.program, "--no-tui", "print-dev-env"]
    pipe = subprocess.PIPE
    with subprocess.Popen(argv, cwd=root, stdout=subprocess.DEVNULL, stderr=pipe, start_new_session=True) as process:
        assert process.stderr is not None
        while b"waiting" not in process.stderr.readline():
            assert process.poll() is None
        os.killpg(process.pid, signal.SIGTERM)
        assert process.wait(30) != 0


def test_what_a_test_leaves_running_is_found_and_ended(devenv: Any, pinned_project: Project) -> None:
    root = pinned_project('processes.a.exec = "exec sleep 600";')
    devenv.run("up", "-d", root=root, check=True)
    assert len(devenv.survivors()) >= 2
    devenv.end()
    assert devenv.survivors() == []


def test_a_port_that_must_not_move_is_refused(devenv: Any, pinned_project: Project) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        root = pinned_project(f'processes.a = {{ exec = "sleep 600"; ports.p.allocate = {port}; }};')
        found = devenv.run("up", "-d", "--strict-ports", root=root)
    assert found.returncode == 1
    assert f"Port {port} is already in use" in found.stderr


def test_the_declaration_of_this_repository_evaluates(devenv: Any, tmp_path: Path) -> None:
    root = tmp_path / "project"
    root.mkdir()
    for name in ("devenv.nix", "devenv.yaml"):
        shutil.copy(REPOSITORY / name, root / name)
    found = devenv.run("print-dev-env", "--json", root=root)
    assert found.returncode == 0, found.stderr
