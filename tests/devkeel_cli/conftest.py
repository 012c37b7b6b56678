"""The command, run in this process on a project of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from devkeel_cli.run import run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

DECLARATION = """\
{ pkgs, ... }:

{
  # Where the app listens.
  env.APP_PORT = "8000";

  packages = [
    pkgs.git
    pkgs.jq # for the smoke test
  ];

  services.postgres.enable = true;
}
"""
NIX = shutil.which("nix-instantiate")


@dataclass(frozen=True)
class Outcome:
    """What a run printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> dict[str, Any]:
        """What `--json` printed."""
        data: dict[str, Any] = json.loads(self.out)
        return data


class Shell:
    """A person at the project's root; holds the promise after every run, as the agent of the server tests does."""

    def __init__(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.root = root
        self._capsys = capsys

    def __call__(self, *arguments: str) -> Outcome:
        """Run `devkeel` in this process."""
        before = self._photograph()
        self._capsys.readouterr()
        code = run(arguments)
        outcome = Outcome(code, *self._capsys.readouterr())
        assert "Traceback" not in outcome.err
        if code:
            assert self._photograph() == before
        elif NIX and self.declaration.exists():
            subprocess.run([NIX, "--parse", str(self.declaration)], check=True, capture_output=True, timeout=60)
        return outcome

    def process(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run `devkeel` as a process of its own."""
        return subprocess.run(
            [sys.executable, "-m", "devkeel_cli", *arguments],
            cwd=self.root,
            env=process_environment() | environment,
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
        )

    @property
    def declaration(self) -> Path:
        """The project's devenv.nix."""
        return self.root / "devenv.nix"

    def read(self) -> str:
        """Return the text of devenv.nix."""
        return self.declaration.read_text()

    def _photograph(self) -> Sequence[tuple[str, bytes, int, int]]:
        return [
            (str(path), path.read_bytes(), path.stat().st_mode, path.stat().st_mtime_ns)
            for path in sorted(self.root.rglob("*"))
            if path.is_file() and ".devkeel" not in path.parts
        ]


def process_environment() -> dict[str, str]:
    """Return an environment in which a child finds the same modules."""
    return os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DEVKEEL_ROOT", "CLAUDE_PROJECT_DIR", "DEVKEEL_DEBUG", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def devkeel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    root = tmp_path.resolve() / "project"
    root.mkdir()
    (root / "devenv.nix").write_text(DECLARATION)
    monkeypatch.chdir(root)
    return Shell(root, capsys)
