"""One environment: plain apply, run, .envrc and the file for shells mean the active one, which is the default one."""

from __future__ import annotations

import json
import os
import pty
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from devkeel.environments import entry_file
from devkeel.project.root import Project
from devkeel_cli.run import run

from .conftest import process_environment

if TYPE_CHECKING:
    from collections.abc import Callable

PREFIX = "import sys; print(sys.prefix)"

pytestmark = pytest.mark.usefixtures("own_index")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "My Project"
    place.mkdir()
    (place / "requirements.txt").write_text("plain\n")
    monkeypatch.chdir(place)
    return place


def devkeel(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "devkeel_cli", *arguments]
    return subprocess.run(argv, env=process_environment() | more, capture_output=True, text=True, check=False)


def prefix(*arguments: str) -> str:
    """Return the prefix of the Python that `devkeel run` finds."""
    done = devkeel("run", *arguments, "--", "python", "-c", PREFIX)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def by_file(root: Path) -> str:
    """Return the prefix of the Python in a shell that sources the file for shells."""
    script = f". '{entry_file.path_of(Project(root))}'; python -c '{PREFIX}'"
    return subprocess.run(["sh", "-euc", script], capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    def call(*arguments: str) -> str:
        capsys.readouterr()
        assert run([*arguments]) == 0
        return capsys.readouterr().out

    return call


@pytest.mark.rule("naming: default")
def test_naming_the_default_environment_is_that_of_the_setting_the_manifest_or_the_directory(
    root: Path, told: Callable[..., str]
) -> None:
    assert told("env", "current") == "my-project, not made yet\n"
    for name in ("'Conda Ml'", '"Conda Ml"  # why', "Conda Ml # why", "conda-ml"):
        (root / "environment.yml").write_text(f"name: {name}\n")
        assert told("env", "current") == "conda-ml, not made yet\n"
    (root / "devkeel.toml").write_text('environment = "3 Dev"\n')
    assert told("env", "current").startswith("_3-dev")
    for reserved in ("base", "root", "default", "---"):
        (root / "devkeel.toml").write_text(f'environment = "{reserved}"\n')
        assert run(["env", "current"]) == 2


def test_to_apply_by_the_default_name_is_plain_apply(root: Path, told: Callable[..., str]) -> None:
    plain = json.loads(told("apply", "--json"))
    named = json.loads(told("apply", "--env", "My Project", "--json"))
    made = json.loads(told("env", "create", "--no-direnv", "--json"))
    assert plain["environment"] == "my-project"
    assert {plain["prefix"], named["prefix"], made["prefix"]} == {prefix()}
    assert (plain["changed"], named["changed"]) == (True, False)
    assert prefix() == prefix("--env", "my-project") == by_file(root)


@pytest.mark.rule("naming: active")
def test_activate_switches_for_all_and_until_switched_back(root: Path, told: Callable[..., str]) -> None:
    told("apply")
    told("apply", "--env", "other")
    first, other = prefix(), prefix("--env", "other")
    assert first != other
    assert devkeel("env", "activate", "other").returncode == 0
    assert (prefix(), by_file(root), prefix("--env", "my-project")) == (other, other, first)
    assert told("env", "current") == "other\n"
    (root / "requirements.txt").write_text("plain\nnumbers-lib\n")
    applied = json.loads(told("apply", "--json"))
    assert applied["environment"] == "other"
    assert by_file(root) == applied["prefix"] != other
    told("env", "activate")
    assert (prefix(), by_file(root)) == (first, first)
    assert not (root / ".devkeel" / "active.json").exists()


def test_activate_prints_the_code_for_a_shell_and_says_so_on_a_terminal(root: Path, told: Callable[..., str]) -> None:
    told("apply")
    code = told("env", "activate", "my-project")
    assert code == told("env", "print") == told("env", "print", "my-project")
    ours, theirs = pty.openpty()
    argv = [sys.executable, "-m", "devkeel_cli", "env", "activate"]
    assert subprocess.run(argv, stdout=theirs, env=process_environment(), check=True).returncode == 0
    os.close(theirs)
    assert b"my-project is active" in os.read(ours, 4096)
    os.close(ours)
    assert root.exists()


@pytest.mark.rule("naming: not by entering")
def test_an_envrc_of_before_enters_and_switches_nothing(root: Path, told: Callable[..., str]) -> None:
    told("apply")
    told("apply", "--env", "other")
    told("env", "activate", "other")
    done = devkeel("env", "activate", "my-project", DIRENV_IN_ENVRC="1")
    assert done.returncode == 0
    assert "devkeel envrc" in done.stderr
    assert "DEVKEEL_ENVIRONMENT=my-project" in done.stdout
    assert told("env", "current") == "other\n"
    assert root.exists()


def test_what_is_not_made_is_neither_activated_nor_entered(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for verb in ("activate", "print"):
        assert run(["env", verb, "other"]) == 1
        assert capsys.readouterr().out == ""
    assert not (root / ".devkeel").exists()


def test_removing_the_active_one_goes_back_to_the_default(root: Path, told: Callable[..., str]) -> None:
    told("apply")
    told("apply", "--env", "other")
    told("env", "activate", "other")
    told("env", "remove", "other")
    assert told("env", "current") == "my-project\n"
    assert by_file(root) == prefix()
    told("env", "remove", "my-project")
    assert devkeel("run", "--", "python", "-c", PREFIX).returncode == 5


def test_the_list_has_backend_python_active_and_default(root: Path, told: Callable[..., str]) -> None:
    told("apply")
    told("apply", "--env", "other")
    told("env", "activate", "other")
    head, first, second = (line.split() for line in told("env", "list").splitlines())
    assert head == ["name", "backend", "python", "active", "default"]
    version = ".".join(map(str, sys.version_info[:2]))
    assert (first[:2], first[3:]) == (["my-project", "venv"], ["-", "yes"])
    assert (second[:2], second[3:]) == (["other", "venv"], ["yes", "-"])
    assert first[2].startswith(version)
    for way in ([], ["--json"]):
        assert "other" in told("inspect", *way)
    found = {item["name"]: item for item in json.loads(told("inspect", "--json"))["environments"]}
    assert (found["other"]["active"], found["other"]["default"]) == (True, False)
    assert root.exists()


@pytest.mark.rule("naming: kept")
def test_the_name_stays_when_the_directory_gets_another(
    root: Path, told: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told("apply")
    moved = root.with_name("moved")
    shutil.move(root, moved)
    monkeypatch.chdir(moved)
    assert told("env", "current") == "my-project\n"
    assert Path(prefix()).is_relative_to(moved)


def test_a_command_knows_the_name_of_its_environment(root: Path, told: Callable[..., str]) -> None:
    told("apply")
    assert devkeel("run", "--", "sh", "-c", "echo $DEVKEEL_ENVIRONMENT").stdout == "my-project\n"
    assert root.exists()
