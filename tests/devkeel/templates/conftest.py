"""An empty project, and one that has a kit in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from devkeel.api import Environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Environment]:
    """The environment of an empty directory."""
    folder = tmp_path / "empty"
    folder.mkdir()
    opened = Environment(folder, actor="test")
    yield opened
    opened.close()
