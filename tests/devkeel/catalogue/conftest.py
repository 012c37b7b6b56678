"""A nixpkgs and a devenv of a few names, in the store, with the lock that pins them."""

from __future__ import annotations

import json
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# As much of nixpkgs as is read: names by configuration, and a module system that only collects declarations.
NIXPKGS = {
    "default.nix": """\
{ config ? { }, overlays ? [ ] }:
{
  ripgrep = throw "no value is looked at";
  brandNew = { };
  python3Packages = { numpy = throw "nor in a set"; onlyHere = { }; };
} // (if config.allowAliases or true then { oldName = throw "renamed"; } else { })
""",
    "lib/default.nix": """\
rec {
  isOption = item: item._type or "" == "option";
  mapAttrsToList = f: set: map (name: f name set.${name}) (builtins.attrNames set);
  hasInfix = part: text: builtins.length (builtins.split part text) > 1;
  generators.toPretty = _: builtins.toJSON;
  evalModules = { modules, specialArgs, ... }: {
    options = (import (builtins.elemAt modules 1) ({ inherit lib; } // specialArgs)).options;
  };
  lib = { inherit isOption; };
}
""",
    "pkgs/top-level/keep": "",
}
DEVENV = {
    "src/modules/top-level.nix": """\
{ lib, ... }:
let
  type = description: { inherit description; getSubOptions = _: { }; };
  option = loc: type: more: { _type = "option"; inherit loc type; } // more;
in
{
  options = {
    services.novel.enable = option [ "services" "novel" "enable" ] (type "boolean") { default = false; };
    services.novel.mode = option [ "services" "novel" "mode" ]
      (type "one of \\"a\\", \\"b\\"" // { name = "enum"; functor.payload.values = [ "a" "b" ]; })
      { defaultText = { text = ''"a"''; }; description = "How\\nit works."; readOnly = true; };
    jobs = option [ "jobs" ]
      (type "attribute set of (submodule)" // {
        getSubOptions = loc: { "key.with.dots" = option (loc ++ [ "<name>" "key.with.dots" ]) (type "string") { }; };
      })
      { default = DEFAULT; };
  };
}
""",
}


def add_to_store(folder: Path, files: dict[str, str]) -> str:
    """Write files, add the folder to the store as a fetched source would be, and return its hash."""
    source = folder / "source"
    for name, text in files.items():
        path = source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    subprocess.run(["nix-store", "--add-fixed", "--recursive", "sha256", source], check=True, capture_output=True)
    command = ["nix", "--extra-experimental-features", "nix-command", "hash", "path", "--sri", source]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def lock_of(**nodes: dict[str, Any]) -> bytes:
    """Return a lock file whose root has these nodes as its inputs, except those that another one wraps."""
    wrapped = {target for node in nodes.values() for target in node.get("inputs", {}).values()}
    root = {"inputs": {name: name for name in nodes if name not in wrapped}}
    return json.dumps({"version": 7, "root": "root", "nodes": {"root": root, **nodes}}).encode()


def eventually(question: Callable[[], bool]) -> bool:
    """Wait for what happens in the background."""
    end = time.monotonic() + 60
    while not (held := question()) and time.monotonic() < end:
        time.sleep(0.05)
    return held


@pytest.fixture
def make_lock(tmp_path: Path) -> Callable[..., bytes]:
    """Return a function that puts a nixpkgs and a devenv into the store and returns their lock."""

    def make(default: str = "{ }", *, wrapped: bool = False) -> bytes:
        nixpkgs = {"locked": {"narHash": add_to_store(tmp_path / "nixpkgs", NIXPKGS), "rev": "1234567890"}}
        modules = {name: text.replace("DEFAULT", default) for name, text in DEVENV.items()}
        locked = {"narHash": add_to_store(tmp_path / "devenv", modules), "rev": "abcdefabcdef", "dir": "src/modules"}
        if not wrapped:
            return lock_of(nixpkgs=nixpkgs, devenv={"locked": locked})
        outer = {"narHash": add_to_store(tmp_path / "outer", {"flake.nix": "{ }"})}
        wrapper = {"locked": outer, "inputs": {"nixpkgs-src": "nixpkgs-src"}}
        return lock_of(**{"nixpkgs": wrapper, "nixpkgs-src": nixpkgs, "devenv": {"locked": locked}})

    return make
