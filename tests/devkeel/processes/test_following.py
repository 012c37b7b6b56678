"""Looking on: a change of any process is heard from its manager, and what writes a log shows where."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING, Any

import pytest

from devkeel.api import Environment

from .conftest import LONG, until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .conftest import World

    Make = Callable[..., World]


@pytest.mark.nix
def test_what_processes_do_is_heard_from_their_manager_whoever_starts_and_ends_it(world: Make) -> None:
    here = world(f'processes.a.exec = "{LONG}";')
    heard: queue.Queue[dict[str, str] | None] = queue.Queue()
    ended = threading.Event()
    other = Environment(here.root, actor="who looks on")

    def hear() -> None:
        for found in other.process_changes(ended):
            heard.put(None if found is None else {item.name: item.phase for item in found})

    def comes(wanted: Callable[[Any], bool]) -> None:
        while not wanted(heard.get(timeout=60)):
            pass

    thread = threading.Thread(target=hear)
    thread.start()
    try:
        comes(lambda found: found is None)
        here.manage("start")
        comes(lambda found: found == {"a": "ready"})
        here.manage("stop", "a")
        comes(lambda found: found == {"a": "stopped"})
        here.manage("stop")
        comes(lambda found: found is None)
        here.manage("start")
        comes(lambda found: found == {"a": "ready"})
    finally:
        ended.set()
        thread.join(30)
        other.close()
    assert not thread.is_alive()


@pytest.mark.nix
def test_the_directories_of_logs_are_those_in_which_something_changes(world: Make) -> None:
    here = world(f'processes.a.exec = "echo said; {LONG}";')
    assert here.environment.log_folders() == ()
    here.manage("start")
    until(lambda: "said" in here.environment.processes("a").logs[0].stdout)
    logs = [item for item in here.environment.log_folders() if (item / "a.stdout.log").is_file()]
    assert len(logs) == 1


def test_a_job_writes_beside_its_record(tmp_path: Path) -> None:
    environment = Environment(tmp_path, actor="test")
    (tmp_path / ".devkeel" / "jobs").mkdir(parents=True)
    assert environment.log_folders() == (tmp_path / ".devkeel" / "jobs",)
    (tmp_path / ".devkeel" / "jobs").rmdir()
    (tmp_path / ".devkeel" / "jobs").symlink_to(tmp_path)
    assert environment.log_folders() == ()
    environment.close()
