"""The stage: every path means what it means in the project, and the project stays as it is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from devkeel.candidate import mirror, stage, stage_folder
from devkeel.candidate.stage import Stage, open_stage
from devkeel.errors import Busy, Unavailable
from devkeel.project.root import Project
from devkeel.runtime import run

if TYPE_CHECKING:
    from collections.abc import Callable

WAYS = ("namespace", "copy")


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, without: Callable[..., None]) -> str:
    if request.param == "copy":
        without("namespaces")
    elif not stage.namespaces_work():
        pytest.skip("this system lets nobody lay a layer over a directory")
    return str(request.param)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    root = tmp_path.resolve() / "a project"
    (root / "sub").mkdir(parents=True)
    (root / "devenv.nix").write_text("old")
    (root / "devenv.yaml").write_text("inputs: {}")
    (root / "sub" / "x.nix").write_text("x")
    (root / "tool").write_text("#!/bin/sh\necho tool\n")
    (root / "tool").chmod(0o755)
    (root / "link").symlink_to("sub/x.nix")
    return Project(root)


def sh(opened: Stage, text: str) -> str:
    found = run(opened.wrap(("sh", "-euc", text)), timeout=30, cwd=opened.root)
    assert found.returncode == 0, found.stderr
    return found.stdout.decode()


def test_a_command_sees_the_candidate_and_the_rest_of_the_project(project: Project, way: str) -> None:
    files = {"devenv.nix": b"new", "sub/y.nix": b"y", "deep/er/z.nix": b"z", "devenv.yaml": None}
    with open_stage(project, files) as opened:
        assert opened.way == way
        seen = sh(opened, "cat devenv.nix sub/x.nix sub/y.nix deep/er/z.nix link; ./tool; ls -A; id -u")
        assert seen == f"newxyzxtool\ndeep\ndevenv.nix\nlink\nsub\ntool\n{os.getuid()}\n"
        assert (project.root / "devenv.nix").read_text() == "old"
    assert sorted(path.name for path in project.root.iterdir() if path.name != ".devkeel") == [
        *("devenv.nix", "devenv.yaml", "link", "sub", "tool")
    ]


def test_in_a_namespace_every_path_is_the_projects_own(project: Project) -> None:
    if not stage.namespaces_work():
        pytest.skip("this system lets nobody lay a layer over a directory")
    with open_stage(project, {"devenv.nix": b"new"}) as opened:
        assert opened.root == project.root
        assert sh(opened, f"pwd -P; cat '{project.root}/devenv.nix'") == f"{project.root}\nnew"


@pytest.mark.fault(30)
def test_what_a_command_writes_stays_in_the_stage(project: Project, way: str) -> None:
    before = {path: path.read_bytes() for path in project.root.rglob("*") if path.is_file()}
    with open_stage(project, {"devenv.nix": b"new"}, writes=True) as opened:
        assert opened.lock() is None
        sh(opened, "echo pinned > devenv.lock; echo y >> sub/x.nix; mkdir .devenv; rm tool")
        assert opened.lock() == b"pinned\n"
    after = {path: path.read_bytes() for path in before if path.exists()}
    assert after == before
    assert not (project.root / "devenv.lock").exists()


def test_the_next_stage_knows_nothing_of_the_last(project: Project, way: str) -> None:
    with open_stage(project, {"new.nix": b"1", "devenv.yaml": None}, writes=True) as opened:
        sh(opened, "echo changed > sub/x.nix")
    with open_stage(project, {"devenv.nix": b"other"}) as opened:
        assert sh(opened, "cat devenv.nix devenv.yaml sub/x.nix; ls") == (
            "otherinputs: {}xdevenv.nix\ndevenv.yaml\nlink\nsub\ntool\n"
        )


def test_git_tracks_the_same_in_the_stage(project: Project, way: str) -> None:
    for words in ("init -q", "add devenv.nix tool", "-c user.name=a -c user.email=b commit -qm a"):
        subprocess.run(["git", *words.split()], cwd=project.root, check=True)
    with open_stage(project, {"devenv.nix": b"new"}) as opened:
        assert sh(opened, "git ls-files; git status --porcelain --untracked-files=no") == (
            "devenv.nix\ntool\n M devenv.nix\n"
        )


def test_where_nothing_differs_the_project_itself_serves_and_nothing_is_made(project: Project) -> None:
    with open_stage(project, {}) as opened:
        assert (opened.root, opened.way) == (project.root, "project")
        assert opened.wrap(("true",)) == ("true",)
    assert not project.state.exists()


def test_a_command_that_a_signal_ends_is_told_from_one_that_fails(project: Project, way: str) -> None:
    with open_stage(project, {"devenv.nix": b"new"}) as opened:
        found = run(opened.wrap(("sh", "-c", "kill -9 $$")), timeout=30, cwd=opened.root)
        assert found.returncode in (-9, 137)
        assert run(opened.wrap(("sh", "-c", "exit 3")), timeout=30, cwd=opened.root).returncode == 3


def test_a_deadline_ends_a_staged_command(project: Project, way: str) -> None:
    with open_stage(project, {"devenv.nix": b"new"}) as opened, pytest.raises(Unavailable) as caught:
        run(opened.wrap(("sleep", "600")), timeout=1, cwd=opened.root)
    assert caught.value.code == "timeout"


def test_nothing_is_left_but_locks_and_the_stable_copy_and_nothing_in_the_project(project: Project, way: str) -> None:
    with open_stage(project, {"devenv.nix": b"new"}) as opened:
        sh(opened, "true")
    left = {path.name for path in stage_folder.folder_of(project).iterdir()}
    assert left <= {"lock", "root.txt", "copy", "copy.lock"}
    assert not project.state.exists()


def test_what_a_killed_process_left_is_swept(project: Project) -> None:
    code = (
        "import os, sys, pathlib\n"
        "from devkeel.project.root import Project\n"
        "from devkeel.candidate.stage import open_stage\n"
        "with open_stage(Project(pathlib.Path(sys.argv[1])), {'devenv.nix': b'new'}): os._exit(9)\n"
    )
    subprocess.run([sys.executable, "-c", code, project.root], check=False)
    stages = stage_folder.folder_of(project)
    assert list(stages.glob("s-*"))
    with open_stage(project, {"devenv.nix": b"new"}):
        assert len(list(stages.glob("s-*"))) == 1
    assert not list(stages.glob("s-*"))


def test_the_stages_of_a_project_that_is_gone_go_when_another_begins(project: Project, tmp_path: Path) -> None:
    gone = Project(tmp_path.resolve() / "gone")
    gone.root.mkdir()
    with open_stage(gone, {"devenv.nix": b"new"}):
        pass
    gone.root.rmdir()
    assert stage_folder.folder_of(gone).exists()
    with open_stage(project, {"devenv.nix": b"new"}):
        assert not stage_folder.folder_of(gone).exists()


def test_without_a_cache_a_stage_lasts_as_long_as_its_command(
    project: Project, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null")
    with open_stage(project, {"devenv.nix": b"new"}) as opened:
        assert sh(opened, "cat devenv.nix") == "new"


def test_two_stages_of_one_project_do_not_wait_for_each_other(project: Project) -> None:
    if not stage.namespaces_work():
        pytest.skip("this system lets nobody lay a layer over a directory")
    with open_stage(project, {"devenv.nix": b"a"}) as one, open_stage(project, {"devenv.nix": b"b"}) as other:
        assert sh(one, "cat devenv.nix") + sh(other, "cat devenv.nix") == "ab"


def test_a_second_copy_is_refused_while_the_first_is_used(project: Project, without: Callable[..., None]) -> None:
    without("namespaces")
    with open_stage(project, {"devenv.nix": b"a"}), pytest.raises(Busy) as caught, open_stage(project, {"a": b""}):
        pass
    assert caught.value.code == "stage_busy"


@pytest.mark.parametrize("bound", ["_MAX_FILES", "_MAX_BYTES"])
def test_a_project_that_is_too_large_is_not_copied(
    project: Project, monkeypatch: pytest.MonkeyPatch, without: Callable[..., None], bound: str
) -> None:
    without("namespaces")
    monkeypatch.setattr(mirror, bound, 3)
    with pytest.raises(Unavailable) as caught, open_stage(project, {"devenv.nix": b"a"}):
        pass
    assert caught.value.code == "stage_too_large"


def test_the_copy_shares_no_file_with_the_project(project: Project, without: Callable[..., None]) -> None:
    without("namespaces")
    with open_stage(project, {"devenv.nix": b"a"}) as opened:
        assert (opened.root / "tool").stat().st_ino != (project.root / "tool").stat().st_ino
        assert (opened.root / "tool").stat().st_nlink == 1
        assert not (opened.root / ".devkeel").exists()


def test_an_unprivileged_user_keeps_the_own_id(project: Project) -> None:
    if os.getuid() != 0:
        pytest.skip("the other tests ran as such a user")
    prefix = stage._prefix(Path("/r"), Path("/s"))
    assert "--map-root-user" not in prefix
