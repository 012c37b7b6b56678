"""What is kept beside environments goes into their directory, whatever stands in its place."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from devkeel.backends.generations import Home, describe, description_of
from devkeel.state.files import make_directory

if TYPE_CHECKING:
    from pathlib import Path


def test_a_record_is_not_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    home = Home(tmp_path / "home")
    home.path.mkdir()
    for name in ("environment.json", ".environment.json"):
        (home.path / name).symlink_to(tmp_path / "mine")
    home.note({"backend": "venv"})
    assert home.record() == {"backend": "venv"}
    assert (tmp_path / "mine").read_text() == "mine"


def test_a_description_is_not_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "devkeel.txt").symlink_to(tmp_path / "mine")
    describe(tmp_path, "text")
    assert description_of(tmp_path) == "text"
    assert (tmp_path / "mine").read_text() == "mine"


def test_a_description_that_is_no_text_is_none(tmp_path: Path) -> None:
    (tmp_path / "devkeel.txt").write_bytes(b"\xff\xfe")
    assert description_of(tmp_path) is None


def test_only_a_directory_of_its_own_is_a_generation(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    home = Home(tmp_path / "home")
    home.path.mkdir()
    (home.path / "g-1").symlink_to(tmp_path / "elsewhere")
    for target in ("g-1", "..", "../elsewhere"):
        (home.path / "current").unlink(missing_ok=True)
        (home.path / "current").symlink_to(target)
        assert home.current is None


def test_an_environment_is_taken_for_devkeel_s_in_the_directory_in_which_it_was_made(tmp_path: Path) -> None:
    state = tmp_path / "project" / ".devkeel"
    state.parent.mkdir()
    home = Home(make_directory(state, "envs", "mine"))
    (home.path / "g-1").mkdir()
    home.switch(home.path / "g-1")
    assert home.current == home.path / "g-1"
    # a clone, or an update, that brings another generation and a link to it
    (home.path / "g-2").mkdir()
    (home.path / "current").unlink()
    (home.path / "current").symlink_to("g-2")
    assert home.current == home.path / "g-1"
    shutil.copytree(state.parent, tmp_path / "copy", symlinks=True)
    assert Home(tmp_path / "copy/.devkeel/envs/mine").current is None
    state.parent.rename(tmp_path / "moved")
    assert Home(tmp_path / "moved/.devkeel/envs/mine").current == tmp_path / "moved/.devkeel/envs/mine/g-1"
