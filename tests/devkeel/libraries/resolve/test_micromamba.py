"""Which micromamba is run: a clone may bring a program of that name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from devkeel.api import Environment
from devkeel.backends.conda import examine_micromamba
from devkeel.libraries.resolve.micromamba import find_micromamba
from devkeel.runtime import executing
from devkeel.state.programs import keep_program

if TYPE_CHECKING:
    from pathlib import Path

    from devkeel.project.root import Project

CANARY = "#!/bin/sh\ntouch {mark}\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    root = tmp_path / "project"
    root.mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setattr("devkeel.libraries.resolve.conda_solver.has_rattler", lambda: False)
    return Environment(root, actor="test").project


def plant(project: Project, tmp_path: Path) -> Path:
    place = project.state / "bin" / "micromamba"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(CANARY.format(mark=tmp_path / "fired"))
    place.chmod(0o755)
    return place


def test_one_that_came_with_the_project_is_never_run(project: Project, tmp_path: Path) -> None:
    plant(project, tmp_path)
    with executing():
        assert find_micromamba(project) is None
    found = examine_micromamba(project, needed=True)
    assert not found.ok
    assert found.remedy
    assert not (tmp_path / "fired").exists()


def test_one_that_devkeel_put_there_is_run_where_that_is_asked_for_and_not_to_look(
    project: Project, tmp_path: Path
) -> None:
    kept = keep_program(project.state, "micromamba", CANARY.format(mark=tmp_path / "fired").encode())
    assert find_micromamba(project) is None
    assert examine_micromamba(project, needed=True).ok
    assert not (tmp_path / "fired").exists()
    with executing():
        assert find_micromamba(project) == str(kept)


@pytest.mark.parametrize("exchanged", ["content", "link", "folder"])
def test_one_that_was_exchanged_since_is_not(project: Project, tmp_path: Path, exchanged: str) -> None:
    data = CANARY.format(mark=tmp_path / "other").encode()
    place = keep_program(project.state, "micromamba", data)
    if exchanged == "content":
        plant(project, tmp_path)
    elif exchanged == "link":
        place.rename(tmp_path / "micromamba")
        place.symlink_to(tmp_path / "micromamba")
    else:
        place.parent.rename(tmp_path / "bin")
        place.parent.symlink_to(tmp_path / "bin")
    with executing():
        assert find_micromamba(project) is None


def test_a_project_that_was_moved_keeps_its_own(project: Project, tmp_path: Path) -> None:
    keep_program(project.state, "micromamba", b"#!/bin/sh\n")
    project.root.rename(tmp_path / "moved")
    moved = Environment(tmp_path / "moved", actor="test").project
    with executing():
        assert find_micromamba(moved) == str(moved.state / "bin" / "micromamba")


def test_the_user_s_own_is_run_unless_it_leads_into_the_project(project: Project, tmp_path: Path) -> None:
    users = tmp_path / "home" / ".local" / "bin" / "micromamba"
    users.parent.mkdir(parents=True)
    users.symlink_to(plant(project, tmp_path))
    assert find_micromamba(project) is None
    users.unlink()
    users.write_text("#!/bin/sh\necho 2.0\n")
    users.chmod(0o755)
    assert find_micromamba(project) == str(users)
