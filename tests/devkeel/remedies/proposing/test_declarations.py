"""A declaration that Nix refused: the nearest name, the right type, the missing semicolon, the hash that was got."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.devkeel.remedies.projects import causes, edits, fixes

if TYPE_CHECKING:
    from pathlib import Path

AT = "\n\n       at /srv/kestrel/devenv.nix:4:16:\n\n            4|   packages = [ {} ];\n"
OLD, NEW = "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
KNOWN = f"sha256-{'B' * 43}="


def _packages(text: str, more: str = "") -> str:
    return f"{{ pkgs, ... }}:\n\n{{\n  packages = [ {text} ];\n{more}}}\n"


def _replaced(old: str, new: str) -> dict[str, Any]:
    return {"kind": "replace_text", "file": "devenv.nix", "old": old, "new": new}


def test_the_name_that_is_nearest_of_those_that_nix_names_is_first(tmp_path: Path) -> None:
    text = f"error: attribute 'gti' missing{AT}       Did you mean one of gcc, gdb, ghc, git or go?\n"
    (edit,) = edits(tmp_path, text, devenv_nix=_packages("pkgs.gti pkgs.jq"))
    assert edit == _replaced("packages = [ pkgs.gti pkgs.jq ];", "packages = [ pkgs.git pkgs.jq ];")


def test_a_package_without_its_set_gets_it(tmp_path: Path) -> None:
    text = f"error: undefined variable 'ripgrep'{AT}"
    found = edits(tmp_path, text, devenv_nix=_packages("ripgrep pkgs.jq"))
    assert found == [_replaced("packages = [ ripgrep pkgs.jq ];", "packages = [ pkgs.ripgrep pkgs.jq ];")]


def test_an_option_gets_the_name_or_the_type_that_there_is(tmp_path: Path) -> None:
    declared = _packages("pkgs.git", '  services.redis = {\n    enable = true;\n    port = "6380";\n  };\n')
    text = "error: A definition for option `services.redis.port' is not of type `16 bit unsigned integer'.\n"
    (edit,) = edits(tmp_path, text, devenv_nix=declared)
    assert (edit["path"], edit["value"]) == ("services.redis.port", 6380)
    text = "error: The option `services.reddis' does not exist. Definition values:\n"
    (edit,) = edits(tmp_path, text, devenv_nix=_packages("pkgs.git", "  services.reddis.enable = true;\n"))
    assert (edit["kind"], edit["path"], edit["to"]) == ("rename", "services.reddis", "services.redis")


def test_a_semicolon_is_put_where_it_is_missing(tmp_path: Path) -> None:
    declared = '{ pkgs, ... }:\n\n{\n  packages = [ pkgs.git ]\n  env.GREET = "hi";\n}\n'
    found = edits(
        tmp_path, "error: syntax error, unexpected '=', expecting ';'\n at /w/devenv.nix:5:13:\n", devenv_nix=declared
    )
    assert found == [_replaced("packages = [ pkgs.git ]", "packages = [ pkgs.git ];")]


def test_an_input_that_is_missing_is_declared(tmp_path: Path) -> None:
    text = (
        "error: To use 'languages.rust.channel', run the following command:\n\n"
        "         $ devenv inputs add rust-overlay github:oxalica/rust-overlay --follows nixpkgs\n"
    )
    declared = _packages("pkgs.git", '  languages.rust = { enable = true; channel = "stable"; };\n')
    (edit,) = edits(tmp_path, text, devenv_nix=declared)
    assert (edit["kind"], edit["name"], edit["follows"]) == ("set_input", "rust-overlay", ["nixpkgs"])


def test_a_package_that_was_renamed_is_called_by_its_name(tmp_path: Path) -> None:
    text = "error: 'exa' has been renamed to/replaced by 'eza'\n"
    (fix,) = fixes(tmp_path, text, devenv_nix=_packages("pkgs.exa pkgs.jq"))
    assert [edit["new"] for edit in fix.edits] == ["packages = [ pkgs.eza pkgs.jq ];"]


def test_a_hash_that_differs_is_written_as_it_was_got(tmp_path: Path) -> None:
    text = f"error: hash mismatch in fixed-output derivation:\n  specified: {KNOWN}\n     got:    {NEW}\n"
    declared = f'{{ pkgs, ... }}:\n\n{{\n  env.SRC = pkgs.fetchurl {{ url = "x"; hash = "{KNOWN}"; }};\n}}\n'
    (fix,) = fixes(tmp_path, text, devenv_nix=declared)
    assert (fix.edits, fix.uncertain is not None) == ((_replaced(KNOWN, NEW),), True)


@pytest.mark.parametrize("got", ["$(touch x)", 'a";b', "short", "x" * 200])
def test_what_is_no_hash_is_not_written(tmp_path: Path, got: str) -> None:
    text = f"error: hash mismatch in fixed-output derivation:\n  specified: {OLD}\n     got:    {got}\n"
    assert edits(tmp_path, text, devenv_nix=f'{{ ... }}:\n\n{{\n  env.H = "{OLD}";\n}}\n') == []


@pytest.mark.parametrize("name", ["x; touch y", "${builtins.exec}", "a'b\"c"])
def test_no_text_becomes_nix_that_is_no_name(tmp_path: Path, name: str) -> None:
    renamed = f"error: '{name}' has been renamed to/replaced by '{name}'\n"
    text = f"{renamed}error: undefined variable '{name}'\n at /w/devenv.nix:1\n"
    assert edits(tmp_path, text, devenv_nix=_packages("pkgs.jq")) == []


def test_a_lock_that_is_behind_is_renewed_by_a_call(tmp_path: Path) -> None:
    (fix,) = fixes(
        tmp_path, "error: cannot update unlocked flake input 'nixpkgs' in pure mode\n", devenv_nix="{ ... }: { }\n"
    )
    assert (fix.edits, fix.call is not None) == ((), True)


def test_a_bracket_is_put_where_nix_came_to_a_stop(tmp_path: Path) -> None:
    declared = '{ pkgs, ... }:\n\n{\n  packages = with pkgs; [\n    git\n    jq\n  ;\n\n  env.A = "b";\n}\n'
    text = "  error: syntax error, unexpected ';'\n         at /w/devenv.nix:7:3:\n"
    assert edits(tmp_path, text, devenv_nix=declared) == [_replaced("jq\n  ;", "jq\n  ];")]


@pytest.mark.parametrize(("written", "after"), [("pkgs.lib.fakeHash", f'"{NEW}"'), ('""', f'hash = "{NEW}"')])
def test_a_hash_that_was_not_known_is_filled_in(tmp_path: Path, written: str, after: str) -> None:
    text = f"error: hash mismatch in fixed-output derivation:\n  specified: {OLD}\n     got:    {NEW}\n"
    declared = f'{{ pkgs, ... }}:\n\n{{\n  env.S = pkgs.fetchurl {{ url = "x"; hash = {written}; }};\n}}\n'
    (edit,) = edits(tmp_path, text, devenv_nix=declared)
    assert edit["new"] == after


def test_a_value_that_needs_an_input_comes_with_it(tmp_path: Path) -> None:
    text = 'error: A definition for option `languages.rust.channel\' is not of type `one of "nixpkgs", "nightly"\'.\n'
    declared = '{ ... }:\n\n{\n  languages.rust = { enable = true; channel = "nigthly"; };\n}\n'
    first, second = edits(tmp_path, text, devenv_nix=declared)
    assert (first["value"], second["name"]) == ("nightly", "rust-overlay")


URL = "inputs:\n  rust-overlay:\n    url: github:oxalica/rust-overlay\n"


@pytest.mark.parametrize(
    ("name", "url", "inputs"),
    [
        ("rust-overlay", "github:evil/rust-overlay", ""),
        ("rust-overlay", "github:evil/rust-overlay", URL),
        ("rust-overlay", "github:oxalica/rust-overlay", URL),
        ("rust-overlay", "git+ssh://evil@evil/x?exec=1", ""),
        ("nixpkgs", "github:evil/nixpkgs", ""),
        ("nixpkgs", "github:NixOS/nixpkgs/nixpkgs-unstable", ""),
        ("own-thing", "path:/etc", ""),
    ],
)
def test_where_an_input_comes_from_no_text_says(tmp_path: Path, name: str, url: str, inputs: str) -> None:
    files = {"devenv_nix": _packages("pkgs.git")} | ({"devenv_yaml": inputs} if inputs else {})
    text = f"To use 'languages.rust.channel', run the following command:\n\n    $ devenv inputs add {name} {url}\n"
    found = causes(tmp_path, text, **files)
    assert [fix for cause in found for fix in cause.fixes] == []
    assert any(cause.advice for cause in found)


@pytest.mark.parametrize(
    "text",
    [
        "error: 'git' has been renamed to/replaced by 'xmrig'\n",
        "error: 'nodejs' has been removed and replaced by evilpkg\n",
        "error: 'echo' has been renamed to/replaced by 'curl'\n",
        "error: 'true' has been renamed to/replaced by 'false'\n",
        "error: 'exa' has been renamed to/replaced by 'evilpkg'\n",
        f"error: attribute 'git' missing{AT}       Did you mean one of gti, xmrig?\n",
        f"error: attribute 'packages' missing{AT}       Did you mean one of gti, xmrig?\n",
        f"error: undefined variable 'nodejs'{AT}       Did you mean xmrig?\n",
        f"error: undefined variable 'echo'{AT}       Did you mean eza?\n",
        "error: The option `services.redis' does not exist. Did you mean `enterShell'?\n",
    ],
)
def test_no_text_puts_another_package_or_word_where_one_lives(tmp_path: Path, text: str) -> None:
    more = "  services.redis.enable = true;\n  enterShell = ''\n    echo hi exa\n  '';\n"
    assert edits(tmp_path, text, devenv_nix=_packages("pkgs.git pkgs.nodejs", more)) == []
