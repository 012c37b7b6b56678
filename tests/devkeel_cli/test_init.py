"""`devkeel init`: a declaration of each backend begins, as one operation that can be undone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from devkeel.backends.registry import BACKENDS, select
from devkeel.project.root import Project
from devkeel_cli.run import run

from .test_contents import devkeel

if TYPE_CHECKING:
    from pathlib import Path

BEGUN = {"devenv": "devenv.nix", "flake": "flake.nix", "conda": "environment.yml", "venv": "pyproject.toml"}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "My Project"
    place.mkdir()
    monkeypatch.chdir(place)
    return place


@pytest.mark.parametrize("backend", BACKENDS)
def test_each_backend_has_a_declaration_to_begin_with(
    root: Path, backend: str, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = devkeel(capsys, "init", "--backend", backend)
    assert BEGUN[backend] in answer["files"]
    assert (root / BEGUN[backend]).exists()
    assert select(Project(root)).name == backend
    assert run(["undo"]) == 0
    assert not (root / BEGUN[backend]).exists()


def test_what_is_declared_already_stays(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "requirements.txt").write_text("plain\n")
    devkeel(capsys, "init", "--backend", "venv", "--no-direnv")
    assert not (root / "pyproject.toml").exists()


def test_a_missing_file_is_said_with_what_it_begins_as(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    error = devkeel(capsys, "apply", "--backend", "conda", code=1)["error"]
    assert error["code"] == "missing_file"
    assert "init --backend" in error["remedy"]
    assert "conda-forge" in error["details"]["template"]
