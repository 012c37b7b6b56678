"""Coverage is printed by room."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from .coverage_by_room import rooms

if TYPE_CHECKING:
    from pathlib import Path

# Two rooms and a module between them: all of the library is read for a minute.
LIBRARY = {"cellar/wine.py": "A = 1\nif not A:\n    A = 2\n", "attic/dust.py": "B = 1\nC = 2\n", "door.py": "D = 1\n"}


def test_what_ran_is_counted_by_room(tmp_path: Path) -> None:
    pytest.importorskip("coverage")
    library, data = tmp_path / "house", tmp_path / "data"
    for name, text in LIBRARY.items():
        (library / name).parent.mkdir(parents=True, exist_ok=True)
        (library / name).write_text(text)
        (library / name).with_name("__init__.py").touch()
    line = [sys.executable, "-m", "coverage", "run", f"--data-file={data}", "--source=house"]
    subprocess.run([*line, "--module", "house.cellar.wine"], cwd=tmp_path, check=True, capture_output=True)
    found = rooms(data, library)
    assert found == {"attic": (0, 2), "cellar": (2, 3), "door": (0, 1), "all": (2, 6)}
