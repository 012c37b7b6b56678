"""Two worktrees of one repository: the same services at once, each with state, ports and a manager of its own."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from devkeel.api import Environment

from .conftest import free_port, redis_says

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from devkeel.processes.state import ProcessesResult

pytestmark = pytest.mark.nix


def git(root: Path, *words: str) -> None:
    who = ("-c", "user.name=test", "-c", "user.email=test@example.org")
    subprocess.run(["git", *who, *words], cwd=root, check=True, capture_output=True)


@pytest.fixture
def opened() -> Iterator[Callable[[Path], Environment]]:
    found: list[Environment] = []

    def enter(root: Path) -> Environment:
        found.append(Environment(root, actor="test"))
        return found[-1]

    yield enter
    for item in found:
        item.close()


def manage(environment: Environment, action: Any, **options: Any) -> ProcessesResult:
    job = environment.manage(action, **options)
    assert job.wait(120)
    result: ProcessesResult = job.value()
    return result


def test_two_worktrees_run_the_same_service_at_once(
    runner: Any, pinned_project: Callable[..., Path], opened: Callable[[Path], Environment]
) -> None:
    port = free_port()
    first = pinned_project(f"services.redis = {{ enable = true; port = {port}; }};", {".gitignore": ".dev*\n"})
    second = first.parent / "project-too"
    git(first, "init", "-q")
    git(first, "add", "-A")
    git(first, "commit", "-q", "-m", "begin")
    git(first, "worktree", "add", "-q", str(second))
    here, there = opened(first), opened(second)
    one, two = manage(here, "start"), manage(there, "start")
    assert one.manager != two.manager
    assert one.processes[0].ports == (f"main:{port}",)
    other = int(two.processes[0].ports[0].removeprefix("main:"))
    assert other != port
    assert any(str(port) in note for note in two.notes)
    redis_says(port, "set", "key", "first")
    redis_says(other, "set", "key", "second")
    assert (redis_says(port, "get", "key"), redis_says(other, "get", "key")) == ("first", "second")
    assert not manage(here, "stop").running
    assert redis_says(other, "get", "key") == "second"
    assert not manage(there, "stop").running
    assert runner.survivors() == []
