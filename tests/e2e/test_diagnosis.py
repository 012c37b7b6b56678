"""A run fails for something that is not declared: one call names the edit, and after it the same run passes.

Over stdio, as an agent works; the programs are the machine's own, and Nix evaluates and builds.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest
from tests.backends import BUILD_SYSTEM, make_buildable
from tests.devkeel_mcp.wire import Wire

from .machine import machines

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
