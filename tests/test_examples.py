"""The project's own environment and its examples are accepted by the project's own checks, and by Nix."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from devkeel.api import Environment

ROOT = Path(__file__).parent.parent
PROJECTS = [ROOT, *sorted(path.parent for path in (ROOT / "examples").glob("*/devenv.nix"))]


@pytest.mark.parametrize("root", PROJECTS, ids=lambda root: root.name)
def test_a_project_of_ours_has_no_finding(root: Path) -> None:
    environment = Environment(root, actor="a test")
    report = environment.check(level="schema")
    environment.close()
    assert report.ran == ("syntax", "schema")
    assert report.diagnostics == ()


@pytest.mark.nix
@pytest.mark.parametrize("root", PROJECTS, ids=lambda root: root.name)
def test_nix_parses_what_we_show(root: Path) -> None:
    for path in root.glob("*.nix"):
        subprocess.run(("nix-instantiate", "--parse", path), check=True, capture_output=True)
