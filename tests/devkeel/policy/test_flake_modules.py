"""Modules of devenv inside a flake.nix are held by `protected`, by whichever way the file is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from devkeel.api import Environment
from devkeel.edits.vocabulary import parse_edits
from devkeel.errors import PolicyRefused
from devkeel.policy.protected import require_unprotected_file

if TYPE_CHECKING:
    from pathlib import Path

PLAIN = """\
{
  inputs.nixpkgs.url = "github:cachix/devenv-nixpkgs/rolling";
  inputs.devenv.url = "github:cachix/devenv";
  inputs.other.url = "github:a/b";
  outputs = { self, nixpkgs, devenv, ... } @ inputs:
    let
      pkgs = nixpkgs.legacyPackages.x86_64-linux;
      port = 5432;
    in
    {
      packages.x86_64-linux.devenv-up = self.devShells.x86_64-linux.default.config.procfileScript;
      formatter.x86_64-linux = pkgs.nixfmt;
      devShells.x86_64-linux.default = devenv.lib.mkShell {
        inherit inputs pkgs;
        modules = [
          ({ pkgs, config, ... }: {
            packages = [ pkgs.git ];
            env.A = "a";
            services.postgres.port = port;
            services.redis.enable = true;
          })
          ./more.nix
        ];
      };
      devShells.x86_64-linux.plain = pkgs.mkShell { packages = with pkgs; [ jq ]; };
    };
}
"""
PARTS = """\
{
  inputs = {
    flake-parts.url = "github:hercules-ci/flake-parts";
    devenv.url = "github:cachix/devenv";
  };
  outputs = inputs @ { flake-parts, ... }:
    flake-parts.lib.mkFlake { inherit inputs; } {
      imports = [ inputs.devenv.flakeModule ./dev.nix ];
      systems = [ "x86_64-linux" ];
      perSystem = { pkgs, ... }: {
        devenv.shells.default = {
          packages = [ pkgs.git ];
          services.postgres.port = 5432;
        };
        devenv.shells.default.env.A = "a";
      };
    };
}
"""
MORE = "{ env.MORE = true; }\n"
DEV = "{\n  perSystem = { devenv.shells.default = { env.DEV = true; }; };\n}\n"


def project_of(root: Path, flake: str, protected: str = "services.postgres", **files: str) -> Environment:
    known = {"flake.nix": flake, "more.nix": MORE, "dev.nix": DEV, "devkeel.toml": f'protected = ["{protected}"]\n'}
    for name, content in (known | files).items():
        (root / name).write_text(content)
    return Environment(root, actor="test")


def patch(old: str, new: str, file: str = "flake.nix") -> dict[str, Any]:
    return {"kind": "replace_text", "old": old, "new": new, "file": file}


def own(new: str) -> dict[str, Any]:
    """Put an output before the formatter of PLAIN."""
    return patch("      formatter.", f"      {new}\n      formatter.")


HELD = {
    "the definition": (PLAIN, patch("services.postgres.port = port", "services.postgres.port = 1")),
    "its removal": (PLAIN, patch("            services.postgres.port = port;\n", "")),
    "a name that it reads": (PLAIN, patch("port = 5432", "port = 1")),
    "a spelling": (PLAIN, patch('env.A = "a"', "services = { postgres = { enable = true; }; }")),
    "a force": (PLAIN, patch('env.A = "a"', "services.postgres = pkgs.lib.mkForce { }")),
    "a profile": (PLAIN, patch('env.A = "a"', "profiles.ci.module.services.postgres.enable = true")),
    "an import": (PLAIN, patch('env.A = "a"', "imports = [ inputs.other.devenvModules.x ]")),
    "another module": (PLAIN, patch("./more.nix", "./more.nix { services.postgres.enable = true; }")),
    "a module that cannot be read": (PLAIN, patch("./more.nix", "./more.nix inputs.other.devenvModules.x")),
    "a computed list": (PLAIN, patch("./more.nix\n        ]", "./more.nix\n        ] ++ self.more")),
    "the file of a module": (PLAIN, patch("env.MORE = true", "services.postgres.enable = true", "more.nix")),
    "another shell": (
        PLAIN,
        own("devShells.b = devenv.lib.mkShell { modules = [ { services.postgres.port = 1; } ]; };"),
    ),
    "another name of devenv": (PLAIN, own("d = devenv; devShells.b = self.d.lib.mkShell (import ./x.nix);")),
    "an inherited maker": (PLAIN, own("b = let inherit (devenv.lib) mkShell; in mkShell self.given;")),
    "all of the inputs": (PLAIN, own('b = (builtins.getAttr "devenv" inputs).lib.mkShell self.given;')),
    "a computed input": (PLAIN, own('b = inputs.${"dev" + "env"}.lib.mkShell self.given;')),
    "another flake": (PLAIN, own('b = (builtins.getFlake "github:a/b").devShells;')),
    "a set that is given": (PLAIN, patch("devenv.lib.mkShell {", "devenv.lib.mkShell self.given // {")),
    "the input of the modules": (PLAIN, patch('github:cachix/devenv"', 'github:evil/devenv"')),
    "a shell of flake-parts": (PARTS, patch("services.postgres.port = 5432", "services.postgres.port = 1")),
    "a piece of it": (PARTS, patch('default.env.A = "a"', "default.services.postgres.enable = true")),
    "another shell of it": (PARTS, patch('default.env.A = "a"', "b.services.postgres.enable = true")),
    "a module of flake-parts": (PARTS, patch("./dev.nix ]", "./dev.nix inputs.other.flakeModule ]")),
    "shells in a set": (
        PARTS,
        patch('devenv.shells.default.env.A = "a"', "devenv = { shells.b.services.postgres = { }; }"),
    ),
    "shells that are computed": (PARTS, patch('devenv.shells.default.env.A = "a"', "devenv.shells = inputs.x.shells")),
    "a computed shell": (
        PARTS,
        patch('shells.default.env.A = "a"', "shells.${pkgs.system}.services.postgres.enable = true"),
    ),
    "a part in another file": (PARTS, patch("env.DEV = true", "services.postgres.enable = true", "dev.nix")),
}

# The makers of devenv by other names, whose modules are held all the same.
ALIASES = {
    "an alias": ("mk = devenv.lib.mkShell;", "mk {"),
    "an alias of its library": ("d = devenv.lib;", "d.mkShell {"),
    "an alias of the input": ("d = devenv;", "d.lib.mkShell {"),
    "an alias by its name": ('d = builtins.getAttr "devenv" inputs;', "(d.lib.mkShell) {"),
    "a name that is inherited": ("inherit (devenv.lib) mkShell;", "mkShell {"),
    "a name of all of it": ("inherit (devenv) lib;", "lib.mkShell {"),
    "a function of them": (
        "mk = devenv.lib.mkShell; f = modules: mk { inherit inputs pkgs modules; };",
        "(x: f x.modules) {",
    ),
}


@pytest.mark.parametrize(("binding", "call"), ALIASES.values(), ids=ALIASES)
def test_a_maker_of_devenv_by_another_name_is_held_too(root: Path, binding: str, call: str) -> None:
    flake = PLAIN.replace("      port = 5432;", f"      port = 5432;\n      {binding}").replace(
        "devenv.lib.mkShell {", call
    )
    environment = project_of(root, flake)
    for old, new in (
        ("port = port", "port = 1"),
        ("port = 5432", "port = 1"),
        ('env.A = "a"', "services.postgres = { }"),
    ):
        with pytest.raises(PolicyRefused) as caught:
            environment.change(parse_edits([patch(old, new)]), level="syntax")
        assert caught.value.code == "protected_option"
    environment.close()


@pytest.mark.parametrize(("flake", "edit"), HELD.values(), ids=HELD)
def test_a_change_of_a_protected_option_in_a_flake_is_refused(root: Path, flake: str, edit: dict[str, Any]) -> None:
    environment = project_of(root, flake)
    with pytest.raises(PolicyRefused) as caught:
        environment.change(parse_edits([edit]), level="syntax")
    assert caught.value.code == "protected_option"
    environment.close()


INHERITED = PLAIN.replace("      port = 5432;", "      port = 5432;\n      inherit (devenv.lib) mkShell;").replace(
    "devenv.lib.mkShell {", "mkShell {"
)
LEFT = {
    "another option of a maker that is inherited": (INHERITED, patch('env.A = "a"', 'env.A = "b"')),
    "devenv's command": (PLAIN, patch("[ jq ]", "[ jq devenv.packages.x86_64-linux.devenv ]")),
    "another option": (PLAIN, patch('env.A = "a"', 'env.A = "b"')),
    "a package": (PLAIN, patch("pkgs.git ]", "pkgs.git pkgs.fd ]")),
    "a package of devenv": (PLAIN, patch("[ jq ]", "[ jq pkgs.devenv ]")),
    "a package of devenv by its name": (PARTS, patch("[ pkgs.git ]", "with pkgs; [ git devenv ]")),
    "another output": (PLAIN, own("checks = { };")),
    "a name of the flake": (PLAIN, own("packages.x86_64-linux.x = pkgs.hello;")),
    "another shell": (
        PLAIN,
        own("devShells.b = devenv.lib.mkShell { inherit inputs pkgs; modules = [ { env.A = 1; } ]; };"),
    ),
    "another input": (PLAIN, patch("github:a/b", "github:a/c")),
    "a comment": (PLAIN, own("# devenv inputs")),
    "the file of a module": (PLAIN, patch("env.MORE = true", "env.MORE = false", "more.nix")),
    "an option of flake-parts": (PARTS, patch('env.A = "a"', 'env.A = "b"')),
    "a part in another file": (PARTS, patch("env.DEV = true", "env.DEV = false", "dev.nix")),
}


@pytest.mark.parametrize(("flake", "edit"), LEFT.values(), ids=LEFT)
def test_what_is_about_no_protected_option_may_be_changed(root: Path, flake: str, edit: dict[str, Any]) -> None:
    environment = project_of(root, flake)
    assert environment.change(parse_edits([edit]), level="syntax").published
    environment.close()


def test_an_option_that_it_reads_through_config_cannot_be_changed(root: Path) -> None:
    flake = PLAIN.replace("services.postgres.port = port", "services.postgres.port = config.env.PORT")
    environment = project_of(root, flake.replace('env.A = "a"', 'env.PORT = "1"'))
    with pytest.raises(PolicyRefused) as caught:
        environment.change(parse_edits([patch('env.PORT = "1"', 'env.PORT = "2"')]), level="syntax")
    assert caught.value.code == "protected_option"
    environment.close()


def test_a_flake_may_be_begun_and_generated_anew(root: Path) -> None:
    (root / "devenv.nix").write_text("{ pkgs, ... }: { packages = [ pkgs.git ]; services.postgres.enable = true; }\n")
    (root / "devkeel.toml").write_text('protected = ["services.postgres"]\n')
    environment = Environment(root, actor="test")
    assert environment.generate("flake").published
    assert environment.change(parse_edits([{"kind": "set", "path": "env.A", "value": "b"}]), level="syntax").published
    environment.generate("flake")
    environment.close()


@pytest.mark.parametrize("flake", [PLAIN, PARTS])
def test_an_edit_that_reaches_the_modules_is_refused(root: Path, flake: str) -> None:
    environment = project_of(root, flake, "packages")
    with pytest.raises(PolicyRefused) as caught:
        environment.change(
            parse_edits([{"kind": "add_packages", "names": ["fd"], "file": "flake.nix"}]), level="syntax"
        )
    assert caught.value.code == "protected_option"
    environment.close()


def test_undo_restore_and_a_write_by_itself_are_held_the_same(root: Path) -> None:
    environment = project_of(root, PLAIN, "env.NOTHING")
    was = (root / "flake.nix").read_bytes()
    before = environment.change(parse_edits([patch("[ jq ]", "[ fd ]")]), level="syntax").operation
    assert before is not None
    done = environment.change(
        parse_edits([patch("services.postgres.port = port", "services.postgres.port = 1")]), level="syntax"
    )
    assert done.operation is not None
    (root / "devkeel.toml").write_text('protected = ["services.postgres"]\n')
    for way in (
        lambda: environment.undo(done.operation),
        lambda: environment.restore(before),
        lambda: require_unprotected_file((root / "flake.nix").resolve(), (root / "flake.nix").read_bytes(), was),
    ):
        with pytest.raises(PolicyRefused) as caught:
            way()
        assert caught.value.code == "protected_option"
    environment.close()
