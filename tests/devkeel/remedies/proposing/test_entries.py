"""What keeps a shell from being entered although the declaration is right: a command or a call, and no edit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.devkeel.remedies.projects import fixes

if TYPE_CHECKING:
    from pathlib import Path

PLAIN = "{ pkgs, ... }:\n\n{\n  packages = [ pkgs.git ];\n}\n"


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("direnv: error /w/.envrc is blocked. Run `direnv allow` to approve its content\n", "direnv allow"),
        ("  \u00d7 Processes already running with PID 42. Stop them first\n", "devenv processes down"),
        ("- devenv was not able to determine the current directory.\n", "nix develop --no-pure-eval"),
    ],
)
def test_a_command_lets_it_be_entered(tmp_path: Path, text: str, command: str) -> None:
    (fix,) = fixes(tmp_path, text, devenv_nix=PLAIN)
    assert (fix.edits, fix.command) == ((), command)


def test_a_declaration_begins_where_there_is_none(tmp_path: Path) -> None:
    text = "Error:   \u00d7 File devenv.nix does not exist. To get started, run:\n"
    (fix,) = fixes(tmp_path, text)
    assert (fix.edits, fix.command) == ((), "devenv init")
    assert fixes(tmp_path, text, devenv_nix=PLAIN) == []


def test_what_enters_a_shell_is_defined_where_it_is_called(tmp_path: Path) -> None:
    (tmp_path / ".envrc").write_text("use devenv\n")
    first, second = fixes(tmp_path, "environment:1034: use_devenv: command not found\n", devenv_nix=PLAIN)
    assert first.edits[0]["new"].endswith("\n\nuse devenv")
    assert second.call is not None
