"""`unseen = "deny"`: what a change adds that rules of content cannot see is refused, and all that they see is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from devkeel.api import Environment
from devkeel.edits.vocabulary import parse_edits
from devkeel.errors import PolicyRefused, ProjectError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NIX = '{ pkgs, lib, config, inputs, ... }:\n{\n  env.A = "1";\n}\n'
RULES = """\
[rules]
packages = { forbid = ["mysql*"] }
libraries = { forbid = ["evil"] }
services = { forbid = ["mysql"] }
languages = { forbid = ["rust"] }
inputs = { forbid = ["github:evil/*"] }
unseen = "deny"
"""
LINE = 7


@pytest.fixture
def project(root: Path) -> Iterator[Environment]:
    (root / "devenv.nix").write_text(NIX)
    (root / "list.nix").write_text("{ pkgs }: [ pkgs.jq ]\n")
    (root / "devenv.yaml").write_text("inputs:\n  nixpkgs:\n    url: github:cachix/devenv-nixpkgs/rolling\n")
    (root / "package.json").write_text('{ "dependencies": { "left-pad": "^1" } }\n')
    (root / "devkeel.toml").write_text(RULES)
    opened = Environment(root, actor="test")
    yield opened
    opened.close()


def replaced(project: Environment, new: str, old: str = 'env.A = "1";', file: str = "devenv.nix") -> Any:
    edits = parse_edits([{"kind": "replace_text", "old": old, "new": new, "file": file}])
    return project.change(edits, level="schema", dry_run=True)


UNSEEN = {
    "a computed name": 'packages = [ pkgs.${"my" + "sql80"} ];',
    "a name that is mapped": 'packages = map (name: pkgs.${name}) [ "mysql80" ];',
    "a name in parts": "packages = let n = config.env.A; in [ pkgs.${n} ];",
    "by a getter": "packages = [ (lib.getAttr config.env.A pkgs) ];",
    "by several names": "packages = lib.attrVals config.names pkgs;",
    "nixpkgs in a function of an input": "packages = inputs.other.lib.all pkgs;",
    "nixpkgs in a set for an input": "packages = inputs.other.lib.all { inherit pkgs; };",
    "nixpkgs by another name for an input": "packages = inputs.other.lib.all { p = pkgs; };",
    "all values of nixpkgs": "packages = builtins.attrValues pkgs;",
    "all values that are chosen": "packages = builtins.attrValues (lib.filterAttrs (n: v: n == config.env.A) pkgs);",
    "a file by no name": "packages = import (./. + config.env.A);",
    "a computed service": "services.${config.env.A}.enable = true;",
    "services that are made": "services = lib.genAttrs [ config.env.A ] (n: { enable = true; });",
    "languages that are made": "languages = builtins.listToAttrs config.env.A;",
    "a module of an input": "imports = [ inputs.other.devenvModules.default ];",
    "a module that is computed": "imports = map (n: ./. + n) [ config.env.A ];",
    "requirements that are computed": "languages.python.venv.requirements = config.env.A;",
}


@pytest.mark.parametrize("text", UNSEEN.values(), ids=UNSEEN)
def test_what_no_rule_sees_is_refused(project: Environment, text: str) -> None:
    with pytest.raises(PolicyRefused) as caught:
        replaced(project, text)
    error = caught.value
    assert (error.code, error.details["rule"]) == ("rule_broken", "rules.unseen")
    assert error.place is not None
    assert (error.place.file, error.place.line) == ("devkeel.toml", LINE)
    assert {item["file"] for item in error.details["broken"]} == {"devenv.nix"}


SEEN = {
    "packages": "languages.python.enable = true;",
    "with": "scripts.a.packages = with pkgs; [ jq ];",
    "conditions": "services.redis.enable = lib.mkIf pkgs.stdenv.isLinux true;",
    "an update": "env.B = (pkgs.jq.overrideAttrs (old: { pname = old.name; })).name;",
    "another name": 'env.B = let p = pkgs; in "${p.jq}";',
    "a name in a let": 'env.B = let n = "jq"; in "${pkgs.${"jq"}}";',
    "a getter": 'env.B = "${lib.getAttr "jq" pkgs}";',
    "a function of the file": "env.B = let f = p: p.jq.name; in f pkgs;",
    "a file by its name": 'processes.a.exec = "${builtins.head (import ./list.nix { inherit pkgs; })}";',
    "an imported file": "imports = [ ./more.nix ];",
    "a call": 'scripts.a.exec = "${pkgs.callPackage ./one.nix { }}";',
    "a question": 'env.B = if pkgs ? jq then "1" else "2";',
    "a script": 'scripts.a.exec = "${pkgs.writeShellScriptBin "a" "b"}/bin/a";',
    "a loop over own names": 'env = lib.genAttrs [ "B" ] (name: "1");',
    "another nixpkgs": (
        "packages = let old = import inputs.old { system = pkgs.stdenv.system; config = { }; }; in [ old.jq ];"
    ),
    "a package of an input": "packages = [ inputs.x.packages.${pkgs.system}.default ];",
    "a package of nixpkgs as an input": "packages = [ inputs.nixpkgs.legacyPackages.${pkgs.system}.jq ];",
    "libraries inside a package": "packages = [ (pkgs.python3.withPackages (ps: with ps; [ numpy ps.idna ])) ];",
    "more on a system": "packages = with pkgs; [ jq ] ++ lib.optionals stdenv.isDarwin (with darwin; [ cctools ]);",
    "an overlay": "overlays = [ (final: prev: { jq = prev.jq.override { }; }) ];",
    "an override": "packages = [ (pkgs.jq.override { inherit (pkgs) oniguruma; }) ];",
    "a derivation": (
        'packages = [ (pkgs.stdenv.mkDerivation { name = "x"; src = ./.; buildInputs = with pkgs; [ jq ]; }) ];'
    ),
    "a service's package": "services.redis = { enable = true; package = pkgs.redis; };",
    "another library": "languages.python.venv.requirements = ''\n    idna\n  '';",
}


@pytest.mark.parametrize("text", SEEN.values(), ids=SEEN)
def test_what_a_rule_sees_is_not(project: Environment, text: str) -> None:
    root = project.project.root
    (root / "more.nix").write_text('{ env.C = "1"; }\n')
    (root / "one.nix").write_text("{ jq }: jq\n")
    replaced(project, text)


def test_what_was_there_stays_editable_and_what_is_off_is_not_asked(project: Environment) -> None:
    root = project.project.root
    (root / "devenv.nix").write_text(NIX.replace("env.A", "packages = map (n: pkgs.${n}) [ config.env.A ];\n  env.A"))
    replaced(project, 'env.A = "2";')
    (root / "devenv.nix").write_text(NIX)
    for rules in (RULES.replace('"deny"', '"allow"'), RULES.replace('unseen = "deny"\n', "")):
        (root / "devkeel.toml").write_text(rules)
        for text in UNSEEN.values():
            replaced(project, text)
    (root / "devkeel.toml").write_text('[rules]\nunseen = "deny"\nservices = { forbid = ["mysql"] }\n')
    replaced(project, UNSEEN["requirements that are computed"])
    with pytest.raises(PolicyRefused):
        replaced(project, UNSEEN["a computed service"])


def test_a_manifest_that_does_not_parse_any_more_and_an_input_that_is_no_text_are_refused(project: Environment) -> None:
    for new, old, file in (
        ('"dependencies": [ "evil" ]', '"dependencies": { "left-pad": "^1" }', "package.json"),
        ("url: [ github, evil ]", "url: github:cachix/devenv-nixpkgs/rolling", "devenv.yaml"),
    ):
        with pytest.raises(PolicyRefused) as caught:
            replaced(project, new, old, file)
        assert (caught.value.details["rule"], caught.value.details["broken"][0]["file"]) == ("rules.unseen", file)


def test_a_rule_that_is_neither_is_no_rule(project: Environment) -> None:
    (project.project.root / "devkeel.toml").write_text('[rules]\nunseen = "refuse"\n')
    with pytest.raises(ProjectError) as caught:
        replaced(project, 'env.A = "2";')
    assert (caught.value.code, caught.value.place and caught.value.place.line) == ("bad_settings", 2)
