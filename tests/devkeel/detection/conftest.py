"""A repository made of texts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import pytest

from devkeel.detection.repository import Repository
from devkeel.project.root import Project

if TYPE_CHECKING:
    from pathlib import Path


class Making(Protocol):
    def __call__(self, files: dict[str, str], folder: str = "") -> Repository: ...


@pytest.fixture
def repository(tmp_path: Path) -> Making:
    def make(files: dict[str, str], folder: str = "") -> Repository:
        root = tmp_path / folder
        root.mkdir(exist_ok=True)
        for name, text in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        return Repository(Project(root))

    return make
