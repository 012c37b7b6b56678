"""devenv's own redis and postgres by Nix alone: where DEVKEEL_REAL_MODULES has checkouts of devenv and nixpkgs.lib.

The modules and the module system are the real ones; the packages run the machine's programs.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from benchmarks.modules.rig import pin

from .machine import free_port, machines, phases, query, said

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .machine import Machine

    Make = Callable[[str], Machine]

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
MODULES = os.environ.get("DEVKEEL_REAL_MODULES")
PACKAGES = {
    "default.nix": HERE / "real_packages.nix",
    "lazy.nix": REPOSITORY / "benchmarks" / "modules" / "packages.nix",
    "stand-in": REPOSITORY / "tests" / "devenv" / "inputs" / "nixpkgs",
}

pytestmark = [
    pytest.mark.nix,
    pytest.mark.usefixtures("offline"),
    pytest.mark.skipif(not MODULES, reason="DEVKEEL_REAL_MODULES is not set"),
]


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """A function that makes a project from the body of its devenv.nix."""
    lock = pin(Path(MODULES or ""), tmp_path / "inputs", PACKAGES)

    def project(text: str) -> Path:
        root = tmp_path / "project"
        root.mkdir()
        (root / "devenv.lock").write_bytes(lock)
        (root / "devenv.nix").write_text(f"{{ pkgs, lib, config, ... }}:\n{{\n  {text}\n}}\n")
        return root

    with machines(tmp_path / "home", monkeypatch) as make:
        yield lambda text: make(project(text))


# devenv's own directive for redis is one of redis 7.2, and Debian may have an older one.
SERVICES = """
  services.redis = { enable = true; port = PORT; extraConfig = ""; };
  services.postgres = { enable = true; initialDatabases = [ { name = "app"; } ]; };
  tasks."app:fill" = {
    exec = "psql -d app -c 'create table made (at text)'";
    after = [ "devenv:processes:postgres" ];
  };
  processes.web = { exec = "exec sleep 600"; after = [ "app:fill" ]; };
"""


def test_both_are_ready_by_their_own_probes_and_answer(machine: Make) -> None:
    port = free_port()
    here = machine(SERVICES.replace("PORT", str(port)))
    with here.serve() as wire:
        wire.told("apply_environment")
        started = wire.told("manage_processes", action="start", timeout=120)
        assert phases(started) == {"postgres": "ready", "redis": "ready", "web": "ready"}
        assert said(wire, "redis-cli", "-p", str(port), "ping") == "PONG"
        assert query(wire, "select count(*) from made") == "0"
        wire.told("manage_processes", action="stop")
    assert here.survivors() == {}
