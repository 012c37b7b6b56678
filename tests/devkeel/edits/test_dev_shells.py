"""Packages of a flake's project go into its development shell: the default one, unless another is named."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from devkeel.edits.vocabulary import parse_edits
from devkeel.errors import Refused

if TYPE_CHECKING:
    from devkeel.api import Environment
    from devkeel.change.result import ChangeResult

FLAKE = """\
{
  outputs = { self, nixpkgs }: let pkgs = nixpkgs.legacyPackages.x86_64-linux; in {
    devShells.x86_64-linux = {
      default = pkgs.mkShell {
        packages = [ pkgs.git (pkgs.python3.withPackages (ps: [ ps.numpy ])) ];
      };
      ci = pkgs.mkShell { buildInputs = [ pkgs.gcc ]; };
    };
  };
}
"""


def changed(environment: Environment, flake: str, *edits: dict[str, object]) -> ChangeResult:
    (environment.project.root / "devenv.nix").unlink(missing_ok=True)
    (environment.project.root / "flake.nix").write_text(flake)
    return environment.change(parse_edits(list(edits)), level="syntax")


def text(environment: Environment) -> str:
    return (environment.project.root / "flake.nix").read_text()


def edit(kind: str, *names: str, **more: object) -> dict[str, object]:
    return {"kind": f"{kind}_packages", "names": [*names], **more}


def test_the_default_shell_gets_the_package(environment: Environment) -> None:
    result = changed(environment, FLAKE, edit("add", "jq"))
    assert text(environment) == FLAKE.replace("ps.numpy ])) ]", "ps.numpy ])) pkgs.jq ]")
    assert any("devShells.x86_64-linux.default" in note for note in result.notes)


@pytest.mark.parametrize("name", ["devShells.ci", "devShells.x86_64-linux.ci", "ci"])
def test_a_shell_that_is_named_gets_it(environment: Environment, name: str) -> None:
    changed(environment, FLAKE, edit("add", "jq", inside=name))
    assert text(environment) == FLAKE.replace("pkgs.gcc", "pkgs.gcc pkgs.jq")


def test_a_package_that_a_condition_adds_is_added_where_it_always_is(environment: Environment) -> None:
    flake = """\
{
  outputs = inputs: inputs.flake-parts.lib.mkFlake { inherit inputs; } {
    perSystem = { pkgs, lib, ... }: lib.mkMerge [
      (lib.mkIf pkgs.stdenv.isDarwin { devenv.shells.default.packages = [ pkgs.hello ]; })
      { devenv.shells.default.packages = [ pkgs.git ]; }
    ];
  };
}
"""
    changed(environment, flake, edit("add", "hello"))
    assert text(environment) == flake.replace("pkgs.git", "pkgs.git pkgs.hello")


def test_what_holds_packages_in_the_shell_gets_it(environment: Environment) -> None:
    changed(environment, FLAKE, edit("add", "pandas", inside="python3"))
    assert text(environment) == FLAKE.replace("ps.numpy", "ps.numpy ps.pandas")


def test_packages_go_and_what_is_not_there_is_said_of_the_shell(environment: Environment) -> None:
    result = changed(environment, FLAKE, edit("remove", "git", "jq"))
    assert text(environment) == FLAKE.replace("pkgs.git ", "")
    assert any("jq is not in devShells.x86_64-linux.default" in note for note in result.notes)


def test_several_edits_of_one_flake_follow_each_other(environment: Environment) -> None:
    changed(environment, FLAKE, edit("add", "jq"), edit("remove", "git"), edit("add", "go", inside="ci"))
    wanted = FLAKE.replace("pkgs.git (", "(").replace("ps.numpy ])) ]", "ps.numpy ])) pkgs.jq ]")
    assert text(environment) == wanted.replace("pkgs.gcc", "pkgs.gcc pkgs.go")


def test_an_edit_can_be_undone(environment: Environment) -> None:
    changed(environment, FLAKE, edit("add", "jq"))
    environment.undo()
    assert text(environment) == FLAKE


MODULES = """\
{
  outputs = { nixpkgs, devenv, ... }@inputs: let pkgs = nixpkgs.legacyPackages.x86_64-linux; in {
    devShells.x86_64-linux.default = devenv.lib.mkShell {
      inherit inputs pkgs;
      modules = [ { languages.go.enable = true; } ./nix/tools.nix ];
    };
  };
}
"""


def test_the_file_of_the_module_that_lists_packages_gets_it(environment: Environment) -> None:
    tools = environment.project.root / "nix/tools.nix"
    tools.parent.mkdir()
    tools.write_text("{ pkgs, ... }:\n{\n  packages = [ pkgs.git ];\n}\n")
    changed(environment, MODULES, edit("add", "jq"))
    assert text(environment) == MODULES
    assert "[ pkgs.git pkgs.jq ]" in tools.read_text()
    changed(environment, MODULES, edit("remove", "jq"))
    assert "[ pkgs.git ]" in tools.read_text()


def test_a_package_of_another_module_of_the_shell_is_there(environment: Environment) -> None:
    tools = environment.project.root / "nix/tools.nix"
    tools.parent.mkdir()
    tools.write_text("{ pkgs, ... }:\n{\n  packages = [ pkgs.jq ];\n}\n")
    flake = MODULES.replace("languages.go.enable = true;", "packages = [ pkgs.git ];")
    result = changed(environment, flake, edit("add", "jq"))
    assert text(environment) == flake
    assert any("nix/tools.nix" in note for note in result.notes)


REFUSED = {
    "one of two by a condition": (
        FLAKE.replace("default = pkgs.mkShell {", "default = if self ? x then pkgs.mkShell { } else pkgs.mkShell {"),
        {},
        "conditional",
    ),
    "no default": (FLAKE.replace("default =", "dev ="), {}, "ambiguous"),
    "no such shell": (FLAKE, {"inside": "devShells.docs"}, "not_found"),
    "no shell": ("{ outputs = { self }: { lib = { }; }; }\n", {}, "not_found"),
    "one for each system": (
        FLAKE.replace("ci = pkgs", "aarch64-linux.default = pkgs")
        .replace(".x86_64-linux = {", " = { x86_64-linux =")
        .replace("{ x86_64-linux =\n      default = pkgs.mkShell", "{\n      x86_64-linux.default = pkgs.mkShell"),
        {},
        "ambiguous",
    ),
    "under a condition": (FLAKE.replace("default = pkgs", "default = if self ? x then pkgs.hello else pkgs"), {}, None),
    "made for several": (
        FLAKE.replace("let pkgs", "let shell = p: pkgs.mkShell { packages = [ p ]; }; pkgs").replace(
            "default = pkgs.mkShell {", "default = shell 1; other = shell 2; third = pkgs.mkShell {"
        ),
        {},
        "shared_name",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_not_clear_is_refused_with_another_way(environment: Environment, what: str) -> None:
    flake, more, code = REFUSED[what]
    with pytest.raises(Refused) as caught:
        changed(environment, flake, edit("add", "jq", **more))
    assert code is None or caught.value.code == code
    assert caught.value.place is not None
    assert caught.value.place.file == "flake.nix"
    assert caught.value.remedy
    assert text(environment) == flake


def test_beside_a_devenv_nix_the_flake_is_edited_where_it_is_named(environment: Environment) -> None:
    root = environment.project.root
    (root / "flake.nix").write_text(FLAKE)
    (root / "devenv.nix").write_text("{ pkgs, ... }:\n\n{\n  packages = [ ];\n}\n")
    environment.change(parse_edits([edit("add", "jq"), edit("add", "jq", file="flake.nix")]), level="syntax")
    assert "packages = [ pkgs.jq ]" in (root / "devenv.nix").read_text()
    assert text(environment).count("pkgs.jq") == 1
