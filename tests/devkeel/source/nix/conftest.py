"""Modules beside the tests, and real Nix as the judge of many files at once."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from types import ModuleType

HERE = Path(__file__).parent


def load(name: str) -> ModuleType:
    """Import a module that lies beside the tests (pytest's importlib mode does not put them on the path)."""
    full = f"devkeel_nix_{name}"
    if full not in sys.modules:
        spec = importlib.util.spec_from_file_location(full, HERE / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[full] = module
        spec.loader.exec_module(module)
    return sys.modules[full]


def evaluate_settings(contents: list[bytes], folder: Path) -> list[dict[str, Any]]:
    """Return the settings of modules as one process of real Nix evaluates them."""
    shutil.copy(HERE / "stub.nix", folder)
    for number, content in enumerate(contents):
        (folder / f"m{number}.nix").write_bytes(content)
    rows = " ".join(f"./m{number}.nix" for number in range(len(contents)))
    (folder / "all.nix").write_text(f"(import ./stub.nix).settings [ {rows} ]")
    command = ["nix-instantiate", "--eval", "--strict", "--json", str(folder / "all.nix")]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr[:2000]
    values: list[dict[str, Any]] = json.loads(found.stdout)
    return values


@pytest.fixture(scope="session")
def grid() -> ModuleType:
    """Shapes and operations."""
    return load("grid")


@pytest.fixture(scope="session")
def writing() -> ModuleType:
    """Random modules and edits."""
    return load("writing")


@pytest.fixture(scope="session")
def evaluate() -> Any:
    """Evaluate many modules with real Nix."""
    return evaluate_settings
