"""A run fails for something that is not declared: one call names the edit, and after it the same run passes.

Over stdio, as an agent works; the programs are the machine's own, and Nix evaluates and builds.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import zipfile
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from tests.backends import BUILD_SYSTEM, make_buildable
from tests.devkeel.backends.conftest import flake_at
from tests.devkeel_mcp.wire import Wire
from tests.packages import files_of

from .machine import machines, phases

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from .machine import Machine

    Make = Callable[..., Machine]

pytestmark = [pytest.mark.nix, pytest.mark.usefixtures("offline")]


@pytest.fixture
def machine(pinned_project: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """A function that makes a project from the body of its devenv.nix."""
    with machines(tmp_path / "home", monkeypatch) as make:
        yield lambda text, files=None: make(pinned_project(text, files))


def mend(wire: Wire, cause: dict[str, Any]) -> None:
    """Publish the edits of a cause as they stand in an answer, and apply them."""
    assert wire.told("edit_environment", edits=cause["edits"], reason=cause["fix"])["published"]
    wire.told("apply_environment")


PROGRAM = """\
#include <stdio.h>
#include <zlib.h>
int main(void) { puts(zlibVersion()); return 0; }
"""
BUILD = ["sh", "-c", "gcc main.c -o main -lz && ./main"]


def test_a_c_program_whose_library_is_not_declared(machine: Make) -> None:
    here = machine("packages = [ pkgs.gcc ];", {"main.c": PROGRAM})
    with here.serve() as wire:
        wire.told("apply_environment")
        failed = wire.told("run_command", argv=BUILD)
        assert failed["exit_code"] == 1
        (carried,) = failed["causes"]
        assert (carried["kind"], carried["subject"]) == ("header", "zlib.h")
        found = wire.told("diagnose", text=failed["stderr"])
        assert [(cause["kind"], cause["subject"]) for cause in found["causes"]] == [("header", "zlib.h")]
        assert found["causes"][0]["fixes"][0]["edits"] == carried["edits"]
        # The same of a job, which a person may ask about as well.
        (here.root / "devkeel.toml").write_text("job_after = 0\n")
        job = wire.told("run_command", argv=BUILD)["id"]
        ended = wire.told("job", id=job, wait=30)
        assert (ended["state"], ended["result"]["causes"]) == ("failed", [carried])
        assert wire.told("diagnose", job=job)["causes"][0]["fixes"] == found["causes"][0]["fixes"]
        asked = here.command("diagnose", "--job", job, "--json")
        assert (asked.returncode, json.loads(asked.stdout)["causes"][0]["subject"]) == (0, "zlib.h")
        ran = here.command("run", "--timeout", "60", "--", *BUILD)
        assert ran.returncode == 1
        assert "zlib.h" in ran.stderr.splitlines()[-1]
        (here.root / "devkeel.toml").unlink()
        mend(wire, carried)
        ran = wire.told("run_command", argv=BUILD)
        assert (ran["exit_code"], "causes" in ran) == (0, False), ran["stderr"]
        assert ran["stdout"].startswith("1.")


# As psycopg2's setup.py: without the program that says where PostgreSQL's files are, it gives up.
DRIVER = """\
import subprocess, sys
from pathlib import Path
sys.path.insert(0, str(Path(__file__).parent))
from own_back_end import *
import own_back_end

def build_wheel(folder, config_settings=None, metadata_directory=None):
    try:
        subprocess.run(["pg_config", "--version"], check=True)
    except FileNotFoundError:
        raise SystemExit("Error: pg_config executable not found.\\n\\npg_config is required to build from source.")
    return own_back_end.build_wheel(folder, config_settings, metadata_directory)
