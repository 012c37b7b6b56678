"""Manifests and locks that parse and make no sense: every verb answers, none with an internal error."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from devkeel_cli import exits
from devkeel_cli.run import run

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PROJECT = '[project]\nname = "a"\nversion = "1"\ndependencies = []\n'
NUMBER = f"{PROJECT}requires-python = 5\n"
STRANGE: tuple[Mapping[str, str], ...] = (
    {"pyproject.toml": "project = 5\n"},
    {"pyproject.toml": '[project]\nname = 5\ndependencies = "x"\n'},
    {"pyproject.toml": '[project]\nname = "a"\ndependencies = [1]\n[project.optional-dependencies]\nx = 5\n'},
    {"pyproject.toml": '[project]\nname = "a"\noptional-dependencies = []\n'},
    {"pyproject.toml": '[project]\nname = "a"\ndynamic = 5\n'},
    {"pyproject.toml": f"dependency-groups = 5\n{PROJECT}"},
    {"pyproject.toml": "[tool.poetry]\ndependencies = 5\n"},
    {"pyproject.toml": PROJECT, "uv.lock": "package = 5\n"},
    {"pyproject.toml": PROJECT, "uv.lock": '[[package]]\nname = "a"\nmetadata = 5\n'},
    {"pyproject.toml": PROJECT, "uv.lock": "supported-markers = 5\n"},
    {"pyproject.toml": NUMBER, "uv.lock": '[[package]]\nname = "a"\n[package.metadata]\nrequires-dist = [1]\n'},
    {"environment.yml": "5\n"},
    {"environment.yml": "dependencies: [1, {pip: 5}, [x]]\nchannels: 5\n"},
    {"conda-lock.yml": "metadata: 5\npackage: 5\n"},
    {"conda-lock.yml": "metadata: {platforms: 5}\npackage: [1]\n"},
    {"conda-lock.yml": "metadata: {platforms: [linux-64]}\npackage: [{name: 1, platform: linux-64}]\n"},
)
LIBRARY = "library add --language python --level schema plain"


@pytest.mark.parametrize("files", STRANGE, ids=lambda files: " ".join(files.values())[:40])
@pytest.mark.parametrize("line", ["inspect", "check", "doctor", "apply --strict", LIBRARY])
def test_every_verb_answers(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    own_index: None,
    files: Mapping[str, str],
    line: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert run(line.split()) != exits.INTERNAL
