"""A project in a directory of any name, and a user whose records cannot be kept: the command, real tools behind it."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from tests.devkeel.backends.conftest import flake_at

from devkeel.environments import entry_file
from devkeel.environments.shell_code import entered_by
from devkeel.project.root import Project
from devkeel_cli.run import run

if TYPE_CHECKING:
    from pathlib import Path

# direnv reads no .envrc beneath a directory with one of `"$` in its name (2.32).
ODD = "a; project's 100%41 #1?\nline"
PREFIX = "import sys; print(sys.prefix)"


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    return tmp_path / "state"


def project(place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place.mkdir(parents=True)
    (place / "requirements.txt").write_text("plain\n")
    monkeypatch.chdir(place)
    return place


def answer(words: list[str], capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    capsys.readouterr()
    code = run([*words, "--json"])
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found | {"code": code}


def printed(*words: str) -> str:
    """Return what a command prints that takes the place of this process."""
    argv = [sys.executable, "-m", "devkeel_cli", *words]
    return subprocess.run(argv, capture_output=True, text=True, check=True, timeout=120).stdout


@pytest.mark.usefixtures("own_index")
def test_a_venv_in_a_directory_of_any_name_is_entered_by_each_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = project(tmp_path / ODD, monkeypatch)
    assert run(["apply"]) == 0
    there = printed("run", "python", "-c", PREFIX)
    assert there.startswith(f"{root}/.devkeel/")
    entry = entry_file.path_of(Project(root))
    assert entry is not None
    for shell in ("sh", "bash"):
        code = f". '{entry}'; python -c '{PREFIX}'"
        assert subprocess.run([shell, "-c", code], capture_output=True, text=True, check=True).stdout == there
    assert entered_by(entry.read_text()) is not None
    assert printed("envrc")
    if shutil.which("direnv"):
        own = os.environ | {name: str(tmp_path / name) for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME")}
        (tmp_path / "bin").mkdir()
        (tmp_path / "bin/devkeel").write_text(f'#!/bin/sh\nexec {sys.executable} -m devkeel_cli "$@"\n')
        (tmp_path / "bin/devkeel").chmod(0o755)
        own["PATH"] = f"{tmp_path / 'bin'}:{own['PATH']}"
        subprocess.run(["direnv", "allow", str(root)], env=own, check=True, capture_output=True)
        argv = ["direnv", "exec", str(root), "python", "-c", PREFIX]
        assert subprocess.run(argv, env=own, capture_output=True, text=True, check=True).stdout == there


@pytest.mark.nix
@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize("backend", ["flake", "devenv"])
def test_what_nix_makes_in_a_directory_of_any_name_is_entered(
    tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, backend: str
) -> None:
    name = f'{ODD} "odd" $HOME:2'
    if backend == "flake":
        root = flake_at(tmp_path / name, request.getfixturevalue("pinned_inputs")["nixpkgs"])
    else:
        root = request.getfixturevalue("pinned_project")('packages = [ pkgs.hello ]; env.SAID = "here";', name=name)
    monkeypatch.chdir(root)
    assert run(["apply"]) == 0
    said = printed("run", "sh", "-c", 'echo "$SAID"; pwd')
    assert said == f"{'here' if backend == 'devenv' else ''}\n{root}\n"


@pytest.mark.usefixtures("own_index")
def test_a_colon_in_the_path_is_refused_before_anything_is_made_and_where_a_project_is_moved_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = project(tmp_path / "a:b", monkeypatch)
    for words in (["apply"], ["apply", "--dry-run"], ["env", "create", "other"]):
        found = answer(words, capsys)
        assert (found["code"], found["error"]["code"]) == (1, "not_searchable")  # type: ignore[index]
    assert not list(root.glob(".devkeel/envs/*/g-*"))
    moved = project(tmp_path / "plain", monkeypatch)
    assert run(["apply"]) == 0
    shutil.rmtree(root)
    moved.rename(root)
    monkeypatch.chdir(root)
    found = answer(["run", "python", "-c", PREFIX], capsys)
    assert (found["code"], found["error"]["code"]) == (1, "not_searchable")  # type: ignore[index]
    assert run(["env", "print"]) == 1


@pytest.mark.usefixtures("own_index")
@pytest.mark.parametrize("wrong", ["a file", "of others"])
def test_what_cannot_be_recorded_is_said_and_the_next_process_names_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], own_state: Path, wrong: str
) -> None:
    if wrong == "a file":
        own_state.write_text("")
    else:
        (own_state / "devkeel").mkdir(parents=True)
        (own_state / "devkeel").chmod(0o777)
    root = project(tmp_path / "demo", monkeypatch)
    place = str(own_state / "devkeel")
    for words in (["apply"], ["env", "create", "other"]):
        notes = answer(words, capsys)["notes"]
        assert sum(place in str(note) for note in notes) == 2, notes  # type: ignore[attr-defined]
    (root / "devkeel.toml").write_text('[gates]\ncommand = ["true"]\nreports = ["none.xml"]\n')
    assert any(place in str(note) for note in answer(["gate"], capsys)["notes"])  # type: ignore[attr-defined]
    done = subprocess.run(
        [sys.executable, "-m", "devkeel_cli", "run", "--json", "true"], capture_output=True, text=True, check=False
    )
    error = json.loads(done.stdout)["error"]
    assert (done.returncode, error["code"]) == (5, "not_applied")
    assert place in error["message"]


# What is mounted where the user's state is, and the exit code.
MOUNTS = {
    "full": ("mount -t tmpfs -o size=64k x {0} && (cat /dev/zero > {0}/zeros 2>/dev/null; true)", 7),
    "read-only": ("mount -t tmpfs x {0} && mount -o remount,ro {0}", 0),
}


@pytest.mark.usefixtures("own_index")
@pytest.mark.parametrize("disk", MOUNTS)
def test_a_disk_that_keeps_no_key_is_said_before_or_with_what_was_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_state: Path, disk: str
) -> None:
    own_state.mkdir()
    root, (mount, code) = project(tmp_path / "demo", monkeypatch), MOUNTS[disk]
    held = ["unshare", "--map-root-user", "--mount", "sh", "-c"]
    laid = mount.format(shlex.quote(str(own_state)))
    if subprocess.run([*held, laid], capture_output=True, check=False).returncode:
        pytest.skip("nothing can be mounted here")
    command = shlex.join([sys.executable, "-m", "devkeel_cli", "apply", "--json"])
    done = subprocess.run([*held, f"{laid} && {command}"], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == code, done.stderr
    answer = json.loads(done.stdout)
    if disk == "full":
        assert answer["error"]["code"] == "state_unusable"
        assert not list(root.glob(".devkeel/envs/*/g-*"))
    else:
        assert sum(str(own_state) in note for note in answer["notes"]) == 2
