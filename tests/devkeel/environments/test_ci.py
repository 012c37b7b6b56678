"""The steps of a CI job after `devkeel env ci`."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from devkeel.backends.backend import Applied
from devkeel.environments.ci_files import enter_later_steps
from devkeel.environments.shell_code import Entering
from devkeel.errors import StateError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

SEVERAL = "first\nsecond=x<<EOF\nEOF"


def entering(**variables: str) -> Entering:
    return Entering("app", Applied("venv", "/p", {"PATH": "/a:/b", **variables}, "uv", unset=("PYTHONPATH", "GONE")))


def at(folder: Path) -> dict[str, str]:
    return {"GITHUB_ENV": str(folder / "variables"), "GITHUB_PATH": str(folder / "paths"), "PYTHONPATH": "/x"}


def test_ci_values_of_several_lines_end_at_a_mark_that_they_cannot_have(tmp_path: Path) -> None:
    enter_later_steps(entering(TEXT=SEVERAL), at(tmp_path))
    text = (tmp_path / "variables").read_text()
    mark = text.partition("TEXT<<")[2].partition("\n")[0]
    assert f"TEXT<<{mark}\n{SEVERAL}\n{mark}\n" in text
    assert mark not in SEVERAL


def test_ci_folders_are_written_last_first_because_the_runner_puts_each_before_the_others(tmp_path: Path) -> None:
    enter_later_steps(entering(), at(tmp_path))
    assert (tmp_path / "paths").read_text() == "/b\n/a\n"
    assert not [line for line in (tmp_path / "variables").read_text().splitlines() if line.startswith("PATH<<")]


def test_ci_what_cannot_be_carried_is_said(tmp_path: Path) -> None:
    _, left = enter_later_steps(entering(NODE_OPTIONS="--x", RUNNER_TEMP="/t"), at(tmp_path))
    assert left == ("NODE_OPTIONS", "RUNNER_TEMP", "PYTHONPATH")
    text = (tmp_path / "variables").read_text()
    assert ("NODE_OPTIONS<<" in text, "GONE<<" in text, "PYTHONPATH<<" in text) == (False, False, True)


def test_ci_a_script_of_later_steps_enters_the_environment_that_is_named(tmp_path: Path) -> None:
    script, other = tmp_path / "script", tmp_path / "entry.sh"
    other.write_text("export DEVKEEL_ENVIRONMENT=active\n")
    script.write_text("export MINE=1\n")
    named = Entering("gpu", Applied("venv", str(tmp_path), {"A": "1"}, "uv"), file=other)
    assert enter_later_steps(named, {"BASH_ENV": str(script)}) == ((str(script),), ())
    argv = ["bash", "-c", 'printf "%s %s %s" "$MINE" "$A" "$DEVKEEL_ENVIRONMENT"']
    environment = {"PATH": os.environ["PATH"], "BASH_ENV": str(script)}
    found = subprocess.run(argv, env=environment, capture_output=True, text=True, check=True)
    assert found.stdout == "1 1 gpu"


def test_ci_without_files_for_later_steps_is_said(tmp_path: Path) -> None:
    for variables in ({}, {"GITHUB_ENV": str(tmp_path / "x")}, {"BASH_ENV": ""}):
        with pytest.raises(UsageError) as caught:
            enter_later_steps(entering(), variables)
        assert caught.value.code == "no_ci"


def test_ci_a_file_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StateError) as caught:
        enter_later_steps(entering(), {"GITHUB_ENV": str(tmp_path), "GITHUB_PATH": str(tmp_path)})
    assert caught.value.code == "not_writable"
