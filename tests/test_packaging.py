"""What registries and bundles say about the project is what the project says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from devkeel import __version__

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("name", ["server.json", "packaging/mcpb/manifest.json"])
def test_a_manifest_has_the_version_of_the_project(name: str) -> None:
    found = json.loads((ROOT / name).read_text())
    assert found["version"] == __version__
    assert len(found["description"]) <= 100
    assert all(item["version"] == __version__ for item in found.get("packages", []))
