"""Which programs are run, and what they see, while a project is only looked at."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from devkeel.errors import Unavailable
from devkeel.runtime import distrust, executing, find_program, run
from devkeel.runtime import programs as rules

NAME = "devkeel-canary"


def plant(path: Path) -> Path:
    """Make a program that leaves a mark beside the project."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\necho fired\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project in a Git work tree, in which this process stands."""
    root = tmp_path / "clone" / "project"
    root.mkdir(parents=True)
    (root.parent / ".git").mkdir()
    monkeypatch.chdir(root)
    distrust(root)
    return root


@pytest.mark.parametrize("entry", ["", ".", "bin", ".venv/bin", "../tools"])
def test_a_part_of_path_that_is_relative_finds_nothing(
    clone: Path, monkeypatch: pytest.MonkeyPatch, entry: str
) -> None:
    plant(clone / entry / NAME)
    monkeypatch.setenv("PATH", f"{entry}:/usr/bin")
    assert find_program(NAME) is None
    with executing():  # it would be another program in each directory
        assert find_program(NAME) is None
    with pytest.raises(Unavailable):
        run((NAME,), timeout=10, cwd=clone)


@pytest.mark.parametrize("folder", [".venv/bin", "node_modules/.bin", ".devkeel/bin", "bin", "../bin", "sub/../bin"])
def test_the_project_s_own_programs_are_found_only_while_it_may_run(
    clone: Path, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    (clone / "sub").mkdir()
    plant(clone / folder / NAME)
    monkeypatch.setenv("PATH", f"{clone / folder}:/usr/bin:/bin")
    assert find_program(NAME) is None
    with pytest.raises(Unavailable):
        run((NAME,), timeout=10)
    assert run(("sh", "-c", f"command -v {NAME}"), timeout=10).returncode
    with executing():
        assert find_program(NAME) == f"{clone / folder}/{NAME}"
        assert run((NAME,), timeout=10).stdout == b"fired\n"


@pytest.mark.parametrize("linked", ["folder", "program", "out"])
def test_a_link_between_project_and_path_makes_no_program_of_it_ours(
    clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, linked: str
) -> None:
    entry = tmp_path / "bin"
    if linked == "folder":  # a place of the user's that leads into the project
        plant(clone / "tools" / NAME)
        entry.symlink_to(clone / "tools")
    elif linked == "program":
        entry.mkdir()
        (entry / NAME).symlink_to(plant(clone / "tools" / NAME))
    else:  # a place in the project that leads out of it: the project says which
        plant(tmp_path / "elsewhere" / NAME)
        entry = clone / "bin"
        entry.symlink_to(tmp_path / "elsewhere")
    monkeypatch.setenv("PATH", f"{entry}:/usr/bin")
    assert find_program(NAME) is None
    with pytest.raises(Unavailable):
        run((NAME,), timeout=10)


def test_a_submodule_does_not_make_ours_what_is_above_it(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = clone / "vendor" / "inner"
    inner.mkdir(parents=True)
    (inner / ".git").write_text("gitdir: ../../../.git/modules/inner\n")
    distrust(inner)
    plant(clone.parent / "bin" / NAME)
    monkeypatch.setenv("PATH", str(clone.parent / "bin"))
    assert find_program(NAME) is None


def test_another_spelling_of_the_project_is_the_project_too(clone: Path, tmp_path: Path) -> None:
    """As on file systems that take no notice of case; a second mount is the same to the kernel."""
    other = tmp_path / "other"
    other.mkdir()
    plant(clone / "bin" / NAME)
    ask = f"""
import os, pathlib
from devkeel.runtime import distrust, find_program
distrust(pathlib.Path({str(clone)!r}))
os.environ["PATH"] = {str(other / "bin")!r}
print(os.path.exists({str(other / "bin" / NAME)!r}), find_program({NAME!r}))
"""
    script = 'mount --bind "$1" "$2" && shift 2 && exec "$@"'
    enter = ["unshare", "--mount", "--propagation", "private", *([] if os.geteuid() == 0 else ["--map-root-user"])]
    argv = [*enter, "sh", "-c", script, "sh", str(clone), str(other), sys.executable, "-c", ask]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if "mount" in done.stderr or "unshare" in done.stderr:
        pytest.skip(f"this system mounts nothing for this user: {done.stderr.strip()}")
    assert done.stdout == "True None\n", done.stderr


def test_a_program_of_the_user_s_is_found_beside_those(
    clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(clone / "bin" / NAME)
    ours = plant(tmp_path / "bin" / NAME)
    monkeypatch.setenv("PATH", f".:{clone / 'bin'}::{ours.parent}")
    assert find_program(NAME) == str(ours)


@pytest.mark.parametrize("root", ["", "proj"])
def test_a_home_that_is_under_git_stays_the_user_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, root: str) -> None:
    home = tmp_path / "home"
    (home / ".git").mkdir(parents=True)
    (home / "proj").mkdir()
    monkeypatch.setattr(rules, "_own_places", lambda: (str(home), "/bin", "/usr/bin"))
    distrust(home / root)
    monkeypatch.setenv("PATH", f"{home}/.local/bin:{home}/proj/bin")
    users, theirs = plant(home / ".local" / "bin" / NAME), plant(home / "proj" / "bin" / "theirs")
    assert find_program(NAME) == str(users)
    assert find_program("theirs") == (None if root else str(theirs))


def test_a_root_that_holds_the_system_hides_no_program_of_it() -> None:
    distrust(Path("/"))
    distrust(Path("/usr"))
    assert find_program("sh")


def test_a_program_does_not_stand_in_the_project_unless_it_is_about_it(clone: Path) -> None:
    assert run(("pwd",), timeout=10).stdout == b"/\n"
    assert run(("pwd",), timeout=10, cwd=clone).stdout.decode().strip() == str(clone)


def test_a_variable_that_leads_into_the_project_is_not_handed_on(
    clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "NIX_CONF_DIR", "TMPDIR", "HOME"):
        monkeypatch.setenv(name, str(clone / "settings"))
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    names = (
        "GIT_DIR",
        "GIT_SSH_COMMAND",
        "LD_PRELOAD",
        "PYTHONPATH",
        "PYTHONSTARTUP",
        "NODE_OPTIONS",
        "BASH_ENV",
        "ENV",
    )
    for name in names:
        monkeypatch.setenv(name, str(clone / "settings"))
    seen = run((sys.executable, "-I", "-c", "import os; print(os.environ)"), timeout=10).stdout.decode()
    assert str(clone) not in seen
    assert "relative" not in seen
    assert str(tmp_path / "state") in seen


def test_what_is_given_to_one_program_still_comes_first(clone: Path) -> None:
    found = run(("sh", "-c", "echo $XDG_CACHE_HOME $PATH"), environment={"PATH": "/usr/bin:/bin"}, timeout=10)
    assert found.stdout.decode().split()[-1] == "/usr/bin:/bin"
    assert os.environ["PATH"] != "/usr/bin:/bin"
    assert clone.exists()
