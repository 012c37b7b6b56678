"""`devkeel lock`: its lines, its JSON, its exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from tests.devkeel.locks.conftest import Place

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.nix


def devkeel(place: Place, *words: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "devkeel_cli", "--root", str(place.root), *words]
    return subprocess.run(line, capture_output=True, text=True, check=False, timeout=100)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    found = Place(tmp_path.resolve() / "top")
    inner = found.repository("inner")
    inner.commit("flake.nix", "{ outputs = _: { x = 1; }; }")
    found.write("flake.nix", f'{{\n  inputs.inner.url = "{inner.url}";\n  outputs = _: {{ }};\n}}\n')
    return found


def test_a_lock_is_made_checked_and_taken_back(place: Place) -> None:
    assert devkeel(place, "lock", "check").returncode == 3
    made = devkeel(place, "lock", "-m", "pin it", "--json")
    (move,) = json.loads(made.stdout)["locks"][0]["moves"]
    assert move["name"] == "inner"
    assert "from" not in move
    assert devkeel(place, "lock", "check").returncode == 0
    shown = devkeel(place, "history", "1")
    assert f"inner {move['to']} is new ({move['date']})" in shown.stdout
    assert "narHash" not in shown.stdout
    assert "nothing to do" in devkeel(place, "lock", "renew", "inner").stdout
    assert devkeel(place, "undo").returncode == 0
    assert not (place.root / "flake.lock").exists()


def test_a_name_that_is_none_is_wrong_usage(place: Place) -> None:
    devkeel(place, "lock")
    done = devkeel(place, "lock", "renew", "outer")
    assert done.returncode == 2
    assert "inner" in done.stderr


def test_what_changed_since_says_what_moved(place: Place) -> None:
    devkeel(place, "lock")
    (place.root / "flake.lock").unlink()
    shown = devkeel(place, "diff")
    assert "is gone" in shown.stdout
    assert "narHash" not in shown.stdout
