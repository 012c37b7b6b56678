"""Nix evaluates a generated flake.nix: its inputs are those of the project's locks, its outputs what was asked."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.derivations import SYSTEM, nix

from devkeel.api import Environment
from devkeel.errors import Refused, UsageError

from .conftest import HERE, evaluated, project

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.nix, pytest.mark.xdist_group("generated flakes")]

REVISION, OTHER = "1" * 40, "2" * 40
HASH = "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
DEVENV_NIX = """\
{ pkgs, ... }:
{
  packages = [ pkgs.git pkgs.jq ];
  env.PORT = 8000;
  env.SAID = "a ${"\\${b}"} \\"c\\"";
  languages.go.enable = true;
  enterShell = ''
    echo hi
    git --version
  '';
}
""".replace('${"\\${b}"}', "\\${b}")
DEVENV_YAML = """\
inputs:
  nixpkgs:
    url: github:cachix/devenv-nixpkgs/rolling
  rust-overlay:
    url: github:oxalica/rust-overlay
    inputs:
      nixpkgs:
        follows: nixpkgs
  data:
    url: path:./data
    flake: false
imports:
  - ./more
allowUnfree: true
"""


def forge(owner: str, repository: str, **more: Any) -> dict[str, Any]:
    locked = {"type": "github", "owner": owner, "repo": repository, "rev": REVISION, "narHash": HASH} | more
    return {"locked": locked | {"lastModified": 1}}


LOCK = json.dumps(
    {
        "nodes": {
            "root": {"inputs": {"nixpkgs": "nixpkgs", "devenv": "devenv", "rust-overlay": "rust-overlay"}},
            "nixpkgs": forge("cachix", "devenv-nixpkgs"),
            "devenv": forge("cachix", "devenv", dir="src/modules"),
            "rust-overlay": {
                "locked": {"type": "git", "url": "https://example.org/x.git", "rev": OTHER, "narHash": HASH}
            },
        },
        "root": "root",
        "version": 7,
    }
)
CARGO = '[package]\nname = "tool"\nversion = "1.2.3"\n'
PYPROJECT = """\
[project]
name = "served"
version = "2.0"
dependencies = ["Flask>=3", "typing_extensions", "tomli; python_version < '3.11'"]
scripts = { serve = "served:main" }
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
"""
PACKAGE_JSON = '{"name": "@me/site", "version": "0.3.0", "scripts": {}}'
PACKAGE_NIX = '{ lib }: { type = "derivation"; name = "own"; by = "callPackage"; given = { pname = "own"; }; }\n'
OWN_OUTPUTS = """\
inputs: {
  lib.more = 1;
  packages.x86_64-linux.mine = 2;
  devShells.x86_64-linux.ci = 3;
  checks.x86_64-linux.shell = 4;
}
"""
CASES: dict[str, tuple[dict[str, str], dict[str, Any]]] = {
    "locked": (
        {"devenv.nix": DEVENV_NIX, "devenv.yaml": DEVENV_YAML, "devenv.lock": LOCK, "more/devenv.nix": "{ }"},
        {},
    ),
    "unlocked": ({"devenv.nix": DEVENV_NIX, "devenv.yaml": DEVENV_YAML, "more/devenv.nix": "{ }\n"}, {}),
    "plain": ({"devenv.nix": DEVENV_NIX, "devenv.lock": LOCK}, {"shell": "plain", "systems": "x86_64-linux"}),
    "rust": ({"Cargo.toml": CARGO, "Cargo.lock": "version = 4\n"}, {}),
    "python": ({"pyproject.toml": PYPROJECT}, {}),
    "go": ({"go.mod": "module example.org/me/walk\n\ngo 1.22\n"}, {}),
    "node": ({"package.json": PACKAGE_JSON, "package-lock.json": "{}"}, {}),
    "own": (
        {
            "package.nix": PACKAGE_NIX,
            "nixos-module.nix": "{ mine = true; }",
            "more.nix": OWN_OUTPUTS,
        },
        {"package": "package.nix", "extra": "more.nix", "checks": False},
    ),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, Any]]:
    folder = tmp_path_factory.mktemp("flakes")
    return {name: project(folder / name, files, "flake", **given) for name, (files, given) in CASES.items()}


@pytest.fixture(scope="module")
def found(made: dict[str, tuple[Path, Any]]) -> dict[str, Any]:
    """What Nix says of all of them, in one evaluation."""
    roots = " ".join(f"{name} = {root};" for name, (root, _) in made.items())
    told: dict[str, Any] = evaluated("flakes.nix", f"{{ {roots} }}")
    return told


def codes(answer: Any) -> list[str]:
    return [item.code for item in answer.checks.diagnostics]


def test_inputs_are_pinned_as_the_lock_of_the_environment_pins_them(found: dict[str, Any]) -> None:
    assert found["locked"]["inputs"] == {
        "nixpkgs": {"url": f"github:cachix/devenv-nixpkgs/{REVISION}"},
        "devenv": {"url": f"github:cachix/devenv/{REVISION}", "inputs": {"nixpkgs": {"follows": "nixpkgs"}}},
        "rust-overlay": {
            "type": "git",
            "url": "https://example.org/x.git",
            "rev": OTHER,
            "narHash": HASH,
            "inputs": {"nixpkgs": {"follows": "nixpkgs"}},
        },
        "data": {"url": "path:./data", "flake": False},
    }
    assert found["plain"]["inputs"] == {"nixpkgs": {"url": f"github:cachix/devenv-nixpkgs/{REVISION}"}}


def test_without_a_lock_inputs_are_named_by_a_branch_and_that_is_said(
    found: dict[str, Any], made: dict[str, tuple[Path, Any]]
) -> None:
    assert found["unlocked"]["inputs"]["nixpkgs"] == {"url": "github:cachix/devenv-nixpkgs/rolling"}
    assert found["rust"]["inputs"]["nixpkgs"] == {"url": "github:NixOS/nixpkgs/nixpkgs-unstable"}
    assert all("lock_missing" in codes(answer) for _, answer in made.values())
    root, _ = made["rust"]
    (root / "flake.lock").write_text(LOCK)
    _, again = project(root, {}, "flake")
    assert (again.changed, codes(again)) == (False, [])


def test_devenvs_shell_has_the_declaration_as_its_modules(found: dict[str, Any], made: dict[str, Any]) -> None:
    root = made["locked"][0]
    shell = found["locked"]["shell"]["default"]
    assert shell["by"] == "devenv"
    assert shell["given"]["modules"] == [f"{root}/devenv.nix", f"{root}/more/devenv.nix"]
    assert shell["given"]["config"] == {"allowUnfree": True}
    assert found["locked"]["names"] == ["devShells"]


def test_a_plain_shell_has_what_can_be_carried_over_and_names_the_rest(found: dict[str, Any], made: Any) -> None:
    shell = found["plain"]["shell"]["default"]
    assert shell["given"]["packages"] == ["git-1.0", "jq-1.0"]
    assert shell["given"]["env"] == {"PORT": 8000, "SAID": 'a ${b} "c"'}
    assert shell["given"]["shellHook"] == "echo hi\ngit --version\n"
    assert (found["plain"]["systems"], found["plain"]["checks"]) == (["x86_64-linux"], ["shell"])
    assert "languages.go.enable (devenv.nix:6)" in "".join(made["plain"][1].notes)


@pytest.mark.parametrize(
    ("name", "by", "given"),
    [
        ("rust", "buildRustPackage", {"pname": "tool", "version": "1.2.3"}),
        ("python", "buildPythonApplication", {"pname": "served", "meta": {"mainProgram": "serve"}}),
        ("go", "buildGoModule", {"pname": "walk", "vendorHash": None}),
        ("node", "buildNpmPackage", {"pname": "site", "version": "0.3.0", "dontNpmBuild": True}),
        ("own", "callPackage", {"pname": "own"}),
    ],
)
def test_the_package_is_that_of_the_projects_language(found: Any, name: str, by: str, given: dict[str, Any]) -> None:
    package = found[name]["package"]
    assert found[name]["checks"] == (["shell"] if name == "own" else ["package", "shell"])
    assert package["default"]["by"] == by
    assert package["default"]["given"].items() >= given.items()


def test_what_a_person_adds_stands_beside_the_outputs_and_a_module_is_one_of_them(found: dict[str, Any]) -> None:
    assert found["own"]["names"] == ["checks", "devShells", "lib", "nixosModules", "packages"]
    assert (sorted(found["own"]["package"]), found["own"]["package"]["mine"]) == (["default", "mine"], 2)
    assert (sorted(found["own"]["shell"]), found["own"]["shell"]["ci"]) == (["ci", "default"], 3)
    assert found["own"]["module"] == {"mine": True}


@pytest.mark.parametrize(
    ("text", "why"), [(None, "There is no"), ("inputs: { a = ; }", "more.nix:1"), ("{ packages = 1; }", "a set")]
)
def test_a_file_of_further_outputs_that_cannot_be_one_is_refused(tmp_path: Path, text: str | None, why: str) -> None:
    with pytest.raises(UsageError) as caught:
        project(tmp_path / "p", {} if text is None else {"more.nix": text}, "flake", extra="more.nix")
    assert caught.value.code == "bad_parameter"
    assert why in f"{caught.value.message} {caught.value.seen}"
    assert not (tmp_path / "p" / "flake.nix").exists()


def test_a_flake_that_becomes_the_declaration_says_so(tmp_path: Path) -> None:
    said = 'flake.nix declares the environment from now on. Until now it was venv, by pyproject.toml: backend = "venv"'
    _, begun = project(tmp_path / "a", CASES["python"][0], "flake")
    assert [note for note in begun.notes if note.startswith(said)]
    for files in ({"devenv.nix": "{ }\n"}, {}, {"devkeel.toml": 'backend = "venv"\n', **CASES["python"][0]}):
        _, other = project(tmp_path / str(len(files)), files, "flake")
        assert not [note for note in other.notes if "from now on" in note]


def test_extras_of_requirements_are_said(tmp_path: Path) -> None:
    manifest = PYPROJECT.replace("Flask>=3", "Flask[async]>=3")
    _, made = project(tmp_path / "p", {"pyproject.toml": manifest}, "flake")
    assert "The extras of Flask[async]>=3 are not asked for" in " ".join(made.notes)


def test_a_module_that_devkeel_made_runs_the_package_of_the_flake(tmp_path: Path) -> None:
    root, _ = project(tmp_path / "p", CASES["rust"][0], "nixos-module", name="tool")
    project(root, {}, "flake")
    told = evaluated("flakes.nix", f"{{ it = {root}; }}")["it"]["module"]
    assert told["imports"] == [f"{root}/nixos-module.nix"]
    assert told["services"]["tool"]["package"]["given"]["pname"] == "tool"


def test_what_cannot_be_packaged_without_a_guess_is_said(tmp_path: Path) -> None:
    _, several = project(tmp_path / "a", CASES["rust"][0] | CASES["node"][0], "flake")
    assert "several languages" in "".join(several.notes)
    _, go = project(tmp_path / "b", {"go.mod": "module x\n", "go.sum": "x"}, "flake")
    assert "vendor/" in "".join(go.notes)
    _, unsummed = project(tmp_path / "d", {"go.mod": "module x\n\nrequire (\n\ta.org/b v1\n)\n"}, "flake")
    assert "vendor/" in "".join(unsummed.notes)
    with pytest.raises(Refused) as caught:
        project(tmp_path / "c", {"go.mod": "module x\n", "go.sum": "x"}, "flake", package="go")
    assert caught.value.code == "no_package"


@pytest.mark.parametrize("name", CASES)
def test_a_flake_is_made_edited_and_made_again(tmp_path: Path, name: str) -> None:
    files, given = CASES[name]
    root, _ = project(tmp_path / "p", files, "flake", **given)
    file = root / "flake.nix"
    mine = file.read_text().replace("{\n", "{ # mine\n  nixConfig.allow-dirty = true;\n", 1) + "# the end\n"
    file.write_text(mine)
    environment = Environment(root, actor="test")
    assert not environment.generate("flake", level="schema").changed
    file.write_text(mine.replace("outputs = inputs@", "outputs = all@"))
    with pytest.raises(Refused) as caught:
        environment.generate("flake", level="schema")
    assert caught.value.code == "generated_part_edited"
    assert caught.value.place is not None
    assert "all@" in file.read_text().split("\n")[(caught.value.place.line or 0) - 1]
    assert environment.generate("flake", replace=True, level="schema").published
    assert file.read_text() == mine
    environment.close()


# The stand-in of nixpkgs with what a package and an image ask for beside what it has.
NIXPKGS = """\
{
  inputs.base.url = "path:BASE";
  outputs = { self, base }: {
    inherit (base) lib;
    legacyPackages = builtins.mapAttrs (_: pkgs:
      let
        all = pkgs // {
          callPackage = file: given:
            let made = import file; in made (builtins.intersectAttrs (builtins.functionArgs made) all // given);
          dockerTools = { caCertificates = pkgs.hello; streamLayeredImage = image: pkgs.hello; };
        };
      in all) base.legacyPackages;
  };
}
"""


def test_nix_takes_it_as_a_flake_and_runs_its_package(tmp_path: Path, nix_machine: Path) -> None:
    text = '{ writeShellScriptBin }: writeShellScriptBin "tool" "echo it runs $1"\n'
    root, _ = project(tmp_path / "p", {"package.nix": text}, "nixos-module", name="tool")
    project(root, {}, "image")
    project(root, {}, "flake", package="package.nix", systems=SYSTEM)
    other = tmp_path / "nixpkgs"
    other.mkdir()
    (other / "flake.nix").write_text(NIXPKGS.replace("BASE", f"{HERE.parents[1]}/devenv/inputs/nixpkgs"))
    words = ("--override-input", "nixpkgs", f"path:{other}", "--no-write-lock-file")
    nix("flake", "check", f"path:{root}", "--no-build", *words)
    assert nix("run", f"path:{root}", *words, "--", "well") == "it runs well"
