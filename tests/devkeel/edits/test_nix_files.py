"""Which Nix files are edited as modules of devenv, and what is said of the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from devkeel.edits.vocabulary import parse_edits
from devkeel.errors import DevkeelError, Refused
from devkeel.source import nix

if TYPE_CHECKING:
    from devkeel.api import Environment

EDITS: list[dict[str, Any]] = [
    {"kind": "add_packages", "names": ["jq"]},
    {"kind": "remove_packages", "names": ["jq"]},
    {"kind": "set", "path": "env.X", "value": "1"},
    {"kind": "unset", "path": "outputs"},
    {"kind": "append", "path": "packages", "expression": "pkgs.jq"},
    {"kind": "append", "path": "enterShell", "value": "true"},
    {"kind": "prepend", "path": "packages", "expression": "pkgs.jq"},
    {"kind": "remove", "path": "packages", "expression": "pkgs.jq"},
    {"kind": "rename", "path": "a", "to": "b"},
    {"kind": "comment_out", "path": "a"},
    {"kind": "uncomment", "path": "a"},
    {"kind": "enable", "name": "redis"},
    {"kind": "disable", "name": "redis"},
]
FOREIGN = {
    "flake.nix": '{\n  inputs.x.url = "path:./x";\n  outputs = { self, x }: { a = 1; };\n}\n',
    "nested/flake.nix": "{ outputs = inputs: { a = 1; }; }\n",
    "flake-by-shape.nix": '{ description = "x"; inputs = { }; outputs = inputs: { }; }\n',
    "overlay.nix": "final: prev: {\n  jq = prev.jq.overrideAttrs (old: { a = 1; });\n}\n",
    "overlay-of-inputs.nix": "{ inputs }: self: super: { jq = super.jq; }\n",
    "package.nix": '{ lib, stdenv, fetchurl }:\nstdenv.mkDerivation {\n  name = "x";\n}\n',
    "packages.nix": "{ stdenv, fetchurl }: {\n  packages = stdenv;\n}\n",
    "go.nix": '{ pkgs, ... }: pkgs.buildGoModule { name = "x"; }\n',
    "shell.nix": "{ pkgs ? import <nixpkgs> { } }:\npkgs.mkShell {\n  packages = [ pkgs.git ];\n}\n",
    "default.nix": "{ pkgs ? import <nixpkgs> { } }:\n{\n  packages = [ pkgs.git ];\n}\n",
    "of-pkgs.nix": "pkgs: {\n  packages = [ pkgs.git ];\n}\n",
    "list.nix": "[ 1 2 ]\n",
    "list-of-packages.nix": "{ pkgs }: with pkgs; [ git jq ]\n",
    "text.nix": '"hello"\n',
    "versions.nix": '{\n  name = "app";\n  node = "20";\n}\n',
    "library.nix": "{ lib, ... }:\n{\n  mkThing = x: x;\n}\n",
    "nixos.nix": "{ pkgs, ... }:\n{\n  services.nginx.enable = true;\n  networking.firewall.enable = true;\n}\n",
    "home.nix": "{ pkgs, ... }:\n{\n  home.packages = [ pkgs.git ];\n  programs.git.enable = true;\n}\n",
    "parts.nix": "{ inputs, ... }:\n{\n  flake.nixosModules.x = { };\n}\n",
}
MODULES = {
    "plain.nix": "{ pkgs, ... }:\n{\n  packages = [ pkgs.git ];\n}\n",
    "closed.nix": "{ pkgs }:\n{\n  languages.python.enable = true;\n}\n",
    "no-head.nix": "{\n  services.redis.enable = true;\n}\n",
    "empty.nix": "{ ... }:\n{\n}\n",
    "named.nix": "args@{ pkgs, ... }: {\n  env.X = args.x;\n}\n",
    "lambda.nix": "_: {\n  enterShell = ''\n    true\n  '';\n}\n",
    "in-let.nix": "{ pkgs, ... }:\nlet\n  x = 1;\nin\n{\n  env.A = x;\n}\n",
    "options.nix": "{ lib, ... }:\n{\n  options.mine = lib.mkOption { };\n  config = {\n    env.A = 1;\n  };\n}\n",
    "imports.nix": "{\n  imports = [ ./plain.nix ];\n}\n",
    "factory.nix": "{ name }:\n{ pkgs, ... }:\n{\n  env.NAME = name;\n}\n",
    "custom-argument.nix": "{ unstable, ... }:\n{\n  packages = [ unstable.git ];\n}\n",
}


def refusal(environment: Environment, name: str, edit: dict[str, Any]) -> str | None:
    """Return the code that an edit of a file is refused with, None where the file is taken."""
    try:
        environment.change(parse_edits([edit | {"file": name}]), dry_run=True, level="syntax")
    except DevkeelError as error:
        return error.code
    return None


def write(environment: Environment, name: str, source: str) -> None:
    path = environment.project.root / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(source)


@pytest.mark.parametrize("name", FOREIGN)
def test_what_is_no_module_is_refused_with_what_it_is(environment: Environment, name: str) -> None:
    write(environment, name, FOREIGN[name])
    codes = {edit["kind"]: refusal(environment, name, edit) for edit in EDITS}
    if name.endswith("flake.nix"):  # packages go to its development shell, and this one has none
        assert {codes.pop("add_packages"), codes.pop("remove_packages")} == {"not_found"}
    assert set(codes.values()) == {"not_a_devenv_module"}, codes


@pytest.mark.parametrize("name", MODULES)
def test_what_may_be_a_module_is_edited(environment: Environment, name: str) -> None:
    write(environment, name, MODULES[name])
    assert refusal(environment, name, {"kind": "set", "path": "env.Y", "value": "1"}) is None


@pytest.mark.parametrize("name", ["library.nix", "nixos.nix", "versions.nix"])
def test_what_the_declaration_imports_is_a_module_whatever_its_options(environment: Environment, name: str) -> None:
    write(environment, name, FOREIGN[name])
    edit = {"kind": "set", "path": "env.Y", "value": "1"}
    assert refusal(environment, name, edit) == "not_a_devenv_module"
    environment.change(parse_edits([{"kind": "append", "path": "imports", "expression": f"./{name}"}]), level="syntax")
    assert refusal(environment, name, edit) is None


FUNCTIONS = ["overlay.nix", "overlay-of-inputs.nix", "curried.nix"]
CURRIED = '{ name }: { pkgs, ... }: {\n  env.X = "1";\n}\n'


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_of_several_arguments_is_no_module_in_imports_either(environment: Environment, name: str) -> None:
    write(environment, name, FOREIGN.get(name, CURRIED))
    write(environment, "devenv.nix", f"{{ imports = [ ./{name} ]; }}\n")
    codes = {edit["kind"]: refusal(environment, name, edit) for edit in EDITS}
    assert set(codes.values()) == {"not_a_devenv_module"}, codes
    unset = environment.change(parse_edits([{"kind": "unset", "path": "env.X"}]), level="syntax")
    assert not unset.changed
    assert unset.looked_at is not None
    assert [item for item in unset.looked_at.unread if name in item]
    assert not [item for item in environment.inspect().definitions if item.file == name]
    assert [item.code for item in environment.check(level="schema").diagnostics] == ["not_a_devenv_module"]


@pytest.mark.parametrize(
    "text", ["imports = lib.optional false ./overlay.nix;", "overlays = [ (import ./overlay.nix) ];"]
)
def test_an_overlay_that_is_not_certain_to_be_a_module_is_no_finding(environment: Environment, text: str) -> None:
    write(environment, "overlay.nix", FOREIGN["overlay.nix"])
    write(environment, "devenv.nix", f"{{ lib, ... }}: {{ {text} }}\n")
    assert not environment.check(level="schema").diagnostics


def test_a_file_that_the_same_transaction_imports_is_a_module(environment: Environment) -> None:
    write(environment, "mine.nix", "{ ... }:\n{\n  mine.colour = 1;\n}\n")
    edits = [
        {"kind": "append", "path": "imports", "expression": "./mine.nix"},
        {"kind": "set", "path": "mine.shade", "value": 2, "file": "mine.nix"},
    ]
    assert environment.change(parse_edits(edits), dry_run=True, level="syntax").files


def test_a_file_that_does_not_parse_is_said_to(environment: Environment) -> None:
    write(environment, "broken.nix", "final: prev: {\n")
    assert refusal(environment, "broken.nix", EDITS[2]) == "syntax_error"


def test_the_editor_by_itself_edits_a_flake() -> None:
    data = FOREIGN["flake.nix"].encode()
    assert (
        b'x.url = "path:./y"' in nix.set(nix.Document(data, "flake.nix", module=False), "inputs.x.url", "path:./y").data
    )
    with pytest.raises(Refused):
        nix.set(FOREIGN["list.nix"].encode(), "a", 1)
