"""A project on disk and its environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from devkeel.api import Environment
from devkeel.nix_cli import fetching

from .cold_inputs import Mirror, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DECLARATION = """\
{ pkgs, ... }:

{
  # https://devenv.sh/packages/
  packages = [ pkgs.git ];

  enterShell = ''
    git --version
  '';

  # See full reference at https://devenv.sh/reference/options/
}
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project root with a devenv.nix."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "devenv.nix").write_text(DECLARATION)
    return folder


@pytest.fixture
def environment(root: Path) -> Iterator[Environment]:
    """The environment of that project."""
    opened = Environment(root, actor="test")
    yield opened
    opened.close()


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
    """A host on loopback with an empty folder; no failure to fetch is remembered from another test."""
    monkeypatch.setattr(fetching, "_failed", {})
    folder = tmp_path / "mirror"
    folder.mkdir()
    with serving(folder) as found:
        yield found
