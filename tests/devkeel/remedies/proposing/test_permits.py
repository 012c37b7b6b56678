"""Permits: of the one package by its name, of what is insecure with its version, of all of a sort after that."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.devkeel.remedies.projects import edits, fixes

if TYPE_CHECKING:
    from pathlib import Path

PLAIN = "{ pkgs, ... }:\n\n{\n  packages = [ pkgs.git ];\n}\n"
INPUTS = "inputs:\n  nixpkgs:\n    url: github:cachix/devenv-nixpkgs/rolling\n"


@pytest.mark.parametrize(
    ("said", "kind", "path", "value"),
    [
        ("has an unfree license (\u2018unfree\u2019)", "append", "nixpkgs.permitted_unfree_packages", "some-tool"),
        ("is marked as insecure", "append", "nixpkgs.permitted_insecure_packages", "some-tool-1.2.3"),
        ("is marked as broken", "set", "nixpkgs.allow_broken", True),
        ("is not available on the requested hostPlatform:", "set", "nixpkgs.allow_unsupported_system", True),
    ],
)
def test_a_package_that_is_refused_is_permitted(tmp_path: Path, said: str, kind: str, path: str, value: object) -> None:
    text = f"error: Package \u2018some-tool-1.2.3\u2019 in /nix/store/x-source/a.nix:1 {said}, refusing to evaluate.\n"
    for files in ({"devenv_nix": PLAIN, "devenv_yaml": INPUTS}, {}):
        (edit,) = edits(tmp_path, text, **files)
        assert (edit["kind"], edit["file"], edit["path"], edit["value"]) == (kind, "devenv.yaml", path, value)
        (tmp_path / "devenv.yaml").unlink(missing_ok=True)


def test_who_decides_is_said(tmp_path: Path) -> None:
    text = "error: Package \u2018x-1\u2019 in /n has an unfree license (\u2018unfree\u2019), refusing to evaluate.\n"
    assert all(fix.edits for fix in fixes(tmp_path, text, devenv_nix=PLAIN))
    assert fixes(tmp_path, text)[0].uncertain is not None


def test_a_flake_of_its_own_gets_no_edit_of_devenv(tmp_path: Path) -> None:
    text = "error: Package \u2018x-1\u2019 in /n has an unfree license (\u2018unfree\u2019), refusing to evaluate.\n"
    assert edits(tmp_path, text, flake_nix="{ outputs = _: { }; }\n") == []


def test_what_is_not_made_for_this_system_is_left_out(tmp_path: Path) -> None:
    text = "error: Package \u2018mas-2.2.2\u2019 in /n is not available on the requested hostPlatform:\n"
    (edit,) = edits(tmp_path, text, devenv_nix=PLAIN.replace("pkgs.git", "pkgs.git pkgs.mas"))
    assert (edit["kind"], edit["names"]) == ("remove_packages", ["mas"])


@pytest.mark.parametrize(("listed", "sure"), [("pkgs.some-tool_1", True), ("pkgs.git", False)])
def test_what_the_declaration_does_not_list_is_said(tmp_path: Path, listed: str, sure: bool) -> None:
    text = "error: Package \u2018some-tool-1.2\u2019 in /n has an unfree license (\u2018unfree\u2019), refusing.\n"
    found = fixes(tmp_path, text, devenv_nix=PLAIN.replace("pkgs.git", listed))
    assert all(fix.uncertain for fix in found)
    assert ("does not list it" not in str(found[0].uncertain)) is sure


@pytest.mark.parametrize("decided", ["allowUnfree: false\n", "nixpkgs:\n  allow_unfree: false\n"])
def test_what_the_project_decided_against_is_not_permitted_as_a_whole(tmp_path: Path, decided: str) -> None:
    text = "error: Package \u2018x-1\u2019 in /n has an unfree license (\u2018unfree\u2019), refusing to evaluate.\n"
    (fix,) = fixes(tmp_path, text, devenv_nix=PLAIN, devenv_yaml=decided)
    assert fix.edits[0]["path"] == "nixpkgs.permitted_unfree_packages"


@pytest.mark.parametrize("name", ["-rf", "--help"])
def test_an_option_is_no_package(tmp_path: Path, name: str) -> None:
    text = f"error: Package \u2018{name}\u2019 in /n is marked as insecure, refusing to evaluate.\n"
    assert fixes(tmp_path, text, devenv_nix=PLAIN) == []