"""


def driver(root: Path) -> None:
    """Make the sources of a distribution that needs `pg_config` to be built."""
    root.mkdir()
    make_buildable(root, "psycopg2")
    (root / "driver_back_end.py").write_text(DRIVER)
    system = BUILD_SYSTEM.replace("own_back_end", "driver_back_end")
    (root / "pyproject.toml").write_text(f'{system}[project]\nname = "psycopg2"\nversion = "2.9.9"\n')


def test_a_build_of_pip_that_asks_for_a_program(machine: Make) -> None:
    here = machine("packages = [ pkgs.coreutils ];")
    driver(here.root / "driver")
    argv = [
        sys.executable,
        *["-m", "pip", "wheel", "--no-build-isolation", "--no-index", "--no-deps", "-w", "out", "./driver"],
    ]
    with here.serve() as wire:
        wire.told("apply_environment")
        failed = wire.told("run_command", argv=argv, pure=True)
        assert failed["exit_code"] == 1
        cause = failed["causes"][0]
        assert (cause["kind"], cause["subject"]) == ("program", "pg_config")
        mend(wire, cause)
        ran = wire.told("run_command", argv=argv, pure=True)
        assert (ran["exit_code"], "causes" in ran) == (0, False), ran["stderr"]


def low_port() -> int:
    """Return a free port below those that the kernel gives to whoever asks (ip(7), ip_local_port_range)."""
    first = 20_000 + os.getpid() % 8_000
    for port in range(first, 32_000):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port is free")


def test_a_service_that_is_not_declared(machine: Make) -> None:
    here, port = machine("packages = [ pkgs.redis ];"), low_port()
    argv = ["redis-cli", "-p", str(port), "ping"]
    with here.serve() as wire:
        wire.told("apply_environment")
        failed = wire.told("run_command", argv=argv)
        assert failed["exit_code"] == 1
        (cause,) = failed["causes"]
        assert cause["kind"] == "service"
        mend(wire, cause)
        wire.told("manage_processes", action="start", timeout=120)
        ran = wire.told("run_command", argv=argv)
        assert (ran["exit_code"], ran["stdout"]) == (0, "PONG\n")
        wire.told("manage_processes", action="stop")
    assert here.survivors() == {}


def test_a_port_that_is_in_use(machine: Make) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        web = "processes.web.exec = \"exec redis-server --bind 127.0.0.1 --port $WEB_PORT --save ''\";"
        here = machine(f'env.WEB_PORT = "{port}"; {web}')
        with here.serve() as wire:
            error = wire.error("manage_processes", action="start", timeout=120)
            cause = error["details"]["causes"][0]
            assert (cause["kind"], cause["subject"]) == ("port", str(port))
            mend(wire, cause)
            started = wire.told("manage_processes", action="start", timeout=120)
            assert phases(started) == {"web": "ready"}
            wire.told("manage_processes", action="stop")
    assert here.survivors() == {}


def test_a_file_of_a_flake_that_git_does_not_track(
    tmp_path: Path, pinned_inputs: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = flake_at(tmp_path / "project", pinned_inputs["nixpkgs"])
    (root / "flake.nix").write_text((root / "flake.nix").read_text().replace('"as declared"', "import ./greeting.nix"))
    identity = ("git", "-c", "user.name=t", "-c", "user.email=t@example.org")
    for words in (("init", "-q"), ("add", "."), ("commit", "-qm", "begin")):
        subprocess.run([*identity, *words], cwd=root, check=True, capture_output=True)
    (root / "greeting.nix").write_text('"now there"\n')
    with Wire(root) as wire:
        error = wire.error("apply_environment")
        (cause,) = error["details"]["causes"]
        assert (cause["kind"], cause["command"]) == ("untracked", "git add greeting.nix")
        subprocess.run(cause["command"].split(), cwd=root, check=True)
        wire.told("apply_environment")
        assert wire.told("run_command", argv=["printenv", "GREETING"])["stdout"] == "now there\n"


def wheel(folder: Path, name: str, module: str) -> None:
    """Put a distribution whose module is called otherwise into an index."""
    place = folder / name
    place.mkdir(parents=True)
    stem = f"{name.replace('-', '_')}-4.0.0-py3-none-any.whl"
    files = files_of(name, "4.0.0", (), "VALUE = 42\n")
    called = (f"{name.replace('-', '_')}/__init__", f"{module}/__init__")
    with zipfile.ZipFile(place / stem, "w") as archive:
        for path, data in files.items():
            archive.writestr(path.replace(*called), data.replace(*called))
    (place / "index.html").write_text(f'<!DOCTYPE html><html><body><a href="{stem}">{stem}</a></body></html>\n')


def test_a_module_whose_distribution_is_called_otherwise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "index"
    for name in ("opencv-python", "opencv-python-headless"):
        wheel(folder, name, "cv2")
    monkeypatch.setenv("UV_DEFAULT_INDEX", folder.as_uri())
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", " ".join(str(place) for place in folder.iterdir()))
    root = tmp_path / "project"
    root.mkdir()
    (root / "requirements.txt").write_text("# none yet\n")
    argv = ["python", "-c", "import cv2; print(cv2.VALUE)"]
    with Wire(root) as wire:
        wire.told("apply_environment")
        failed = wire.told("run_command", argv=argv)
        assert failed["exit_code"] == 1
        (cause,) = failed["causes"]
        assert (cause["kind"], cause["subject"]) == ("python_module", "cv2")
        mend(wire, cause)
        ran = wire.told("run_command", argv=argv)
        assert (ran["exit_code"], ran["stdout"]) == (0, "42\n")
