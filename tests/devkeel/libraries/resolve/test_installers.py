"""Where the programs that install Python libraries are."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from devkeel.libraries.resolve.installers import pip_of

if TYPE_CHECKING:
    from pathlib import Path


def test_an_interpreter_without_pip_is_served_by_ours(tmp_path: Path) -> None:
    # As Debian's is.
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "bare")], check=True)
    python = str(tmp_path / "bare/bin/python")
    pip = pip_of(python)
    assert pip == (sys.executable, "-m", "pip", "--python", python)
    told = subprocess.run([*pip, "--version"], check=True, capture_output=True, text=True).stdout
    assert told.startswith("pip ")
    assert subprocess.run([*pip, "list"], check=True, capture_output=True, text=True).stdout == ""


def test_an_interpreter_with_pip_has_its_own() -> None:
    assert pip_of(sys.executable) == (sys.executable, "-m", "pip")
