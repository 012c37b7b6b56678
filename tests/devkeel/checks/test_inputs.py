"""devenv.yaml and devenv.lock as text."""

from __future__ import annotations

import json

import pytest

from devkeel.candidate.candidate import Candidate
from devkeel.checks.inputs import check_inputs

GOOD = """\
require_version: ">=2.0"
inputs:
  nixpkgs:
    url: github:cachix/devenv-nixpkgs/rolling
    overlays: [ ./overlay.nix ]
  git-hooks:
    url: github:cachix/git-hooks.nix
    flake: true
    inputs:
      nixpkgs:
        follows: nixpkgs
nixpkgs:
  allow_unfree: true
  permittedInsecurePackages: [ "openssl-1.1.1w" ]
allowUnfree: true
imports:
  - ./backend
  - git-hooks/module
clean:
  enabled: true
  keep: [ EDITOR ]
"""


def judged(text: str, lock: object = None, there: tuple[str, ...] = ("backend",)) -> list[tuple[str, str, int | None]]:
    locks = {} if lock is None else {"devenv.lock": json.dumps(lock).encode() if not isinstance(lock, bytes) else lock}
    found = check_inputs(Candidate.of({"devenv.yaml": text.encode()}, locks, there.__contains__))
    return [(item.code, item.severity, item.place.line if item.place else None) for item in found]


def test_a_good_file_is_called_good() -> None:
    assert judged(GOOD) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("input:\n  a:\n    url: github:a/b\n", [("unknown_key", "warning", 1)]),
        ("nixpkgs:\n  alow_unfree: true\n", [("unknown_key", "warning", 2)]),
        ("inputs:\n  a:\n    ulr: github:a/b\n", [("unknown_key", "warning", 3)]),
        ("inputs:\n  a:\n    url: githb:a/b\n", [("bad_input_url", "error", 3)]),
        ("inputs:\n  a:\n    url: github:a\n", [("bad_input_url", "error", 3)]),
        (
            "inputs:\n  a:\n    url: github:a/b\n    inputs:\n      nixpkgs:\n        follows: nixpgks\n",
            [("unknown_input", "error", 6)],
        ),
        ("imports:\n  - ./backend\n  - ./gone\n", [("missing_import", "error", 3)]),
        ("imports:\n  - acme/module\n", [("unknown_input", "error", 2)]),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text: str, expected: list[tuple[str, str, int]]) -> None:
    assert judged(text) == expected


def lock(**inputs: dict[str, str]) -> dict[str, object]:
    nodes: dict[str, object] = {name: {"original": original} for name, original in inputs.items()}
    return {"nodes": nodes | {"root": {"inputs": {name: name for name in inputs}}}, "root": "root", "version": 7}


YAML = "inputs:\n  nixpkgs:\n    url: github:cachix/devenv-nixpkgs/rolling\n"
ROLLING = {"type": "github", "owner": "cachix", "repo": "devenv-nixpkgs", "ref": "rolling"}


@pytest.mark.parametrize(
    ("content", "codes"),
    [
        (lock(nixpkgs=ROLLING), []),
        (lock(nixpkgs=ROLLING | {"owner": "Cachix"}), []),
        (lock(nixpkgs=ROLLING | {"owner": "NixOS"}), ["lock_stale"]),
        (lock(nixpkgs=ROLLING | {"ref": "main"}), ["lock_stale"]),
        (lock(), ["lock_stale"]),
        (b"{", ["bad_lock"]),
        (b"[" * 100_000, ["bad_lock"]),
        (b"[]", ["bad_lock"]),
        ({"nodes": {}, "root": "root", "version": 7}, ["bad_lock"]),
        (lock() | {"version": 99}, ["bad_lock"]),
    ],
)
def test_a_lock_belongs_to_the_file(content: object, codes: list[str]) -> None:
    assert [code for code, _, _ in judged(YAML, content)] == codes


def test_a_file_that_is_no_yaml_is_left_to_the_syntax_rung() -> None:
    assert judged("a: [") == []
