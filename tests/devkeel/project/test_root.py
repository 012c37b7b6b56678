"""Reading inside the wall: nothing hangs, nothing private is reached by another spelling."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import pytest

from devkeel.errors import ProjectError
from devkeel.project.root import Project

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("kind", ["directory", "pipe", "socket"])
def test_what_is_no_file_is_refused_and_nothing_waits_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    path = tmp_path / "devenv.nix"
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listener:
        match kind:
            case "directory":
                path.mkdir()
            case "pipe":
                os.mkfifo(path)
            case _:
                listener.bind("devenv.nix")
        with pytest.raises(ProjectError) as caught:
            Project(tmp_path).read("devenv.nix")
    assert caught.value.code == "not_a_file"


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "devenv.nix").open("wb") as large:
        large.truncate(5 * 1024 * 1024)
    with pytest.raises(ProjectError) as caught:
        Project(tmp_path).read("devenv.nix")
    assert caught.value.code == "unreadable_file"


@pytest.mark.parametrize("name", [".GIT/config", ".Devkeel/x.nix", ".devenv/x.nix", ".git\u200c/x.nix", "a/.DirEnv/x"])
def test_a_private_directory_is_private_in_every_spelling(tmp_path: Path, name: str) -> None:
    with pytest.raises(ProjectError) as caught:
        Project(tmp_path).resolve(name)
    assert caught.value.code == "private_directory"
