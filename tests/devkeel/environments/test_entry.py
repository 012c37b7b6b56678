"""The code and the file by which a shell enters an environment, in the shells that there are."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from typing import TYPE_CHECKING

import pytest

from devkeel.api import Environment
from devkeel.backends.backend import Applied
from devkeel.environments import entry_file
from devkeel.environments.shell_code import Entering, entered_by, nothing_to_enter
from devkeel.project.root import Project

if TYPE_CHECKING:
    from pathlib import Path

    from devkeel.environments.apply import ApplyResult
    from devkeel.runtime.jobs import Job

SHELLS = [name for name in ("bash", "dash", "zsh") if shutil.which(name)]
NASTY = "a 'b' \"c\" $(touch hit) `touch hit` \\ \n!x %y"


def entering(prefix: Path, name: str = "one", prompt: str | None = "(venv:one)", **variables: str) -> Entering:
    own = {"PATH": str(prefix / "bin"), **variables}
    return Entering(name, Applied("venv", str(prefix), own, "uv", ("PYTHONHOME",)), prompt)


def shell(program: str, script: str, cwd: Path, *flags: str, **more: str) -> str:
    environment = {"PATH": os.environ["PATH"], **more}
    start = ("--norc", "--noprofile") if program == "bash" else ()
    argv = [program, *start, *flags, "-euc", script]
    return subprocess.run(argv, cwd=cwd, env=environment, capture_output=True, text=True, check=True).stdout


def done(job: Job) -> ApplyResult:
    assert job.wait(120)
    found: ApplyResult = job.value()
    return found


@pytest.fixture(params=SHELLS)
def program(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_values_arrive_as_they_are_and_nothing_of_them_runs(tmp_path: Path, program: str) -> None:
    code = entering(tmp_path, A=NASTY, **{"not-a-name; touch hit;": "x"}).code()
    found = shell(program, f'{code}\nprintf "%s|%s" "$A" "${{PYTHONHOME-none}}"', tmp_path, PYTHONHOME="/elsewhere")
    assert found == f"{NASTY}|none"
    assert not (tmp_path / "hit").exists()


@pytest.mark.rule("ci: to be entered")
def test_to_enter_twice_is_to_enter_once(tmp_path: Path, program: str) -> None:
    code = entering(tmp_path, A="1").code()
    once, twice = (shell(program, code * times + "env", tmp_path) for times in (1, 2))
    assert sorted(once.split("\n")) == sorted(twice.split("\n"))
    assert f"PATH={tmp_path}/bin:{os.environ['PATH']}\n" in twice


def test_what_stands_before_it_on_the_path_meanwhile_stays(tmp_path: Path, program: str) -> None:
    code = entering(tmp_path).code()
    found = shell(program, f'{code}PATH="/before:$PATH"\n{code}printf %s "$PATH"', tmp_path)
    assert found == f"{tmp_path}/bin:/before:{os.environ['PATH']}"


@pytest.mark.rule("ci: to be entered")
def test_another_environment_takes_the_place_of_the_one_before(tmp_path: Path, program: str) -> None:
    first, second = tmp_path / "1", tmp_path / "2"
    first.mkdir()
    second.mkdir()
    both = entering(first, A="1", B="1").code() + entering(second, "two", None, B="2").code()
    found = shell(program, f'{both}printf "%s|" "${{A-none}}" "$B" "$DEVKEEL_ENVIRONMENT" "$PATH"', tmp_path)
    assert found == f"none|2|two|{second}/bin:{os.environ['PATH']}|"


@pytest.mark.rule("guardrail: copies")
def test_an_environment_that_is_gone_is_not_entered_and_said(tmp_path: Path, program: str) -> None:
    code = entering(tmp_path / "gone", A="1").code() + nothing_to_enter("it is not here")
    done = subprocess.run(
        [program, "-euc", f"{code}env"], env={"PATH": "/bin:/usr/bin"}, capture_output=True, text=True, check=True
    )
    assert "DEVKEEL" not in done.stdout
    assert done.stderr.count("devkeel: ") == 2


@pytest.mark.rule("guardrail: for its user")
def test_the_file_is_beside_the_key_for_its_user_alone_and_replaced_whole(tmp_path: Path) -> None:
    project = Project(tmp_path)
    where = entry_file.path_of(project)
    assert where is not None
    assert where.is_relative_to(os.environ["XDG_STATE_HOME"])
    assert not where.exists()
    assert entry_file.replace_entry(project, "A=1\n") == ()
    with where.open() as before:
        assert entry_file.replace_entry(project, "A=2\n") == ()
        assert (before.read(), where.read_text()) == ("A=1\n", "A=2\n")
    assert stat.S_IMODE(where.stat().st_mode) == 0o600
    assert [item.name for item in where.parent.iterdir() if item.name.startswith(".")] == []


def test_two_projects_of_one_name_have_two_files(tmp_path: Path) -> None:
    places = set()
    for above in ("a", "b"):
        (tmp_path / above / "same").mkdir(parents=True)
        places.add(entry_file.path_of(Project(tmp_path / above / "same")))
    assert len(places) == 2


@pytest.mark.parametrize("given", ["relative", "inside", "link"])
def test_a_place_that_is_not_this_user_s_own_is_not_written_to_and_a_note_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    root, elsewhere = tmp_path / "project", tmp_path / "elsewhere"
    for folder in (root, elsewhere):
        folder.mkdir()
    place = {"relative": "somewhere", "inside": str(root / "state"), "link": str(tmp_path / "state")}[given]
    if given == "link":
        (tmp_path / "state" / "devkeel").mkdir(parents=True, mode=0o700)
        (tmp_path / "state" / "devkeel" / "entries").symlink_to(elsewhere)
    monkeypatch.setenv("XDG_STATE_HOME", place)
    (note,) = entry_file.replace_entry(Project(root), "A=1\n")
    assert "was not replaced" in note
    assert not list(root.rglob("*.sh"))
    assert not list(elsewhere.iterdir())


@pytest.mark.usefixtures("own_index")
def test_what_is_applied_made_and_removed_is_in_the_file_at_once(tmp_path: Path) -> None:
    root = tmp_path / "demo"
    root.mkdir()
    (root / "requirements.txt").write_text("plain\n")
    environment = Environment(root, actor="test")
    where = entry_file.path_of(environment.project)
    assert where is not None
    enter = f'. {where}; python -c "import plain, sys; print(sys.prefix)"'
    done(environment.apply(dry_run=True))
    assert not where.exists()
    applied = done(environment.apply())
    assert shell("dash", enter, tmp_path).strip() == applied.prefix
    assert where.read_text() == environment.environments().entering().code()
    environment.environments().purge()
    entered = subprocess.run(["dash", "-c", f". {where}; env"], capture_output=True, text=True, check=True)
    assert "devkeel: " in entered.stderr
    assert "DEVKEEL_ENVIRONMENT" not in entered.stdout


@pytest.mark.usefixtures("own_index")
@pytest.mark.rule("guardrail: copies")
def test_a_copy_at_the_place_of_what_was_applied_is_not_entered(tmp_path: Path) -> None:
    root, copy = tmp_path / "a b' 1", tmp_path / "copy"
    root.mkdir()
    (root / "requirements.txt").write_text("plain\n")
    environment = Environment(root, actor="test")
    where = entry_file.path_of(environment.project)
    assert where is not None
    done(environment.apply())
    text, name = where.read_text(), environment.environments().active

    def found(program: str) -> list[str]:
        printed = shell(program, f". {where}\nenv", tmp_path)
        return [line for line in printed.splitlines() if line.startswith("DEVKEEL_ENVIRONMENT=")]

    assert entered_by(text) == (name, "venv")
    shutil.copytree(root, copy, symlinks=True)
    assert {seen for item in SHELLS for seen in found(item)} == {f"DEVKEEL_ENVIRONMENT={name}"}
    root.rename(tmp_path / "away")
    copy.rename(root)
    assert entered_by(text) is None
    assert {seen for item in SHELLS for seen in found(item)} == set()
