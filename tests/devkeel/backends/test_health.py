"""What the doctors say of a tool that only the project has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.backends import health
from devkeel.runtime import distrust, find_program

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_a_tool_inside_of_the_project_counts_and_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "project"
    program = root / ".venv" / "bin" / "uv"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\ntouch {tmp_path / 'fired'}\n")
    program.chmod(0o755)
    distrust(root)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    found = health.program("uv", find_program("uv"), remedy="Install it.", needed=True)
    assert found.ok
    assert str(program) in found.message
    assert not (tmp_path / "fired").exists()
    program.unlink()
    assert not health.program("uv", find_program("uv"), remedy="Install it.", needed=True).ok
