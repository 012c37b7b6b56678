"""What a flake declares is said with its places; a project of devenv is said nothing more of."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from devkeel.text.data import as_data

if TYPE_CHECKING:
    from devkeel.api import Environment

FLAKE = """\
{
  inputs.nixpkgs.url = "github:a/nixpkgs";
  inputs.tool = {
    url = "github:a/tool";
    inputs.nixpkgs.follows = "nixpkgs";
  };
  inputs.same.follows = "tool";

  outputs = { self, nixpkgs, ... }: let pkgs = nixpkgs.legacyPackages.x86_64-linux; in {
    devShells.x86_64-linux.default = pkgs.mkShell {
      packages = [ pkgs.git ];
      buildInputs = import ./libraries.nix;
    };
    devShells.x86_64-linux.ci = nixpkgs.shell;
  };
}
"""
REV = "0123456789abcdef0123456789abcdef01234567"
LOCK = {
    "nodes": {
        "root": {"inputs": {"nixpkgs": "nixpkgs"}},
        "nixpkgs": {"locked": {"type": "github", "rev": REV, "lastModified": 86400 * 365, "narHash": "x"}},
    },
    "root": "root",
    "version": 7,
}


def test_shells_inputs_outputs_and_systems_are_said(environment: Environment) -> None:
    root = environment.project.root
    (root / "devenv.nix").unlink()
    (root / "flake.nix").write_text(FLAKE)
    (root / "flake.lock").write_text(json.dumps(LOCK))
    found = environment.inspect()
    assert found.packages[0] == "git"
    assert found.flake is not None
    default, ci = found.flake.shells
    assert (default.name, default.place) == ("devShells.x86_64-linux.default", "flake.nix:10")
    assert default.packages["git"] == "flake.nix:11"
    assert default.cannot is None
    assert ci.cannot is not None
    nixpkgs, tool, same = found.flake.inputs
    assert (nixpkgs.place, nixpkgs.url, nixpkgs.revision, nixpkgs.date) == (
        "flake.nix:2",
        "github:a/nixpkgs",
        "0123456",
        "1971-01-01",
    )
    assert (tool.inner, tool.revision) == ({"nixpkgs": "nixpkgs"}, None)
    assert (same.url, same.follows) == (None, "tool")
    assert found.flake.outputs == ("devShells",)
    assert found.flake.systems == ("x86_64-linux",)


def test_a_flake_that_does_not_parse_or_has_a_broken_lock_is_inspected(environment: Environment) -> None:
    root = environment.project.root
    (root / "devenv.nix").unlink()
    (root / "flake.nix").write_text(FLAKE)
    (root / "flake.lock").write_text("{")
    found = environment.inspect().flake
    assert found is not None
    assert [item.revision for item in found.inputs] == [None, None, None]
    (root / "flake.nix").write_text("{ outputs = ")
    found = environment.inspect().flake
    assert found is not None
    assert not found.shells


def test_a_project_of_devenv_has_no_word_of_it(environment: Environment) -> None:
    (environment.project.root / "flake.nix").write_text(FLAKE)
    assert "flake" not in as_data(environment.inspect())
