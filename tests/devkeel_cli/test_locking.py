"""On a terminal a person is asked once about a lock that is stale or missing; never in CI, nor without a terminal."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from .conftest import process_environment

if TYPE_CHECKING:
    from pathlib import Path

    from tests.packages import PublishedIndex

PROJECT = '[project]\nname = "demo"\nversion = "1"\nrequires-python = ">=3.9"\ndependencies = ["plain"]\n'
QUESTION = "[y/N]"


@pytest.fixture
def root(tmp_path: Path, published: PublishedIndex) -> Path:
    assert published.folder.is_dir()
    found = tmp_path / "project"
    found.mkdir()
    (found / "pyproject.toml").write_text(PROJECT)
    return found


def on_a_terminal(root: Path, *argv: str, answer: str = "", **more: str) -> str:
    """Return what a person sees who answers when asked."""
    ours, theirs = pty.openpty()
    variables = process_environment() | {"CI": ""} | more
    command = [sys.executable, "-m", "devkeel_cli", *argv]
    with subprocess.Popen(command, cwd=root, stdin=theirs, stdout=theirs, stderr=theirs, env=variables) as process:
        os.close(theirs)
        seen, answered, end = "", False, time.monotonic() + 60
        while time.monotonic() < end:
            if not select.select([ours], [], [], 0.2)[0]:
                if process.poll() is not None:
                    break
                continue
            try:
                data = os.read(ours, 4096)
            except OSError:  # EIO: the other side is closed (pty(7) of Linux)
                break
            seen += data.decode("utf-8", "replace")
            if QUESTION in seen and not answered:
                os.write(ours, f"{answer}\n".encode())
                answered = True
    os.close(ours)
    return seen


def test_yes_makes_the_lock_and_applies(root: Path) -> None:
    seen = on_a_terminal(root, "apply", answer="y")
    assert QUESTION in seen
    assert (root / "uv.lock").is_file()
    assert (root / ".devkeel").is_dir()
    assert QUESTION not in on_a_terminal(root, "apply")


def test_no_is_asked_once_and_again_when_the_lock_is_another(root: Path) -> None:
    assert QUESTION in on_a_terminal(root, "apply", answer="n")
    assert not (root / "uv.lock").exists()
    assert QUESTION not in on_a_terminal(root, "apply")
    (root / "uv.lock").write_text("version = 1\nrequires-python = '>=3.9'\n")
    assert QUESTION in on_a_terminal(root, "apply", "--strict", answer="y")
    assert "plain" in (root / "uv.lock").read_text()


@pytest.mark.parametrize(
    ("words", "more", "setting"),
    [
        (("apply",), {"CI": "true"}, "warn"),
        (("apply", "--json"), {}, "warn"),
        (("apply", "-n"), {}, "warn"),
        (("apply",), {}, "ignore"),
        (("check",), {}, "warn"),
    ],
)
def test_what_asks_nothing(root: Path, words: tuple[str, ...], more: dict[str, str], setting: str) -> None:
    (root / "devkeel.toml").write_text(f'lock_file_policy = "{setting}"\n')
    assert QUESTION not in on_a_terminal(root, *words, **more)
    assert not (root / "uv.lock").exists()


def test_without_a_terminal_nothing_is_asked(root: Path) -> None:
    argv = [sys.executable, "-m", "devkeel_cli", "apply"]
    found = subprocess.run(
        argv, cwd=root, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=process_environment(), check=False
    )
    assert found.returncode == 0
    assert QUESTION not in found.stdout + found.stderr
