"""The prompt rule: the shell's prompt shows backend and name, as devkeel.toml says, or not."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from devkeel_cli.run import run

from .conftest import process_environment

if TYPE_CHECKING:
    from pathlib import Path

SHELLS = [name for name in ("bash", "dash", "zsh") if shutil.which(name)]
INTERACTIVE = {"bash": ("--norc", "--noprofile"), "zsh": ("-f",)}

pytestmark = pytest.mark.usefixtures("own_index")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Path:
    place = tmp_path / "demo"
    place.mkdir()
    (place / "requirements.txt").write_text("plain\n")
    monkeypatch.chdir(place)
    assert run(["apply"]) == 0
    capfd.readouterr()
    return place


def prompts(shell: str, root: Path, *, times: int = 1, interactive: bool = True) -> list[str]:
    """Return PS1 and DEVKEEL_PROMPT in a shell that has entered the environment, whose prompt was `$ `."""
    enter = f'eval "$({sys.executable} -m devkeel_cli env print)"\n'
    script = f"PS1='$ '\n{enter * times}printf '%s\\n' \"$PS1\" \"${{DEVKEEL_PROMPT-none}}\"\n"
    argv = [shell, *INTERACTIVE.get(shell, ()), *(["-i"] if interactive else []), "-c", script]
    done = subprocess.run(
        argv, cwd=root, env=process_environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.rule("prompt: shown")
def test_the_prompt_of_an_interactive_shell_shows_backend_and_name_once(root: Path, shell: str, times: int) -> None:
    assert prompts(shell, root, times=times) == ["(venv:demo) $ ", "(venv:demo)"]


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.rule("prompt: elsewhere")
def test_another_shell_has_it_in_a_variable_alone(root: Path, shell: str) -> None:
    assert prompts(shell, root, interactive=False) == ["$ ", "(venv:demo)"]


@pytest.mark.parametrize(
    ("setting", "shown"), [("'[{env_name} by {backend}]'", "[demo by venv]"), ("true", "(venv:demo)")]
)
@pytest.mark.rule("prompt: as set")
def test_the_prompt_is_as_the_settings_say(root: Path, setting: str, shown: str) -> None:
    (root / "devkeel.toml").write_text(f"prompt = {setting}\n")
    assert prompts("bash", root) == [f"{shown} $ ", shown]


@pytest.mark.rule("prompt: off")
def test_the_prompt_may_be_off(root: Path) -> None:
    (root / "devkeel.toml").write_text("prompt = false\n")
    assert prompts("bash", root) == ["$ ", "none"]


@pytest.mark.parametrize(
    "wrong", ["'{user}'", "'$(touch hit)'", "'`touch hit`'", "'a%b'", "'a!b'", "'a\\\\b'", '"a\\nb"', "3"]
)
@pytest.mark.rule("prompt: nothing runs")
def test_a_prompt_that_a_shell_would_run_or_that_has_no_such_field_is_refused(
    root: Path, wrong: str, capfd: pytest.CaptureFixture[str]
) -> None:
    (root / "devkeel.toml").write_text(f"prompt = {wrong}\n")
    assert run(["env", "print"]) == 1
    assert "bad_settings" in capfd.readouterr().err
    assert not os.path.lexists(root / "hit")


def test_the_prompt_goes_when_another_environment_is_entered(root: Path) -> None:
    assert run(["apply", "--env", "other"]) == 0
    first, second = (f'eval "$({sys.executable} -m devkeel_cli env print {name})"\n' for name in ("demo", "other"))
    script = f"PS1='$ '\n{first}{second}printf '%s' \"$PS1\""
    argv = ["bash", *INTERACTIVE["bash"], "-i", "-c", script]
    done = subprocess.run(
        argv, env=process_environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True
    )
    assert done.stdout == "(venv:other) $ "
