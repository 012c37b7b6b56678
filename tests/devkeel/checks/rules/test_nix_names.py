"""What a Nix file names is found in every spelling, and nothing else is taken for it."""

from __future__ import annotations

import sys

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
    "of pkgs in pkgs": "{ packages = [ pkgs.pkgs.mysql80 ]; }",
    "of the set for the builder": "{ packages = [ pkgs.buildPackages.mysql80 ]; }",
    "of the static set": "{ packages = [ pkgs.pkgsStatic.mysql80 ]; }",
    "of a set for another machine": "{ packages = [ pkgs.pkgsCross.riscv64.mysql80 ]; }",
    "of a set in a set": "{ packages = with pkgs.pkgsCross.riscv64; [ buildPackages.mysql80 ]; }",
    "of the spliced set": "{ packages = [ pkgs.__splicedPackages.mysql80 ]; }",
    "of an old set": "{ packages = [ pkgs.pkgsi686Linux.mysql80 ]; }",
    "inherited of a set": "let inherit (pkgs.pkgsMusl) mysql80; in { packages = [ mysql80 ]; }",
    "an overlay's": "{ overlays = [ (final: prev: { jq = prev.mysql80; }) ]; }",
    "an overlay's, of the end": "{ overlays = [ (final: prev: { jq = final.mysql80; }) ]; }",
    "an overlay's, by other names": "{ overlays = [ (a: b: { jq = b.mysql80; }) ]; }",
    "an overlay's, inherited": "{ overlays = [ (self: super: { inherit (super) mysql80; }) ]; }",
    "an overlay's, by a with": "{ overlays = [ (final: prev: with prev; { jq = mysql80; }) ]; }",
    "an overlay's, in a let": "{ overlays = [ (_: prev: let p = prev; in { jq = p.mysql80; }) ]; }",
    "an overlay's, overridden": "{ overlays = [ (_: prev: { jq = prev.mysql80.override { }; }) ]; }",
    "an overlay's, bound before": "let o = final: prev: { jq = prev.mysql80; }; in { overlays = [ o ]; }",
    "an overlay's, updated": "{ overlays = [ (f: p: { a = 1; } // { jq = p.mysql80; }) ]; }",
    "an extension's": "{ packages = [ (pkgs.extend (f: p: { jq = p.mysql80; })).jq ]; }",
    "of an extended set": "{ packages = [ (pkgs.extend (f: p: { })).mysql80 ]; }",
    "a setting's overrides": "{ env.A = import <nixpkgs> { config.packageOverrides = p: { jq = p.mysql80; }; }; }",
    "several by their names": '{ packages = lib.attrVals [ "git" "mysql80" ] pkgs; }',
    "a set by their names": '{ packages = lib.attrValues (lib.getAttrs [ "mysql80" ] pkgs); }',
    "taken by its name of another": '{ packages = [ (builtins.getAttr "mysql80" pkgs.pkgsStatic) ]; }',
    "an argument": "{ packages = [ (pkgs.callPackage ({ mysql80 }: mysql80) { }) ]; }",
    "an argument of a file": "{ a = { mysql80, stdenv }: stdenv.mkDerivation { buildInputs = [ mysql80 ]; }; }",
    "an argument of a function": "{ env.A = ((p: p.mysql80) pkgs).name; }",
    "an argument by default": "{ env.A = ({ p ? pkgs }: p.mysql80) { }; }",
    "in a set of the file": "let q = { p = pkgs; }; in { env.A = q.p.mysql80; }",
    "deep in a set of the file": "let q.r = { inherit pkgs; }; in { env.A = q.r.pkgs.mysql80; }",
    "of an imported set": "let up = import inputs.up { }; in { env.A = up.mysql80; }",
    "in a let in a list": "{ packages = [ (let up = import inputs.up { }; in up.mysql80) ]; }",
    "of an imported set, anywhere": "{ env.A = (import <nixpkgs> { }).mysql80; }",
    "of an imported set, in a text": '{ env.A = "${(import <nixpkgs> { }).mysql80}/bin"; }',
    "of pkgs in parentheses": '{ env.A = "${(pkgs).mysql80}"; }',
    "of an input, in a text": '{ env.A = "${inputs.n.legacyPackages.x86_64-linux.mysql80}/bin"; }',
    "of an input, bound": "let u = inputs.n.legacyPackages.${pkgs.system}; in { env.A = u.mysql80; }",
    "of a flake": '{ env.A = (builtins.getFlake "x").legacyPackages.x86_64-linux.mysql80; }',
    "of an updated set": "{ env.A = (pkgs // { a = 1; }).mysql80; }",
    "of a chosen set": "{ env.A = (if true then pkgs else pkgs.pkgsStatic).mysql80; }",
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
        "{ env = lib.mapAttrs (name: value: { A = value.mysql80; }) { }; }",
        "{ packages = [ (pkgs.git.overrideAttrs (final: prev: { version = prev.mysql80; })) ]; }",
        "{ env.A = (import ./settings.nix { }).mysql80; }",
        "let q = { mysql80 = 1; }; in { env.A = q.mysql80; }",
        "let f = a: a.mysql80; in { env.A = f { mysql80 = 1; }; }",
        "let f = { mysql80 ? 3306 }: { port = mysql80; }; in { env.A = f { }; }",
        "{ overlays = [ (final: prev: { mysql80 = prev.git; }) ]; }",
        '{ env.A = lib.attrVals [ "mysql80" ] config.env; }',
    ],
)
def test_nothing_else_is_taken_for_one(body: str) -> None:
    document = nix.Document(MODULE.format(body).encode(), "devenv.nix", module=False)
    assert "mysql80" not in {name for item in packages_in(document) for name in (*item.names, *item.shorter)}


