"""Inputs that are known by their names: where each comes from, and whether its nixpkgs follows the project's."""

from __future__ import annotations

from typing import Any

from devkeel.catalogue.inputs import named_input

__all__ = ["input_edit"]

# As the README of each has it. True: it takes the project's nixpkgs.
_KNOWN: dict[str, tuple[str, bool]] = {
    "nixpkgs": ("github:NixOS/nixpkgs/nixpkgs-unstable", False),
    "nixpkgs-unstable": ("github:NixOS/nixpkgs/nixpkgs-unstable", False),
    "unstable": ("github:NixOS/nixpkgs/nixpkgs-unstable", False),
    "nixos-unstable": ("github:NixOS/nixpkgs/nixos-unstable", False),
    "flake-utils": ("github:numtide/flake-utils", False),
    "flake-parts": ("github:hercules-ci/flake-parts", False),
    "systems": ("github:nix-systems/default", False),
    "devenv": ("github:cachix/devenv", True),
    "devshell": ("github:numtide/devshell", True),
    "fenix": ("github:nix-community/fenix", True),
    "naersk": ("github:nix-community/naersk", True),
    "crane": ("github:ipetkov/crane", False),
    "pre-commit-hooks": ("github:cachix/git-hooks.nix", True),
    "poetry2nix": ("github:nix-community/poetry2nix", True),
    "gomod2nix": ("github:nix-community/gomod2nix", True),
    "home-manager": ("github:nix-community/home-manager", True),
    "nix2container": ("github:nlewo/nix2container", True),
    "mk-shell-bin": ("github:rrbutani/nix-mk-shell-bin", False),
    "android-nixpkgs": ("github:tadfisher/android-nixpkgs", True),
}


def input_edit(name: str, file: str) -> dict[str, Any] | None:
    """Return the edit that declares an input in a file, None where its name alone does not say which."""
    if (needed := named_input(name)) is not None:
        return {**needed.edit, "file": file}
    found = _KNOWN.get(name)
    if found is None:
        return None
    url, follows = found
    edit: dict[str, Any] = {"kind": "set_input", "name": name, "url": url, "file": file}
    return edit | ({"follows": ["nixpkgs"]} if follows else {})
