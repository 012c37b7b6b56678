"""Projects of each backend, made of real files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

FLAKE = """\
{
  inputs.nixpkgs.url = "path:@nixpkgs@";
  outputs = { self, nixpkgs }: {
    devShells = builtins.mapAttrs (system: pkgs: { default = @shell@; }) nixpkgs.legacyPackages;
    apps = builtins.mapAttrs (_: pkgs: { greet = { type = "app"; program = "${pkgs.hello}/bin/hello"; }; })
      nixpkgs.legacyPackages;
  };
}
"""
SHELL = """derivation {
      inherit system;
      name = "shell";
      builder = "/bin/bash";
      args = [ "-c" ": > $out" ];
      outputs = [ "out" ];
      PATH = "${pkgs.hello}/bin";
      GREETING = "as declared";
      shellHook = "export HOOKED=$GREETING";
    }"""


@pytest.fixture
def flake_project(tmp_path: Path, pinned_inputs: dict[str, Any], offline: None) -> Path:
    """A project whose flake has a dev shell with `hello`, a hook and an app."""
    return flake_at(tmp_path / "project", pinned_inputs["nixpkgs"])


def flake_at(root: Path, nixpkgs: Any) -> Path:
    """Make that project."""
    root.mkdir()
    (root / "flake.nix").write_text(FLAKE.replace("@nixpkgs@", str(nixpkgs.path)).replace("@shell@", SHELL))
    nodes = {"nixpkgs": nixpkgs.node, "root": {"inputs": {"nixpkgs": "nixpkgs"}}}
    (root / "flake.lock").write_text(json.dumps({"nodes": nodes, "root": "root", "version": 7}))
    return root
