"""What keeps built programs: a few of each kind, the newest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.processes.programs import new_programs

if TYPE_CHECKING:
    from pathlib import Path


def test_the_newest_are_kept_and_the_oldest_go(tmp_path: Path) -> None:
    made = [new_programs(tmp_path, "tasks") for _ in range(9)]
    assert [folder.is_dir() for folder in made] == [False] * 4 + [True] * 5


def test_tasks_let_go_of_nothing_that_processes_run(tmp_path: Path) -> None:
    runs = new_programs(tmp_path, "processes")
    for _ in range(9):
        new_programs(tmp_path, "tasks")
    assert runs.is_dir()