def asked(text: str) -> int:
    """Return how many calls it takes to read a file."""
    count = 0

    def counting(_: object, event: str, __: object) -> None:
        nonlocal count
        count += event == "call"

    document = nix.Document(text.encode(), "devenv.nix", module=False)
    before = sys.getprofile()
    sys.setprofile(counting)
    try:
        assert "mysql80" in {item.names[-1].rpartition(".")[2] for item in packages_in(document)}
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("environment", ["a{}", "pkgs.a{}", "(f a{})", "(import ./a{}.nix)", "(with s; s)"])
def test_nested_withs_are_each_asked_once_for_a_name(environment: str) -> None:
    def nested(count: int) -> str:
        withs = "".join(f"with {environment.replace('{}', str(number))}; " for number in range(count))
        return f"{{ pkgs, ... }}: with pkgs; {{ packages = {withs}[ mysql80 ]; }}"

    # Each of the names may come from each of the withs around it, and from no more.
    assert asked(nested(80)) < 5 * asked(nested(40))


@pytest.mark.parametrize(
    "body",
    [
        "with pkgs; with a; with b; with c; with d; with e; { packages = [ mysql80 ]; }",
        "let p = pkgs; in with p; " + "with (f x); " * 30 + "{ packages = [ mysql80 ]; }",
        'with a; with pkgs; with (f x); { packages = [ (lib.getAttr "mysql80" pkgs) ]; }',
        "let s = with s; s; in with s; with pkgs; { packages = [ mysql80 ]; }",
    ],
)
def test_a_package_is_found_behind_any_number_of_withs(body: str) -> None:
    assert "mysql80" in packages(MODULE.format(body))


@pytest.mark.parametrize(
    "body",
    [
        "[ pkgs.python3Packages.numpy ]",
        "[ pkgs.python311Packages.numpy ]",
        "[ pkgs.python3.pkgs.numpy ]",
        "[ pkgs.python312.pkgs.numpy ]",
        "[ pkgs.pkgsStatic.python311Packages.numpy ]",
        "(with pkgs.python311Packages; [ numpy ])",
        "[ (pkgs.python3.withPackages (p: [ p.numpy ])) ]",
        "[ (pkgs.python3.withPackages (p: with p; [ numpy ])) ]",
        "(let py = pkgs.python311; in [ (py.withPackages (p: [ p.numpy ])) ])",
        "(with pkgs; [ (python311.withPackages (p: [ p.numpy ])) ])",
    ],
)
def test_one_of_pythons_sets_is_meant_by_the_name_of_any(body: str) -> None:
    document = nix.Document(MODULE.format(f"{{ packages = {body}; }}").encode(), "devenv.nix", module=False)
    assert "python3Packages.numpy" in {name for item in packages_in(document) for name in item.names}


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
