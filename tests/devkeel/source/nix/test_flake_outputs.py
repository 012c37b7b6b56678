"""The outputs and systems of a flake are those that its text shows, and what may add to them is said."""

from __future__ import annotations

import pytest
from tests.devkeel.source.nix.flakes import head

from devkeel.source import nix

X = '"x86_64-linux"'
_PARTS = f"""flake-parts.lib.mkFlake {{ inherit inputs; }} {{
      systems = [ {X} ];
      flake.lib = 1;
      perSystem = {{ pkgs, ... }}: {{ packages.a = 1; devenv.shells.default = {{ }}; }};
    }};"""
TEXTS = {
    "written out": ("{ packages.x86_64-linux.a = 1; lib = { }; };", ["packages", "lib"], ["x86_64-linux"], 0),
    "put together": (
        f"let systems = [ {X} ]; a = {{ x = systems; }}; in a // {{ y = 1; }};",
        ["x", "y"],
        ["x86_64-linux"],
        0,
    ),
    "each system": (
        "flake-utils.lib.eachDefaultSystem (system: { devShell = 1; }) // { lib = 1; };",
        ["devShell", "lib"],
        [],
        1,
    ),
    "flake-parts": (
        _PARTS,
        ["lib", "packages", "devShells"],
        ["x86_64-linux"],
        0,
    ),
    "a module of flake-parts": (
        "flake-parts.lib.mkFlake { } { imports = [ inputs.treefmt.flakeModule ]; perSystem = { treefmt = { }; }; };",
        [],
        [],
        2,
    ),
    "an unknown function": ("std.grow { };", [], [], 1),
    "inherited": ("let lib = 1; in { inherit lib; };", ["lib"], [], 0),
}


@pytest.mark.parametrize("what", TEXTS)
def test_what_the_text_shows_is_said_and_what_it_does_not(what: str) -> None:
    text, names, systems, unseen = TEXTS[what]
    found = nix.flake_outputs({"flake.nix": head(f"    {text}").encode()}.get, "flake.nix")
    assert [*found.names] == names
    assert [*found.systems] == systems
    assert len(found.unseen) == unseen


def test_a_file_that_the_outputs_are_in_is_read() -> None:
    files = {
        "flake.nix": head("    import ./outputs.nix inputs;").encode(),
        "outputs.nix": b"{ self, ... }: { a = 1; }\n",
    }
    assert [*nix.flake_outputs(files.get, "flake.nix").names] == ["a"]
