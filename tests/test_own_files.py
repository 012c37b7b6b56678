"""devkeel's own flake, NixOS module, workflow and devcontainer are what devkeel makes of its declaration."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator
from ruamel.yaml import YAML

from devkeel.api import Environment

ROOT = Path(__file__).parents[1]
# By kind: the file, and what says which of that kind is meant. Everything else is in the file, as of the last time.
MADE: dict[str, tuple[str, dict[str, str]]] = {
    "flake": ("flake.nix", {}),
    "nixos-module": ("nixos-module.nix", {}),
    "github-workflow": (".github/workflows/ci.yml", {"name": "ci"}),
    "devcontainer": (".devcontainer/devcontainer.json", {}),
}
DECLARED = ("devenv.nix", "devenv.yaml", "pyproject.toml", "packaging/package.nix")
# What the flake asks of its inputs, and the package of nixpkgs: enough to look at what it makes of them.
INPUTS = """
let
  lib = {
    genAttrs = names: make: builtins.listToAttrs (map (name: { inherit name; value = make name; }) names);
    getExe = program: "/store/${program}/bin/${program}";
    fileset.unions = places: places;
    fileset.toSource = { root, fileset }: assert builtins.all builtins.pathExists fileset; root;
  };
  called = { inherit lib; git = "git"; python3 = "python3"; uv = "uv"; writeShellApplication = made: made; };
  pkgs.callPackage = file: given: import file (called // given);
  nixpkgs = { inherit lib; legacyPackages = lib.genAttrs flake.systems (_: pkgs); };
  flake.systems = [ "x86_64-linux" "aarch64-linux" "x86_64-darwin" "aarch64-darwin" ];
  outputs = (import @root@/flake.nix).outputs {
    inherit nixpkgs;
    self = outputs;
    devenv.lib.mkShell = { inputs, pkgs, modules }: modules;
    git-hooks = { };
  };
in {
  script = outputs.packages.x86_64-linux.default.text;
  checks = outputs.checks.x86_64-linux ? package;
  modules = map baseNameOf outputs.devShells.aarch64-darwin.default;
  module = builtins.isFunction outputs.nixosModules.default;
}
"""
MACHINE = """{
  own = {
    module = @root@/nixos-module.nix;
    config = { lib, ... }: {
      _module.args.pkgs = lib.mkForce {
        callPackage = file: _: assert builtins.pathExists file;
          derivation { name = "devkeel"; system = "x86_64-linux"; builder = "/bin/sh"; };
      };
      services.devkeel = { enable = true; root = "/srv/project"; token = "/etc/token"; };
    };
  };
}"""


@pytest.mark.parametrize("kind", MADE)
def test_it_is_what_devkeel_makes_of_the_declaration(tmp_path: Path, kind: str) -> None:
    root = tmp_path / "devkeel"
    for name in (*DECLARED, *(file for file, _ in MADE.values())):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, root / name)
    file, given = MADE[kind]
    result = Environment(root, actor="test", executes=False).generate(kind, given, level="schema", dry_run=True)
    assert not result.changed, f"`devkeel generate {kind}` makes another {file}:\n{result.diff}"


def value(expression: str) -> Any:
    argv = ("nix-instantiate", "--eval", "--strict", "--json", "--expr", expression)
    found = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)
    assert found.returncode == 0, found.stderr
    return json.loads(found.stdout)


@pytest.mark.nix
def test_the_flake_has_the_command_the_shell_and_the_module() -> None:
    found = value(INPUTS.replace("@root@", str(ROOT)))
    assert re.search(r'uv tool run .*--from .*devkeel "\$@"', found["script"], re.DOTALL)
    assert (found["checks"], found["modules"], found["module"]) == (True, ["devenv.nix"], True)


@pytest.mark.nix
def test_the_module_serves_over_http_with_the_token_of_a_file() -> None:
    machine = MACHINE.replace("@root@", str(ROOT))
    unit = value(f"import {ROOT}/tests/devkeel/generate/modules.nix ({machine})")["own"]["services"]["devkeel"]
    words = unit["serviceConfig"]["ExecStart"]
    assert '"serve" "--http" "127.0.0.1:8765" "--token-file=/run/credentials/devkeel.service/token"' in words
    assert unit["serviceConfig"]["LoadCredential"] == ["token:/etc/token"]
    assert unit["environment"] == {"HOME": "/var/lib/devkeel", "DEVKEEL_ROOT": "/srv/project"}
    assert unit["serviceConfig"]["ReadWritePaths"] == ['"/var/lib/devkeel"', '"/srv/project"']


def test_the_workflow_is_valid_and_runs_what_continuous_integration_runs() -> None:
    found = json.loads(json.dumps(YAML(typ="safe", pure=True).load((ROOT / MADE["github-workflow"][0]).read_text())))
    schema = files("check_jsonschema").joinpath("builtin_schemas/vendor/github-workflows.json").read_text("utf-8")
    assert list(Draft7Validator(json.loads(schema)).iter_errors(found)) == []
    assert {"run": ".ci/run"} in found["jobs"]["ci"]["steps"]
