"""Values under conditions: what is literally false is no mistake to Nix, every other branch is a value of its option.

The verdicts of `evalModules` are asked for where DEVKEEL_REAL_MODULES names a folder with a checkout of nixpkgs.lib.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess

import pytest

from devkeel.candidate.candidate import Candidate
from devkeel.checks import schema

MODULES = os.environ.get("DEVKEEL_REAL_MODULES")
NIX = shutil.which("nix-instantiate")
INPUTS = b"inputs:\n  nixpkgs:\n    url: github:cachix/devenv-nixpkgs/rolling\n"

# What Nix takes, `yes` being a condition that it computes: as true, and as false.
TAKEN = [
    'services.redis.port = lib.mkIf false "x";',
    'services.redis.port = lib.mkIf (false) "x";',
    'services.redis.port = lib.mkIf (!true) "x";',
    'services.redis.port = lib.mkIf (false && yes) (lib.mkForce "x");',
    'services.redis.port = let no = false; in lib.mkIf no "x";',
    'services.redis = lib.mkIf false { port = "x"; };',
    'services = lib.mkIf false { redis.port = "x"; };',
    'services.redis = lib.mkMerge [ (lib.mkIf false { port = "x"; }) { enable = true; } ];',
    'services.redis = { enable = true; } // lib.optionalAttrs false { port = "x"; };',
    "services.redis = lib.optionalAttrs false { nope = 1; };",
    'services.redis = if false then { port = "x"; } else { enable = true; };',
    'services.redis.port = if false then "x" else 1;',
    'services.redis.port = if true then 1 else "x";',
    "cachix.pull = lib.optionals false [ 1 ];",
    'cachix.pull = [ "a" ] ++ lib.optional false 1;',
    "processes.web = lib.mkIf false { nope = 1; };",
    "processes = lib.mkIf false { web.nope = 1; };",
    'cachix.pull = [ "a" ] ++ lib.optionals yes [ "b" ];',
    'cachix.pull = lib.optional yes "a";',
    'cachix.pull = lib.mkIf yes [ "a" (lib.mkIf false 1) ];',
    "services.redis = lib.optionalAttrs yes { port = 1; };",
    "services.redis = if yes then { port = 1; } else { };",
    'languages.python.version = if yes then "3.11" else null;',
    "enterShell = lib.optionalString yes ''echo'';",
    "env.A = if yes then 1 else [ ];",
    'processes = lib.optionalAttrs yes { web.exec = "x"; };',
    'services.redis.port = if yes then 1 else lib.mkIf false "x";',
]
# What Nix refuses, for one of the two conditions at least.
REFUSED = {
    'services.redis.port = lib.mkIf true "x";': "wrong_type",
    'services.redis.port = lib.mkIf yes "x";': "wrong_type",
    'services.redis.port = if yes then "x" else 1;': "wrong_type",
    'services.redis.port = if yes then 1 else lib.mkDefault "x";': "wrong_type",
    'services.redis.port = if yes then 1 else lib.mkIf yes2 "x";': "wrong_type",
    "services.redis.port = if yes then 1 else 70000;": "wrong_value",
    'services.redis.port = lib.mkIf (false || yes) "x";': "wrong_type",
    'services.redis.port = lib.optionalString yes "6379";': "wrong_type",
    'services.redis = lib.optionalAttrs yes { port = "x"; };': "wrong_type",
    'services = lib.optionalAttrs yes { redis.port = "x"; };': "wrong_type",
    'services.redis = if yes then { enable = true; } else { port = "x"; };': "wrong_type",
    "cachix.pull = lib.optionals yes [ 1 ];": "wrong_type",
    "cachix.pull = lib.optional yes 1;": "wrong_type",
    'cachix.pull = [ "a" ] ++ lib.optionals yes [ 1 ];': "wrong_type",
    'cachix.pull = if yes then "a" else [ ];': "wrong_type",
    "processes = lib.optionalAttrs yes { web.exec = 1; };": "wrong_type",
    "services.redis.enable = lib.optionalAttrs yes { a = 1; };": "wrong_type",
    "services.redis.nope = lib.mkIf false 1;": "unknown_option",
    "services.redis = lib.mkIf yes { nope = 1; };": "unknown_option",
}


def codes(body: str) -> set[str]:
    text = f"{{ pkgs, lib, yes, yes2, ... }}:\n{{\n{body}\n}}\n"
    return {item.code for item in schema.check(Candidate.of({"devenv.nix": text.encode(), "devenv.yaml": INPUTS}))}


@pytest.mark.parametrize("body", TAKEN)
def test_what_nix_takes_is_no_finding(body: str) -> None:
    assert codes(body) == set()


@pytest.mark.parametrize("body", REFUSED)
def test_a_branch_is_judged_as_a_value_of_its_option(body: str) -> None:
    assert codes(body) == {REFUSED[body]}


@pytest.mark.parametrize(
    "body",
    [
        "packages = lib.optionals false [ pkgs.ripgrpe ];",
        "packages = lib.mkIf false [ pkgs.ripgrpe ];",
        "packages = if false then [ pkgs.ripgrpe ] else [ ];",
        "packages = [ pkgs.git ] ++ lib.optional false pkgs.ripgrpe;",
    ],
)
def test_a_package_that_nix_never_looks_at_is_no_finding(body: str) -> None:
    assert codes(body) == set()
    assert codes(body.replace("false", "yes")) == {"unknown_package"}


def test_no_name_is_suggested_whose_type_a_branch_is_not_of() -> None:
    text = '{ yes, ... }:\n{\n  services.redis.prot = if yes then "x" else 1;\n}\n'
    (finding,) = schema.check(Candidate.of({"devenv.nix": text.encode(), "devenv.yaml": INPUTS}))
    assert finding.code == "unknown_option"
    assert "services.redis.port" not in str(finding.suggestions)


@pytest.mark.nix
@pytest.mark.skipif(not MODULES, reason="DEVKEEL_REAL_MODULES is not set")
def test_the_module_system_says_the_same() -> None:
    options = """{ options = {
        env = lib.mkOption { default = { }; type = types.lazyAttrsOf types.anything; };
        enterShell = lib.mkOption { type = types.lines; default = ""; };
        cachix.pull = lib.mkOption { type = types.listOf types.str; default = [ ]; };
        services.redis.enable = lib.mkOption { type = types.bool; default = false; };
        services.redis.port = lib.mkOption { type = types.port; default = 1; };
        languages.python.version = lib.mkOption { type = types.nullOr types.str; default = null; };
        processes = lib.mkOption {
          default = { };
          type = types.attrsOf (types.submodule { options.exec = lib.mkOption { type = types.str; default = ""; }; });
        };
      }; }"""
    bodies = [*TAKEN, *REFUSED]
    asked = "\n".join(f"(both (yes: let yes2 = !yes; in {{ {body} }}))" for body in bodies)
    text = f"""
      let lib = import {MODULES}/nixpkgs.lib/lib; inherit (lib) types; options = {options};
      ok = module: (builtins.tryEval (builtins.deepSeq (lib.evalModules {{ modules = [
        options module
      ]; }}).config true)).success;
      both = body: ok (body true) && ok (body false);
      in [ {asked} ]"""
    assert NIX is not None
    argv = [NIX, "--eval", "--strict", "--json", "-"]
    found = subprocess.run(argv, input=text, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    taken = [body for body, verdict in zip(bodies, json.loads(found.stdout), strict=True) if verdict]
    assert taken == TAKEN
