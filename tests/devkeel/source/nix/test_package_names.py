"""Packages in the names of the file: what stands there, and how another one is written."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from devkeel.errors import Refused
from devkeel.source import nix

if TYPE_CHECKING:
    from pathlib import Path

HEAD = """{ pkgs, inputs, lib, extra, ... }:
let
  pkgs-unstable = inputs.unstable.legacyPackages;
  py = pkgs.python3Packages;
  p = pkgs;
  mine = pkgs.writeScript "mine";
  version = "20";
  python = pkgs.python3;
  inherit (pkgs) jq;
  inherit (inputs) old;
  base = [ pkgs.curl ];
in
"""
# Just enough of a nixpkgs: a package is the text that names it.
ARGUMENTS = """
let
  names = [ "git" "jq" "curl" "zlib" "uv" "ruff" "python3" "mine" "version" "htop" ];
  make = prefix: builtins.listToAttrs (map (name: { inherit name; value = prefix + name; }) names);
  of = prefix: make prefix // {
    python3Packages = { numpy = prefix + "numpy"; pip = prefix + "pip"; };
    writeScript = name: prefix + "script-" + name;
    system = "x";
    stdenv.hostPlatform.system = "x";
  };
in {
  pkgs = of "";
  lib.optional = c: x: if c then [ x ] else [ ];
  inputs.unstable.legacyPackages = of "unstable-";
  inputs.old = of "old-";
  inputs.x.packages.x = { y = "x-y"; z = "x-z"; };
  extra = of "extra-";
  config.languages.python.package = "its-python";
}
"""


def module(value: str) -> bytes:
    return f"{HEAD}{{\n  packages = {value};\n}}\n".encode()


def shown(edited: nix.Edited) -> str:
    row = next(line for line in edited.data.decode().split("\n") if line.startswith("  packages = "))
    return row.removeprefix("  packages = ").removesuffix(";")


ADDED = [
    ("[ pkgs.git pkgs-unstable.ruff ]", "pkgs-unstable.uv", "[ pkgs.git pkgs-unstable.ruff pkgs-unstable.uv ]"),
    ("[ pkgs-unstable.ruff ]", "ruff", "[ pkgs-unstable.ruff pkgs.ruff ]"),
    ("with pkgs; [ git ]", "pkgs-unstable.uv", "with pkgs; [ git pkgs-unstable.uv ]"),
    ("with pkgs-unstable; [ ruff ]", "pkgs-unstable.uv", "with pkgs-unstable; [ ruff uv ]"),
    ("with pkgs-unstable; [ ruff ]", "uv", "with pkgs-unstable; [ ruff pkgs.uv ]"),
    ("[ ]", "old.uv", "[ old.uv ]"),
    ("[ ]", "extra.uv", "[ extra.uv ]"),
    ("[ ]", "py.pip", "[ py.pip ]"),
    ("[ ]", "pkgs.python3Packages.pip", "[ pkgs.python3Packages.pip ]"),
    ("[ ]", "p.git", "[ p.git ]"),
    ("[ ]", "mine", "[ mine ]"),
    ("[ ]", "pkgs.mine", "[ pkgs.mine ]"),
    ("[ mine ]", "pkgs.mine", "[ mine pkgs.mine ]"),
    ("[ ]", "version", "[ pkgs.version ]"),
    ("[ ]", "python", "[ python ]"),
    ("[ ]", "config.languages.python.package", "[ config.languages.python.package ]"),
    ("[ inputs.x.packages.${pkgs.system}.y ]", "inputs.x.packages.${pkgs.system}.z", None),
    ("builtins.attrValues { x = jq; }", "htop", "builtins.attrValues { x = jq; } ++ [ pkgs.htop ]"),
    ("lib.optional true pkgs.git", "git", "lib.optional true pkgs.git ++ [ pkgs.git ]"),
    ("builtins.filter (x: false) [ pkgs.git ]", "git", "builtins.filter (x: false) [ pkgs.git ] ++ [ pkgs.git ]"),
]
THERE = [
    ("[ pkgs-unstable.ruff ]", "pkgs-unstable.ruff"),
    ("with pkgs-unstable; [ ruff ]", "pkgs-unstable.ruff"),
    ("[ pkgs.git ] ++ (with pkgs-unstable; [ ruff ])", "pkgs-unstable.ruff"),
    ("with pkgs; with python3Packages; [ numpy git ]", "git"),
    ("with pkgs; with python3Packages; [ numpy git ]", "python3Packages.numpy"),
    ("[ py.numpy ]", "python3Packages.numpy"),
    ("[ pkgs.python3Packages.numpy ]", "py.numpy"),
    ("[ p.git ]", "git"),
    ("[ jq ]", "jq"),
    ("[ python ]", "python3"),
    ("base", "curl"),
    ("base ++ [ pkgs.git ]", "curl"),
    ("builtins.attrValues { inherit (pkgs) git curl; x = pkgs.zlib; }", "curl"),
    ("builtins.attrValues { inherit (pkgs) git curl; x = pkgs.zlib; }", "zlib"),
    ("builtins.attrValues { inherit mine; }", "mine"),
    ("[ (pkgs.git.override { x = 1; }) ]", "git"),
    ("[ ((pkgs.git.override { }).overrideAttrs (o: o)) ]", "git"),
    ("[ (pkgs.python3.withPackages (ps: [ ps.numpy ])) ]", "python3"),
    ("[ (lib.hiPrio pkgs.git) ]", "git"),
    ("[ inputs.x.packages.${pkgs.system}.y ]", "inputs.x.packages.${pkgs.stdenv.hostPlatform.system}.y"),
    ("[ config.languages.python.package ]", "config.languages.python.package"),
]


@pytest.mark.parametrize(("value", "name", "result"), ADDED)
def test_a_package_is_written_in_the_names_of_the_file(value: str, name: str, result: str | None) -> None:
    edited = nix.add_packages(module(value), name)
    assert shown(edited) == (result or value.replace(" ]", f" {name} ]"))
    assert not nix.add_packages(edited.data, name).changed


@pytest.mark.parametrize(("value", "name"), THERE)
def test_what_is_there_in_any_spelling_is_not_added_again(value: str, name: str) -> None:
    edited = nix.add_packages(module(value), name)
    assert not edited.changed
    assert len(edited.notes) == 1
    plain = not any(word in value for word in ("attrValues", "overrid", "withPackages", "hiPrio"))
    assert ("line 14" in edited.notes[0]) is not plain


@pytest.mark.parametrize(("value", "name"), [row for row in THERE if "attrValues" not in row[0] and "(" not in row[0]])
def test_it_is_removed_in_any_spelling(value: str, name: str) -> None:
    edited = nix.remove_packages(module(value), name)
    assert edited.changed
    assert not nix.remove_packages(edited.data, name).changed


@pytest.mark.parametrize(("value", "name"), [row for row in THERE if "attrValues" in row[0] or "overrid" in row[0]])
def test_what_is_no_plain_element_is_not_removed(value: str, name: str) -> None:
    with pytest.raises(Refused) as caught:
        nix.remove_packages(module(value), name)
    assert caught.value.code == "opaque_value"


def test_a_package_of_the_same_name_from_another_set_is_named() -> None:
    for verb in (nix.add_packages, nix.remove_packages):
        edited = verb(module("[ pkgs-unstable.ruff ]"), "ruff")
        assert any("pkgs-unstable.ruff" in note for note in edited.notes)


@pytest.mark.nix
def test_nix_sees_one_package_more_and_the_others_as_they_were(tmp_path: Path) -> None:
    sources = [data for value, name, _ in ADDED for data in (module(value), nix.add_packages(module(value), name).data)]
    for number, source in enumerate(sources):
        (tmp_path / f"{number}.nix").write_bytes(source)
    rows = " ".join(f"((import ./{number}.nix) arguments).packages" for number in range(len(sources)))
    (tmp_path / "all.nix").write_text(f"let arguments = {ARGUMENTS}; in [ {rows} ]")
    command = ["nix-instantiate", "--eval", "--strict", "--json", str(tmp_path / "all.nix")]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr[:2000]
    values: list[list[str]] = json.loads(found.stdout)
    wanted = {"pkgs-unstable.uv": "unstable-uv", "old.uv": "old-uv", "extra.uv": "extra-uv", "py.pip": "pip"} | {
        "pkgs.python3Packages.pip": "pip",
        "p.git": "git",
        "mine": "script-mine",
        "pkgs.mine": "mine",
        "python": "python3",
        "config.languages.python.package": "its-python",
        "inputs.x.packages.${pkgs.system}.z": "x-z",
    }
    for (value, name, _), before, after in zip(ADDED, values[::2], values[1::2], strict=True):
        assert sorted(after) == sorted([*before, wanted.get(name, name)]), (value, name)
