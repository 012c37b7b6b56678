"""A value that looks like a secret is flagged when it is written, and not repeated; ordinary ones are not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from devkeel.api import Environment
from devkeel.edits.vocabulary import parse_edits

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

SECRET = "c4n4ry-9x-secret"  # noqa: S105  (made up)
FORM = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
DECLARATION = "{ pkgs, ... }:\n\n{\n  packages = [ pkgs.git ];\n}\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "devenv.nix").write_text(DECLARATION)
    (tmp_path / "devenv.yaml").write_text("inputs: {}\n")
    return tmp_path


def flagged(root: Path, edit: dict[str, Any]) -> list[str]:
    environment = Environment(root, actor="test")
    try:
        result = environment.change(parse_edits([edit]), level="syntax", create=True)
    finally:
        environment.close()
    assert result.published
    return [note for note in result.notes if "looks like a secret" in note]


@pytest.mark.parametrize(
    "edit",
    [
        {"kind": "set", "path": "env.DB_PASSWORD", "value": SECRET},
        {"kind": "set", "path": "env.ANYTHING", "value": FORM},
        {"kind": "set", "path": "env.DATABASE_URL", "value": f"postgres://me:{SECRET}@db.example.org/app"},
        {"kind": "set", "path": "env.API_TOKEN", "expression": f'"{SECRET}"'},
        {"kind": "set", "path": "env", "value": {"STRIPE_KEY": "abc123def456"}},
        {"kind": "enable", "name": "postgres", "settings": {"password": SECRET}},
        {"kind": "append", "path": "enterShell", "value": f"export API_TOKEN={SECRET}"},
        {"kind": "append", "path": "processes.x.args", "value": f"--token={SECRET}"},
        {
            "kind": "replace_text",
            "file": "devenv.nix",
            "old": "packages",
            "new": f'env.A_SECRET = "{SECRET}";\n  packages',
        },
        {"kind": "set_input", "name": "x", "url": f"https://me:{SECRET}@example.org/x.tar.gz"},
    ],
    ids=lambda edit: f"{edit['kind']} {edit.get('path', edit.get('name', ''))}",
)
def test_a_secret_is_flagged_with_where_it_belongs(root: Path, edit: dict[str, Any]) -> None:
    notes = flagged(root, edit)
    assert len(notes) == 1
    for instead in ("dotenv", "devenv.local.nix", "secretspec"):
        assert instead in notes[0]
    assert SECRET not in notes[0]
    assert FORM not in notes[0]


@pytest.mark.parametrize(
    "edit",
    [
        {"kind": "set", "path": "env.APP_PORT", "value": "8000"},
        {"kind": "set", "path": "env.POSTGRES_PASSWORD", "value": "postgres"},
        {"kind": "set", "path": "env.PASSWORD_FILE", "value": "/run/secrets/db"},
        {"kind": "set", "path": "env.MAX_TOKENS", "value": "4096"},
        {"kind": "set", "path": "env.TOKENIZERS_PARALLELISM", "value": "false"},
        {"kind": "set", "path": "env.PUBLIC_KEY", "value": "abc123def456ghi789"},
        {"kind": "set", "path": "env.DATABASE_URL", "value": "postgres://localhost:5432/app"},
        {"kind": "set", "path": "env.DB_PASSWORD", "expression": "builtins.readFile ./password"},
        {"kind": "add_packages", "names": ["pass", "keepassxc"]},
        {"kind": "set_input", "name": "x", "url": "github:owner/repository"},
    ],
    ids=lambda edit: f"{edit['kind']} {edit.get('path', edit.get('name', ''))}",
)
def test_an_ordinary_value_is_not(root: Path, edit: dict[str, Any]) -> None:
    assert flagged(root, edit) == []


def test_a_secret_that_is_there_already_is_not_flagged_again(root: Path) -> None:
    assert flagged(root, {"kind": "set", "path": "env.DB_PASSWORD", "value": SECRET})
    assert flagged(root, {"kind": "set", "path": "env.APP_PORT", "value": "8000"}) == []


def test_what_stays_on_this_machine_is_not_flagged(root: Path) -> None:
    (root / "devenv.local.nix").write_text("{ }\n")
    edit = {"kind": "set", "file": "devenv.local.nix", "path": "env.DB_PASSWORD", "value": SECRET}
    assert flagged(root, edit) == []
