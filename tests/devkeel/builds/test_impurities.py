"""What in Nix text depends on the machine or the moment is found, and what only looks like it is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devkeel.builds.impurities import impurities

HASH = 'sha256 = "0000000000000000000000000000000000000000000000000000"'
FOUND = {
    "builtins.currentTime": "currentTime",
    'builtins.getEnv "HOME"': "getEnv",
    'builtins.currentSystem or "x86_64-linux"': "currentSystem",
    "(builtins).currentTime": None,
    "__currentTime": "currentTime",
    "with builtins; currentTime": "currentTime",
    "let inherit (builtins) getEnv; in getEnv": "getEnv",
    "import <nixpkgs> { }": "<nixpkgs>",
    "<nixpkgs/lib>": "<nixpkgs/lib>",
    'fetchTarball "https://example.org/a.tar.gz"': "fetchTarball",
    "fetchTarball https://example.org/a.tar.gz": "fetchTarball",
    'builtins.fetchurl { url = "https://example.org/a"; }': "fetchurl",
    'builtins.fetchGit { url = "https://example.org/a"; ref = "main"; }': "fetchGit",
    'fetchGit "https://example.org/a"': "fetchGit",
    'import (builtins.fetchTarball ("https://example.org/a.tar.gz")) { }': "fetchTarball",
    "import /etc/nixos/configuration.nix": "/etc/nixos/configuration.nix",
    "builtins.readFile ~/x": "~/x",
    'builtins.getFlake "x"': "getFlake",
    'with builtins; (getFlake "github:a/b").packages': "getFlake",
    "builtins.getFlake github:a/b/main": "getFlake",
    # No finding.
    f'builtins.getFlake "github:a/b/{"0a" * 20}"': None,
    f'builtins.fetchTree "github:a/b/{"0a" * 20}?dir=c"': None,
    'builtins.getFlake "git+https://example.org/a?rev=0"': None,
    'builtins.getFlake "path:${./.}"': None,
    "builtins.getFlake (toString ./.)": None,
    'getFlake "x"': None,
    '/. + "${./x}"': None,
    "[ ./a ../b a/b /dev/null ]": None,
    "4 / 2": None,
    f'fetchTarball {{ url = "https://example.org/a"; {HASH}; }}': None,
    f"let {HASH}; in fetchTarball {{ inherit url sha256; }}": None,
    'builtins.fetchGit { url = "https://example.org/a"; rev = "0"; }': None,
    "builtins.fetchTarball source": None,
    "map builtins.fetchTarball sources": None,
    'builtins.fetchTree { ${x} = "y"; }': None,
    'builtins.fetchTree "github:a/b?rev=0"': None,
    'pkgs.fetchurl { url = "https://example.org/a"; }': None,
    'fetchurl { url = "https://example.org/a"; }': None,
    "with pkgs; fetchurl { }": None,
    "let fetchTarball = x: x; in fetchTarball 1": None,
    "({ fetchGit }: fetchGit 1)": None,
    "let builtins = { currentTime = 1; }; in builtins.currentTime": None,
    "let currentTime = 1; in with builtins; currentTime": None,
    "x.currentTime": None,
    "config.builtins.currentTime": None,
    "builtins.readFile ./x": None,
    '"builtins.currentTime <nixpkgs>" # builtins.getEnv': None,
    "{ currentTime = 1; getEnv = 2; }": None,
}


@pytest.mark.parametrize("text", FOUND)
def test_what_depends_on_the_machine_is_found(text: str) -> None:
    found = impurities({"a.nix": f"{{ }}:\n{{\n  x = {text};\n}}\n".encode()})
    wanted = FOUND[text]
    assert [item.subject for item in found] == ([] if wanted is None else [wanted])
    assert all(item.place is not None and item.place.line == 3 for item in found)


def test_devenv_may_be_asked_to_be_impure() -> None:
    (found,) = impurities({"devenv.yaml": b"inputs: {}\nimpure: true\n"})
    assert found.place is not None
    assert (found.place.line, found.subject) == (2, "impure")
    assert impurities({"devenv.yaml": b"impure: false\n"}) == ()


def test_a_flake_with_devenv_s_shell_needs_an_impure_evaluation() -> None:
    flake = b"{ outputs = { devenv, ... }@inputs: { x = devenv.lib.mkShell { }; }; }"
    assert [item.subject for item in impurities({"flake.nix": flake})] == ["PWD"]


@given(st.text(alphabet="{}()[]<>;:=.\"' abcbuiltins.getEnv\n/$", max_size=80))
def test_any_text_is_read(text: str) -> None:
    impurities({"a.nix": text.encode()})
