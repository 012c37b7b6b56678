"""`devkeel init`: a declaration of each backend begins, as one operation that can be undone."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import pytest

from devkeel.backends.registry import BACKENDS, select
from devkeel.project.root import Project
from devkeel_cli.run import run

from .test_contents import devkeel

if TYPE_CHECKING:
    from pathlib import Path

    from syrupy.assertion import SnapshotAssertion

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


def test_what_files_say_is_proposed_then_published_as_one_operation(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "go.mod").write_text("module a\n")
    found = devkeel(capsys, "init", "--detect")
    assert [item["edit"] for item in found["edits"]] == [{"kind": "enable", "name": "languages.go"}]
    assert found["edits"][0]["reasons"][0]["file"] == "go.mod"
    assert not (root / "devenv.nix").exists()
    assert devkeel(capsys, "init", "--detect", "--write")["published"]
    assert "languages.go.enable = true;" in (root / "devenv.nix").read_text()
    assert devkeel(capsys, "init", "--detect")["edits"] == []
    assert run(["undo"]) == 0
    assert not (root / "devenv.nix").exists()


def test_edits_are_taken_back_changed_also_from_what_was_printed(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "go.mod").write_text("module a\n")
    found = devkeel(capsys, "init", "--detect")
    found["edits"].append({"kind": "add_packages", "names": ["jq"]})
    (root / "found.json").write_text(json.dumps(found))
    assert devkeel(capsys, "init", "--from", "found.json", "--dry-run")["changed"]
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(found["edits"])))
    assert devkeel(capsys, "init", "--from", "-")["published"]
    text = (root / "devenv.nix").read_text()
    assert "pkgs.jq" in text
    assert "languages.go.enable" in text


@pytest.mark.parametrize("text", ["{", "3", '{"edits": 1}'])
def test_a_file_without_edits_is_an_error_of_usage(root: Path, text: str) -> None:
    (root / "found.json").write_text(text)
    assert run(["init", "--from", "found.json"]) == 2
    assert not (root / "devenv.nix").exists()


def test_a_proposal_reads_well(root: Path, capsys: pytest.CaptureFixture[str], snapshot: SnapshotAssertion) -> None:
    (root / ".nvmrc").write_text("20.11.1\n")
    (root / "package.json").write_text(
        '{\n  "main": "a.js",\n  "engines": { "node": ">=22" },\n  "dependencies": { "pg": "8" }\n}\n'
    )
    assert run(["init", "--detect"]) == 0
    assert capsys.readouterr().out == snapshot
