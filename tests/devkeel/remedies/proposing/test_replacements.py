"""Names that are gone: the living one in the line that has it, or as the value of the option that is only that."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.devkeel.remedies.projects import edits

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("listed", "text", "new"),
    [
        (
            "pkgs.nodePackages.prettier",
            "error: nodePackages has been removed because it was unmaintainable\n",
            "pkgs.prettier",
        ),
        ("ripgrep", "error: undefined variable 'ripgrep'\n at /w/devenv.nix:4:1\n", "pkgs.ripgrep"),
        ("pkgs.exa", "error: exa was renamed to eza\n", "pkgs.eza"),
    ],
)
def test_a_package_is_called_by_what_lives(tmp_path: Path, listed: str, text: str, new: str) -> None:
    declared = "{{ pkgs, ... }}:\n\n{{\n  packages = [ {} pkgs.jq ];\n}}\n"
    (edit,) = edits(tmp_path, text, devenv_nix=declared.format(listed))
    assert edit["new"] == f"packages = [ {new} pkgs.jq ];"


def test_a_slip_in_an_open_set_is_put_right(tmp_path: Path) -> None:
    declared = "{ pkgs, ... }:\n\n{\n  packages = with pkgs; [ git ripgrp ];\n}\n"
    (edit,) = edits(tmp_path, "error: undefined variable 'ripgrp'\n at /w/devenv.nix:4:30\n", devenv_nix=declared)
    assert edit["new"] == "packages = with pkgs; [ git ripgrep ];"


def test_a_version_that_a_message_calls_by_its_program_is_found(tmp_path: Path) -> None:
    declared = (
        "{ pkgs, ... }:\n\n{\n  languages.javascript = {\n    enable = true;\n    package = pkgs.nodejs_18;\n  };\n}\n"
    )
    text = "       error: Node.js 18.x has reached End-Of-Life and has been removed\n"
    (edit,) = edits(tmp_path, text, devenv_nix=declared)
    assert (edit["kind"], edit["path"]) == ("set", "languages.javascript.package")
    assert edit["expression"] != "pkgs.nodejs_18"
