"""Worktrees of one repository: each has an environment, a history and a way in of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from .conftest import process_environment

if TYPE_CHECKING:
    from pathlib import Path

PROJECT = '[project]\nname = "demo"\nversion = "1"\nrequires-python = ">=3.9"\ndependencies = ["plain"]\n'
WHERE = ("python", "-c", "import sys, plain; print(sys.prefix)")

pytestmark = pytest.mark.usefixtures("own_index")


def git(root: Path, *words: str) -> None:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.org")
    subprocess.run(["git", *identity, *words], cwd=root, check=True, capture_output=True)


def devkeel(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "devkeel_cli", *words]
    return subprocess.run(argv, cwd=root, env=process_environment(), capture_output=True, text=True, check=False)


@pytest.fixture
def trees(tmp_path: Path) -> tuple[Path, Path]:
    """A repository, and a second worktree of it on a branch of its own."""
    first, second = tmp_path / "app", tmp_path / "app-feature"
    first.mkdir()
    (first / "pyproject.toml").write_text(PROJECT)
    git(first, "init", "--quiet")
    git(first, "add", ".")
    git(first, "commit", "--quiet", "-m", "begin")
    git(first, "worktree", "add", "--quiet", "-b", "feature", str(second))
    return first.resolve(), second.resolve()


def test_each_worktree_has_an_environment_of_its_own(trees: tuple[Path, Path]) -> None:
    first, second = trees
    assert devkeel(first, "apply").returncode == 0
    refused = devkeel(second, "run", "--", *WHERE)
    assert (refused.returncode, "not_applied" in refused.stderr) == (5, True)
    assert devkeel(second, "apply").returncode == 0
    for root in trees:
        found = devkeel(root, "run", "--", *WHERE)
        assert found.stdout.startswith(f"{root}/.devkeel/"), found.stderr
        entered = subprocess.run(
            ["sh", "-c", f'eval "$({sys.executable} -m devkeel_cli env print)"; {" ".join(WHERE[:2])} "{WHERE[2]}"'],
            cwd=root,
            env=process_environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert entered.stdout == found.stdout, entered.stderr


def test_what_is_switched_and_done_in_one_worktree_stays_there(trees: tuple[Path, Path]) -> None:
    first, second = trees
    assert devkeel(first, "apply").returncode == devkeel(second, "apply").returncode == 0
    assert devkeel(first, "env", "create", "other").returncode == 0
    assert devkeel(first, "env", "activate", "other").returncode == 0
    names = [item["name"] for item in json.loads(devkeel(second, "env", "list", "--json").stdout)]
    assert "other" not in names
    assert "other" not in devkeel(second, "env", "current").stdout
    assert devkeel(first, "library", "add", "-l", "python", "another", "--level", "schema").returncode == 0
    assert json.loads(devkeel(second, "history", "--json").stdout)["operations"] == []
    assert (second / "pyproject.toml").read_text() == PROJECT


def test_a_worktree_that_is_removed_and_added_again_begins_anew(trees: tuple[Path, Path]) -> None:
    first, second = trees
    assert devkeel(second, "apply").returncode == 0
    git(first, "worktree", "remove", "--force", str(second))
    git(first, "worktree", "add", "--quiet", str(second), "feature")
    found = devkeel(second, "env", "print")
    assert (found.returncode, found.stdout) != (0, "")
    assert str(second / ".devkeel") not in found.stdout
    assert devkeel(second, "apply").returncode == 0
    assert devkeel(second, "run", "--", *WHERE).returncode == 0
