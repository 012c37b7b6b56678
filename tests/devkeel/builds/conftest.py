"""An empty project on a machine whose Nix builds in the sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from devkeel.api import Environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    place = tmp_path.resolve() / "project"
    place.mkdir()
    return place


@pytest.fixture
def environment(root: Path) -> Iterator[Environment]:
    opened = Environment(root, actor="test")
    yield opened
    opened.close()
