"""A file that Git does not track: a flake gets the command for it, where it is a file of the project."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.devkeel.remedies.projects import causes, fixes

if TYPE_CHECKING:
    from pathlib import Path

FLAKE = "{ outputs = _: { }; }\n"


def test_the_file_is_added_to_git(tmp_path: Path) -> None:
    (tmp_path / "nix").mkdir()
    (tmp_path / "nix" / "overlay.nix").write_text("{ }\n")
    text = "error: Path 'nix/overlay.nix' in the repository \"/w\" is not tracked by Git.\n"
    (fix,) = fixes(tmp_path, text, flake_nix=FLAKE)
    assert (fix.edits, fix.command) == ((), "git add nix/overlay.nix")


@pytest.mark.parametrize("name", ["nix/none.nix", "../outside", "-n", "/etc/passwd", "a;b", "$(id)"])
def test_what_is_no_file_of_the_project_becomes_no_command(tmp_path: Path, name: str) -> None:
    (tmp_path / "a;b").write_text("")
    text = f"error: Path '{name}' in the repository \"/w\" is not tracked by Git.\n"
    assert fixes(tmp_path, text, flake_nix=FLAKE) == []


@pytest.mark.parametrize(
    "name",
    [".env", ".env-prod", "prod.env", "secrets/id_rsa", "secrets/../.env", "tls/site.key", ".git/config", "k.txt"],
)
def test_what_holds_secrets_becomes_no_command(tmp_path: Path, name: str) -> None:
    (tmp_path / "secrets").mkdir()
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"-----BEGIN PRIVATE KEY-----\n{'A' * 64}\n-----END PRIVATE KEY-----\n")
    text = f"error: Path '{name}' in the repository \"/w\" is not tracked by Git.\n"
    (cause,) = causes(tmp_path, text, flake_nix=FLAKE)
    assert (cause.fixes, cause.advice is not None) == ((), True)
