"""What runs, beside what is declared: told by an inspection, which asks and makes nothing."""

from __future__ import annotations

import json
import os
import signal
import socket
from typing import TYPE_CHECKING

import pytest

from devkeel.api import Environment
from devkeel.processes.manager_socket import ManagerSocket
from devkeel.text.actions import do

from ..processes.conftest import LONG, until  # noqa: TID252  (the tests are no installed package)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from devkeel.inspection.status import Stages

    from ..processes.conftest import World  # noqa: TID252

    Make = Callable[..., World]

pytestmark = pytest.mark.nix


def stages(here: World) -> Stages:
    found = here.environment.inspect().stages
    assert found is not None
    return found


def about_processes(found: Stages) -> list[str]:
    return [sentence for sentence in found.differs if "processes" in sentence]


def test_the_revision_that_runs_is_told_and_where_it_differs(world: Make) -> None:
    here = world(f'processes.a.exec = "{LONG}";')
    assert (stages(here).running, stages(here).manager) == (None, None)
    started = here.manage("start")
    found = stages(here)
    assert (found.running, found.manager, about_processes(found)) == (found.declared, started.manager, [])
    assert "running" not in found.behind
    here.declare("b", LONG)
    found = stages(here)
    assert "running" in found.behind
    assert found.running == started.revision != found.declared
    assert do("start") in about_processes(found)[0]
    here.manage("start")
    assert about_processes(stages(here)) == []
    here.manage("stop")
    assert stages(here).running is None


def test_another_lock_differs_too(world: Make) -> None:
    here = world(f'processes.a.exec = "{LONG}";')
    here.manage("start")
    path = here.root / "devenv.lock"
    path.write_text(json.dumps(json.loads(path.read_text())))
    found = stages(here)
    assert (found.running, len(about_processes(found))) == (found.declared, 1)
    assert "running" in found.behind


def test_processes_that_somebody_else_started_are_of_an_unknown_revision(world: Make) -> None:
    here = world(f'processes.a.exec = "{LONG}";')
    assert here.devenv.run("up", "-d", root=here.root).returncode == 0
    found = stages(here)
    assert found.running == "unknown"
    assert len(about_processes(found)) == 1


def test_a_manager_that_was_killed_runs_nothing(world: Make) -> None:
    here = world(f'processes.a.exec = "{LONG}";')
    manager = here.manage("start").manager
    assert manager is not None
    os.kill(manager, signal.SIGKILL)
    until(lambda: stages(here).running is None)


def test_a_manager_that_says_nothing_is_not_waited_for(world: Make) -> None:
    here = world(f'processes.a.exec = "{LONG}";')
    place = ManagerSocket(here.root)
    place.folder.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(place.path))
        listener.listen()
        found = stages(here)
        assert (found.running, found.manager) == ("unknown", os.getpid())


def test_looking_makes_nothing(devenv: object, pinned_project: Callable[..., Path]) -> None:
    root = pinned_project(f'processes.a.exec = "{LONG}";')
    before = sorted(root.rglob("*"))
    environment = Environment(root, actor="test")
    environment.inspect()
    environment.close()
    assert sorted(root.rglob("*")) == before
    assert not ManagerSocket(root).folder.exists()
