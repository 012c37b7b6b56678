"""The modules that the tests pin, evaluated by Nix alone: as the checks do it, and as the real ones would answer."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from devkeel.nix_cli.settings import nix_variables

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.nix

OPTIONS = ("--option", "substitute", "false", "--extra-experimental-features", "flakes")
# Nothing of the stand-in's: the lock, its two inputs, the project.
ENTRY = """
  let
    root = %s;
    lock = builtins.fromJSON (builtins.readFile (root + "/devenv.lock"));
    input = name: builtins.fetchTree (removeAttrs lock.nodes.${name}.locked [ "dir" ]);
    lib = import (input "nixpkgs" + "/lib");
    pkgs = import (input "nixpkgs") { system = builtins.currentSystem; config = { }; };
  in
  (lib.evalModules {
    specialArgs.inputs = { };
    modules = [
      { _module.args = { inherit pkgs; }; devenv = { root = toString root; dotfile = toString root + "/.devenv"; }; }
      (input "devenv" + "/src/modules/top-level.nix")
      (root + "/devenv.nix")
    ];
  }).config
"""


def nix(root: Path, attribute: str) -> subprocess.CompletedProcess[str]:
    argv = ["nix-instantiate", "--eval", "--strict", "--json", *OPTIONS, "--expr", ENTRY % root, "-A", attribute]
    return subprocess.run(argv, capture_output=True, text=True, check=False)


def value(root: Path, attribute: str) -> Any:
    found = nix(root, attribute)
    assert found.returncode == 0, found.stderr
    return json.loads(found.stdout)


MERGES = {
    "a list adds up, in order": (
        "imports = [ { packages = lib.mkAfter [ pkgs.git ]; } ]; packages = lib.mkBefore [ pkgs.jq ];",
        "map (package: package.pname) config.packages",
        ["jq", "git"],
    ),
    "a condition decides": ('env.A = lib.mkIf true "yes"; env.B = lib.mkIf false "no";', "config.env ? B", None),
    "a default gives way": (
        'name = lib.mkDefault "weak"; imports = [ { name = "strong"; } ];',
        "config.name",
        "strong",
    ),
    "a force wins": ('name = "plain"; imports = [ { name = lib.mkForce "forced"; } ];', "config.name", "forced"),
    "lines join": ('enterShell = lib.mkMerge [ (lib.mkAfter "z") "a" ];', "config.enterShell", "a\nz"),
    "a condition above many options": (
        'config = lib.mkIf true { env.A = "x"; services.redis.port = 7000; };',
        "config.services.redis.port",
        7000,
    ),
    "a submodule has its name": (
        'processes.web.exec = "true";',
        'config.tasks."devenv:processes:web".exec',
        "true",
    ),
    "an option that moved still works": ("redis.enable = true;", "config.services.redis.enable", True),
    "a computed value": (
        "services.redis.enable = true; env.PORT = toString (config.services.redis.port + 1);",
        "config.env.PORT",
        "6380",
    ),
}


@pytest.mark.parametrize("case", MERGES)
def test_definitions_become_one_value(pinned_project: Callable[..., Path], case: str) -> None:
    text, expression, expected = MERGES[case]
    body = f"{{ pkgs, lib, config, ... }}: {{ imports = [ {{ outputs.seen = {expression}; }} {{ {text} }} ]; }}"
    if "config = " in text:
        body = f"{{ pkgs, lib, config, ... }}: {{ imports = [ {{ outputs.seen = {expression}; }} ]; {text} }}"
    if expected is None:
        # A name in a lazy set stays, but the value is not there.
        assert nix(pinned_project(body), "env.B").returncode == 1
        return
    assert value(pinned_project(body), "outputs.seen") == expected


REFUSALS = {
    "a name that is not there": ("env = { }; enterShel = 1;", "name", "The option `enterShel' does not exist."),
    "the nearest name": ("enterShel = 1;", "name", "Did you mean `enterShell'"),
    "an element of a list": (
        "packages = [ 1 ];",
        "packages",
        """-entry 1]"' is not of type `package'.""",
    ),
    "a number out of range": ("services.redis.port = 70000;", "services", "is not of type `16 bit unsigned integer"),
    "inside a submodule": (
        'processes.a = { exec = "true"; restart.on = "sometimes"; };',
        "tasks",
        'A definition for option `processes.a.restart.on\' is not of type `one of "never", "always", "on_failure"\'',
    ),
    "an option of a submodule that is not there": (
        'processes.a.execc = "true";',
        "tasks",
        "The option `processes.a.execc' does not exist.",
    ),
    "a required value": (
        'processes.a.cwd = "/";',
        "tasks",
        "The option `processes.a.exec' was accessed but has no value defined. Try setting the option.",
    ),
    "a read-only value": (
        'processes.a = { exec = "true"; ports.p = { allocate = 1; value = 2; }; };',
        "tasks",
        "The option `processes.a.ports.p.value' is read-only, but it's set multiple times.",
    ),
    "a plain value for a set of options": (
        "services = 1;",
        "name",
        "you're trying to define a value of type `int' rather than an attribute set for the option `services'!",
    ),
    "config beside options": ("config = { }; packages = [ ];", "name", "has an unsupported attribute `packages'"),
    "a broken package": ("packages = [ pkgs.marked-broken ];", "packages", "is marked as broken, refusing to evaluate"),
    "an insecure package": ("packages = [ pkgs.marked-insecure ];", "packages", "is marked as insecure"),
    "an unfree package": (
        "packages = [ pkgs.vscode ];",
        "packages",
        "has an unfree license (\N{LEFT SINGLE QUOTATION MARK}unfree\N{RIGHT SINGLE QUOTATION MARK}), refusing",
    ),
    "a module argument that is not there": ("env.A = nothing;", "env", "undefined variable 'nothing'"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_what_is_wrong_is_refused(pinned_project: Callable[..., Path], case: str) -> None:
    text, attribute, message = REFUSALS[case]
    found = nix(pinned_project(text), attribute)
    assert found.returncode == 1
    assert message in " ".join(found.stderr.split())


def test_failed_assertions_are_data_until_the_shell_is_asked_for(pinned_project: Callable[..., Path]) -> None:
    root = pinned_project('assertions = [ { assertion = false; message = "never"; } ];')
    assert {"assertion": False, "message": "never"} in value(root, "assertions")
    assert "Failed assertions: - never" in " ".join(nix(root, "shell").stderr.split())


def test_packages_are_real_derivations(pinned_project: Callable[..., Path]) -> None:
    root = pinned_project("packages = [ pkgs.hello (pkgs.python3.withPackages (python: [ python.requests ])) ];")
    # Its builders are the machine's own programs, and a sandbox may have no more than a shell.
    options = (*OPTIONS, "--option", "sandbox", "false")
    argv = ["nix-build", "--no-out-link", *options, "--expr", ENTRY % root, "-A", "devenv.profile"]
    environment = os.environ | nix_variables(builds=True)
    found = subprocess.run(argv, capture_output=True, text=True, check=True, env=environment)
    profile = found.stdout.strip()
    said = subprocess.run([f"{profile}/bin/hello"], capture_output=True, text=True, check=True)
    assert said.stdout == "Hello, world!\n"
    assert subprocess.run([f"{profile}/bin/python3", "-c", ""], check=False).returncode == 0
    assert subprocess.run([f"{profile}/bin/requests"], check=False, capture_output=True).returncode == 0


def test_the_options_can_be_listed_with_those_inside_of_submodules(pinned_project: Callable[..., Path]) -> None:
    listed = "map (option: { inherit (option) name type readOnly; }) (lib.optionAttrSetToDocList options)"
    root = pinned_project(f"{{ lib, options, ... }}: {{ outputs.options = {listed}; }}")
    options = {option["name"]: option for option in value(root, "outputs.options")}
    assert options["services.redis.port"]["type"] == "16 bit unsigned integer; between 0 and 65535 (both inclusive)"
    assert options["processes.<name>.ports.<name>.value"]["readOnly"]
    assert options["processes.<name>.restart.on"]["type"] == 'one of "never", "always", "on_failure"'
