"""A flake that Nix refused: outputs for this system, inputs by their names, permits where packages are taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.devkeel.remedies.projects import edits

if TYPE_CHECKING:
    from pathlib import Path

MAC = """{
  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";
  outputs = { self, nixpkgs }:
    let
      system = "aarch64-darwin";
      pkgs = nixpkgs.legacyPackages.${system};
    in { devShells.${system}.default = pkgs.mkShell { packages = [ pkgs.hugo ]; }; };
}
"""


def test_outputs_are_made_for_the_system_that_asks(tmp_path: Path) -> None:
    text = "error: flake 'git+file:///w' does not provide attribute 'devShells.x86_64-linux.default'\n"
    (edit,) = edits(tmp_path, text, flake_nix=MAC)
    assert (edit["old"], edit["new"]) == ('"aarch64-darwin"', '"x86_64-linux"')


def test_an_input_that_no_registry_has_is_declared_where_its_name_says_which(tmp_path: Path) -> None:
    text = "error: cannot find flake 'flake:{}' in the flake registries\n"
    (edit,) = edits(tmp_path, text.format("flake-utils"), flake_nix=MAC)
    assert (edit["kind"], edit["name"], edit["file"]) == ("set_input", "flake-utils", "flake.nix")
    assert edits(tmp_path, text.format("own-thing")) == []


@pytest.mark.parametrize(
    ("said", "setting"),
    [
        ("has an unfree license (\u2018unfree\u2019)", "allowUnfree = true;"),
        ("is marked as insecure", 'permittedInsecurePackages = [ "some-tool-1.2" ];'),
        ("is marked as broken", "allowBroken = true;"),
    ],
)
def test_a_permit_stands_where_the_flake_takes_its_packages(tmp_path: Path, said: str, setting: str) -> None:
    text = f"error: Package \u2018some-tool-1.2\u2019 in /n/a.nix:1 {said}, refusing to evaluate.\n"
    (edit,) = edits(tmp_path, text, flake_nix=MAC.replace("aarch64-darwin", "x86_64-linux"))
    assert edit["new"] == f"import nixpkgs {{ inherit system; config.{setting} }}"


def test_an_input_that_a_declaration_names_and_nothing_declares_is_declared(tmp_path: Path) -> None:
    declared = "{ pkgs, inputs, ... }:\n{\n  packages = [ inputs.fenix.packages.x ];\n}\n"
    (edit,) = edits(tmp_path, "error: attribute 'fenix' missing\n at /w/devenv.nix:3:1\n", devenv_nix=declared)
    assert (edit["kind"], edit["name"], edit["file"]) == ("set_input", "fenix", "devenv.yaml")


def test_an_input_that_the_flake_declares_stays_as_it_is(tmp_path: Path) -> None:
    assert edits(tmp_path, "error: cannot find flake 'flake:nixpkgs' in the flake registries\n", flake_nix=MAC) == []
