"""What a Nix file names is found in every spelling, and nothing else is taken for it."""

from __future__ import annotations

import pytest

from devkeel.checks.rules.nix_options import switched_on
from devkeel.checks.rules.nix_packages import packages_in
from devkeel.source import nix

MODULE = "{{ pkgs, lib, config, inputs, ... }}:\n{}\n"


def packages(text: str, *, sure: bool = False) -> list[str]:
    document = nix.Document(text.encode(), "devenv.nix", module=False)
    return [item.names[0] for item in packages_in(document) if item.sure or not sure]


def options(text: str) -> list[tuple[str, str]]:
    document = nix.Document(text.encode(), "devenv.nix", module=False)
    return [(item.rule, item.names[0]) for item in switched_on(document)]


SPELLINGS = {
    "below pkgs": "{ packages = [ pkgs.mysql80 ]; }",
    "quoted": '{ packages = [ pkgs."mysql80" ]; }',
    "interpolated": '{ packages = [ pkgs.${"mysql80"} ]; }',
    "with": "{ packages = with pkgs; [ git mysql80 ]; }",
    "with around all": "with pkgs; { packages = [ mysql80 ]; }",
    "two withs": "{ packages = with pkgs; with lib; [ mysql80 ]; }",
    "in parentheses": "{ packages = [ (pkgs.mysql80) ]; }",
    "inherit in a let": "let inherit (pkgs) git mysql80; in { packages = [ mysql80 ]; }",
    "inherit of a with": "with pkgs; { inherit mysql80; }",
    "another name": "let db = pkgs.mysql80; in { packages = [ db ]; }",
    "another name of pkgs": "let p = pkgs; in { packages = [ p.mysql80 ]; }",
    "overridden": "{ packages = [ (pkgs.mysql80.override { }) ]; }",
    "an output": "{ packages = [ pkgs.mysql80.dev ]; }",
    "joined": "{ packages = [ pkgs.git ] ++ lib.optionals true [ pkgs.mysql80 ]; }",
    "one of two": "{ packages = [ (if true then pkgs.git else pkgs.mysql80) ]; }",
    "an option's package": "{ services.mysql.package = pkgs.mysql80; }",
    "a script": '{ scripts.db.exec = "${pkgs.mysql80}/bin/mysql"; }',
    "a hook's": "{ git-hooks.hooks.x.extraPackages = [ pkgs.mysql80 ]; }",
    "a profile's": "{ profiles.ci.module = { packages = [ pkgs.mysql80 ]; }; }",
    "with a default": "{ packages = [ (pkgs.mysql80 or pkgs.git) ]; }",
    "taken by its name": '{ packages = [ (builtins.getAttr "mysql80" pkgs) ]; }',
    "taken by its path": '{ packages = [ (lib.attrByPath [ "mysql80" ] null pkgs) ]; }',
    "of another set": "{ packages = [ (import inputs.old { }).mysql80 ]; }",
    "of an input": "{ packages = [ inputs.old.legacyPackages.${pkgs.system}.mysql80 ]; }",
    "of a set of its own": "let old = import ./old.nix; in { packages = [ old.mysql80 ]; }",
}


@pytest.mark.parametrize("body", SPELLINGS.values(), ids=SPELLINGS)
def test_a_package_is_found_in_every_spelling(body: str) -> None:
    document = nix.Document(MODULE.format(body).encode(), "devenv.nix", module=False)
    names = {name for item in packages_in(document) for name in (*item.names, *item.shorter)}
    assert "mysql80" in names


@pytest.mark.parametrize(
    "body",
    [
        "{ env.A = config.services.mysql80.port; }",
        "{ env.A = lib.mysql80; }",
        "{ services.mysql80.enable = true; }",
        "{ env.mysql80 = pkgs.git; }",
        "{ packages = lib.optional (pkgs ? mysql80) pkgs.git; }",
        '{ env.A = "mysql80"; }',
        "# pkgs.mysql80\n{ }",
        "let mysql80 = 1; in { env.A = mysql80; }",
        "{ packages = [ pkgs.mysql8 pkgs.mysql80-client ]; }",
    ],
)
def test_nothing_else_is_taken_for_one(body: str) -> None:
    document = nix.Document(MODULE.format(body).encode(), "devenv.nix", module=False)
    assert "mysql80" not in {name for item in packages_in(document) for name in (*item.names, *item.shorter)}


def test_an_allow_list_counts_for_what_is_certainly_a_package() -> None:
    body = (
        'let old = { a = 1; }; in with lib; { packages = with pkgs; [ git old.a (writeShellScriptBin "x" "") ]\n'
        "  ++ optional stdenv.isLinux strace; env.B = pkgs.lib.version; languages.python.package = pkgs.python3; }"
    )
    assert set(packages(MODULE.format(body), sure=True)) <= {"git", "python3"}
    own = "let x = inputs.a.packages.${pkgs.system}.x; in { env.A = x.b; packages = [ x.c ]; }"
    assert set(packages(MODULE.format(own), sure=True)) == set()


def test_a_flake_is_read_as_well() -> None:
    text = (
        "{ outputs = { self, nixpkgs, ... }: let pkgs = nixpkgs.legacyPackages.x86_64-linux; in {\n"
        "  devShells.x.default = pkgs.mkShell { packages = [ pkgs.mysql80 ]; };\n  }; }"
    )
    assert "mysql80" in packages(text)


SWITCHES = {
    "dotted": "{ services.mysql.enable = true; }",
    "nested": "{ services = { mysql = { enable = true; }; }; }",
    "by its old name": "{ mysql.enable = true; }",
    "under config": "{ config = { services.mysql.enable = true; }; }",
    "where a condition holds": "{ services.mysql = lib.mkIf true { enable = true; }; }",
    "merged": "lib.mkMerge [ { services.mysql.enable = lib.mkForce true; } ]",
    "computed value": "{ services.mysql.enable = config.env.A == 1; }",
    "a profile's": "{ profiles.ci.module.services.mysql.enable = true; }",
    "inherited": "let enable = true; in { services.mysql = { inherit enable; }; }",
    "inherited whole": "{ services = { inherit (import ./x.nix) mysql; }; }",
    "from elsewhere": "{ services.mysql = import ./mysql.nix; }",
    "updated": "{ services.redis.enable = true; } // { services.mysql.enable = true; }",
}


@pytest.mark.parametrize("body", SWITCHES.values(), ids=SWITCHES)
def test_a_service_is_found_in_every_shape(body: str) -> None:
    assert ("services", "mysql") in options(MODULE.format(body))


@pytest.mark.parametrize(
    "body",
    [
        "{ services.mysql.enable = false; }",
        "{ services.mysql.enable = lib.mkForce false; }",
        "{ services.mysql.enable = lib.mkForce (false); }",
        "{ services.mysql.package = pkgs.mysql80; }",
        "{ services.mysql = { initialDatabases = [ ]; }; }",
        "{ env.services.mysql.enable = true; }",
        "let services.mysql.enable = true; in { }",
        "{ files.a.json = { services.mysql.enable = true; }; }",
        "# services.mysql.enable = true;\n{ }",
    ],
)
def test_what_is_off_or_elsewhere_is_no_service(body: str) -> None:
    assert ("services", "mysql") not in options(MODULE.format(body))


def test_languages_are_found_too() -> None:
    assert options("{ languages.rust.enable = true; }") == [("languages", "rust")]
