"""Projects whose processes really start, through the stand-in of devenv's command."""

from __future__ import annotations

import socket
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from devkeel.api import Environment
from devkeel.edits.vocabulary import parse_edits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from devkeel.processes.state import ProcessesResult

LONG = "exec sleep 600"


@dataclass
class World:
    """A project, its environment, and the stand-in that counts what was started."""

    root: Path
    environment: Environment
    devenv: Any

    @property
    def own(self) -> bool:
        """Whether devkeel runs the processes itself."""
        return bool(self.devenv.own)

    def manage(self, action: Any, *names: str, **options: Any) -> ProcessesResult:
        """Do it, and return what came of it when it has ended."""
        job = self.environment.manage(action, names, **options)
        assert job.wait(120)
        result: ProcessesResult = job.value()
        return result

    def phases(self) -> dict[str, str]:
        return {item.name: item.phase for item in self.environment.processes().processes}

    def edit(self, *edits: dict[str, Any]) -> int:
        """Publish edits, judged by their syntax alone, and return the operation."""
        operation = self.environment.change(parse_edits(list(edits)), level="syntax").operation
        assert operation is not None
        return operation

    def declare(self, name: str, script: str) -> int:
        return self.edit({"kind": "set", "path": f"processes.{name}.exec", "value": script})

    def survivors(self) -> list[int]:
        """Return the PIDs of what was started for this project and still runs."""
        return list(self.devenv.survivors())

    def verbs(self) -> list[str]:
        """Return the verbs of devenv's command that were called; none of them where it is not there."""
        return [" ".join(word for word in call if not word.startswith("--")) for call in self.devenv.calls()]


@pytest.fixture
def world(runner: Any, pinned_project: Callable[..., Path]) -> Iterator[Callable[..., World]]:
    """A function that makes a project from the body of its devenv.nix, once for each runner of processes."""
    opened: list[Environment] = []

    def make(text: str, files: dict[str, str] | None = None) -> World:
        root = pinned_project(text, files)
        opened.append(Environment(root, actor="test"))
        return World(root, opened[-1], runner)

    yield make
    for item in opened:
        item.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def redis_says(port: int, *words: str) -> str:
    found = subprocess.run(["redis-cli", "-p", str(port), *words], capture_output=True, text=True, check=True)
    return found.stdout.strip()


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
