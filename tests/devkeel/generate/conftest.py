"""Projects on disk, and Nix, which evaluates what was generated in many of them at once."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from devkeel.api import Environment

if TYPE_CHECKING:
    from collections.abc import Mapping

HERE = Path(__file__).parent


def project(folder: Path, files: Mapping[str, str], kind: str, **parameters: Any) -> tuple[Path, Any]:
    """Write a project, generate files of a kind in it, and return its root and what the call answered."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    environment = Environment(folder, actor="test")
    try:
        return folder, environment.generate(kind, parameters, level="schema")
    finally:
        environment.close()


def evaluated(file: str, argument: str) -> Any:
    """Return what a function in a file beside this one makes of an argument, which is Nix text."""
    argv = ["nix-instantiate", "--eval", "--strict", "--json", "--expr", f"import {HERE / file} ({argument})"]
    found = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)
    assert found.returncode == 0, found.stderr
    return json.loads(found.stdout)
