"""The check of packages by name, with devkeel's own lists: what is gone, misspelt and unknown, and no false alarm."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from devkeel.api import Environment
from devkeel.candidate.candidate import Candidate
from devkeel.checks.modules import World
from devkeel.checks.packages import check_packages
from devkeel.edits.vocabulary import parse_edits
from devkeel.errors import CheckFailed

if TYPE_CHECKING:
    from pathlib import Path

ROLLING = "inputs:\n  nixpkgs:\n    url: github:cachix/devenv-nixpkgs/rolling\n"
OVERLAY = "overlays = [ (final: prev: { mine = prev.hello; }) ];"


def found(packages: str, yaml: str = ROLLING, body: str = "", day: str = "") -> list[tuple[str, str, list[str]]]:
    """Return severity, text and the replacements of each finding in a list of packages."""
    files = {"devenv.nix": f"{{ pkgs, ... }}: {{ {body} packages = [ {packages} ]; }}\n", "devenv.yaml": yaml}
    locks = {}
    if day:
        seconds = int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp())
        original = {"type": "github", "owner": "NixOS", "repo": "nixpkgs", "ref": "nixpkgs-unstable"}
        node = {"locked": {"lastModified": seconds}, "original": original}
        nodes = {"root": {"inputs": {"nixpkgs": "nixpkgs"}}, "nixpkgs": node}
        locks = {"devenv.lock": json.dumps({"version": 7, "root": "root", "nodes": nodes}).encode()}
    subject = Candidate.of({name: text.encode() for name, text in files.items()}, locks)
    return [
        (item.severity, item.subject or "", [_last(edit["new"]) for edit in item.suggestions])
        for item in check_packages(subject, World.of(subject))
    ]


def _last(text: str) -> str:
    """Return the package in a list of one."""
    return text.partition("packages = [ pkgs.")[2].partition(" ]")[0]


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("pkgs.nodejs_14", "pkgs.nodejs_22"),
        ("pkgs.postgresql_11", "pkgs.postgresql_16"),
        ("pkgs.openssl_1_1", "pkgs.openssl"),
        ("pkgs.python2", "pkgs.python3"),
        ("pkgs.python27Packages.requests", "pkgs.python3Packages.requests"),
        ("pkgs.nodePackages.prettier", "pkgs.prettier"),
    ],
)
def test_what_nixpkgs_no_longer_has_is_an_error_with_the_edit(name: str, instead: str) -> None:
    [(severity, subject, edits)] = found(name)
    assert (severity, subject) == ("error", name.removeprefix("pkgs."))
    assert f"pkgs.{edits[0]}" == instead


def test_a_nixpkgs_that_has_it_yet_is_none_of_its_business() -> None:
    assert found("pkgs.nodejs_14", day="2023-07-01") == []
    assert found("pkgs.nodejs_14", day="2023-11-20") == []
    assert found("pkgs.nodejs_14", yaml=ROLLING.replace("cachix/devenv-nixpkgs/rolling", "me/nixpkgs")) == []
    assert (
        found("pkgs.nodejs_14", yaml=ROLLING.replace("cachix/devenv-nixpkgs/rolling", "NixOS/nixpkgs/nixos-23.05"))
        == []
    )
    assert found("pkgs.nodejs_14", day="2026-08-01")[0][0] == "error"
    assert found("pkgs.openssl_1_1", yaml=f"permittedInsecurePackages:\n- openssl-1.1.1w\n{ROLLING}") == []


def test_a_flake_that_pins_what_devenv_does_not_says_nothing_of_the_day() -> None:
    module = {"devenv.nix": b"{ pkgs, ... }: { packages = [ pkgs.nodejs_14 ]; }"}
    alone, flake = Candidate.of(module), Candidate.of(module, {}, {"flake.nix"}.__contains__)
    assert [item.severity for item in check_packages(alone, World.of(alone))] == ["error"]
    assert check_packages(flake, World.of(flake)) == []


def test_what_an_overlay_may_bring_back_is_a_warning() -> None:
    assert found("pkgs.nodejs_14", body=OVERLAY)[0][0] == "warning"
    assert found("pkgs.mine pkgs.frobnicate-all-day", body=OVERLAY) == []


def test_a_name_that_no_list_has_is_a_warning_with_the_nearest_ones() -> None:
    assert found("pkgs.frobnicate-all-day") == [("warning", "frobnicate-all-day", [])]
    assert found("pkgs.ripgerp")[0][::2][0] == "warning"
    assert found("pkgs.ripgerp")[0][2][0] == "ripgrep"
    assert found("pkgs.lazysqll")[0][2][0] == "lazysql"


def test_adding_what_is_gone_is_refused_with_the_call_that_would_succeed(root: Path) -> None:
    (root / "devenv.nix").write_text("{ pkgs, ... }: { packages = [ pkgs.git ]; }\n")
    (root / "devenv.yaml").write_text(ROLLING)
    environment = Environment(root, actor="test")
    with pytest.raises(CheckFailed) as caught:
        environment.change(parse_edits([{"kind": "add_packages", "names": ["jq", "nodejs_14"]}]))
    [finding] = [item for item in caught.value.diagnostics if item.severity == "error"]
    assert (finding.code, finding.subject) == ("unknown_package", "nodejs_14")
    assert dict(finding.suggestions[0]) == {"kind": "add_packages", "names": ["jq", "nodejs_22"]}
    environment.change(parse_edits([finding.suggestions[0]]))
    assert "pkgs.nodejs_22" in (root / "devenv.nix").read_text()


def test_what_is_unfree_and_permitted_or_newer_than_the_lists_may_be_there() -> None:
    assert found("pkgs.frobnicate-all-day", yaml=f"allowUnfree: true\n{ROLLING}") == []
    assert found("pkgs.frobnicate-all-day", yaml=f"nixpkgs:\n  allow_broken: true\n{ROLLING}") == []
    assert found("pkgs.frobnicate-all-day", day="2026-09-01") == []
    assert found("pkgs.frobnicate-all-day", day="2026-02-01")[0][0] == "warning"


@pytest.mark.parametrize(
    "name",
    [
        *("pkgs.gopls", "pkgs.cargo-show-asm", "pkgs.haskellPackages.lens", "pkgs.python314Packages.numpy"),
        *("pkgs.go_1_99", "pkgs.beam99Packages.erlang", "pkgs.elixir_1_99", "pkgs.jdk99", "pkgs.cudaPackages_99.cudnn"),
        *("pkgs.python3Packages.brand-new-thing", "pkgs.ocamlPackages.sexplib0", "pkgs.lib.getExe"),
        *(
            "pkgs.writeShellScriptBin",
            "pkgs.llvmPackages_99.clang",
            "pkgs.terraform",
            "pkgs.xorg.libX11",
            "pkgs.libX11",
        ),
    ],
)
def test_what_is_there_or_may_be_gives_no_alarm(name: str) -> None:
    assert found(name) == []
