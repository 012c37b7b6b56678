"""Coverage is printed by room."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from .coverage_by_room import rooms

ROOT = Path(__file__).parents[1]


def test_what_ran_is_counted_by_room(tmp_path: Path) -> None:
    pytest.importorskip("coverage")
    data = tmp_path / "data"
    line = [sys.executable, "-m", "coverage", "run", f"--data-file={data}", "--source=devkeel"]
    line += ["--module", "devkeel.text.merge"]
    subprocess.run(line, cwd=ROOT, check=True, capture_output=True)
    found = rooms(data)
    assert found["text"][0] > 0
    assert found["doctor"][0] == 0
    assert found["all"] == tuple(map(sum, zip(*(item for name, item in found.items() if name != "all"), strict=True)))
