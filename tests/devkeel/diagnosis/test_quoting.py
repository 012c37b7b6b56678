"""What Nix names is read in the quotes of any Nix: nothing that reads it has quotes of its own."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import devkeel
from devkeel.diagnosis.obstacles import obstacle_of_builder
from devkeel.diagnosis.quoting import INNER, quoted
from devkeel.nix_cli import rebuild
from devkeel.nix_cli.progress import progress_of
from devkeel.runtime import Completed

PAIRS = ("''", '""', "\u2018\u2019")
STORED = "/nix/store/wqcph8n0s4qbf2anifbzsd3nhc9d05gk-made"
# Paths that a pattern finds between single quotes and no others.
ITS_OWN = re.compile(r"'[^']*(?:\(\?P<(?:path|name|store|file)>|/nix/store|\[\^'\\?n?\][+*]')")
# The module system of nixpkgs words these by itself, and attributes are no paths.
OF_OTHERS = {"nix_messages.py", "flake_evaluation.py"}


@pytest.mark.parametrize("pair", PAIRS)
def test_every_quote_is_read(pair: str) -> None:
    found = re.fullmatch("opening file " + quoted(f"(?P<path>/{INNER}+)"), f"opening file {pair[0]}/a b{pair[1]}")
    assert found is not None
    assert found["path"] == "/a b"
    assert re.fullmatch(quoted(), f"{pair[0]}/a{pair[1]}/b{pair[1]}") is None


@pytest.mark.parametrize("pair", PAIRS)
def test_who_reads_nix_reads_every_quote(pair: str) -> None:
    opening, closing = pair
    first, second = f"{opening}{STORED}{closing}", f"{opening}{STORED}.check{closing}"
    said = f"error: derivation '{STORED}.drv' may not be deterministic: output {first} differs from {second}\n"
    found = rebuild._result(Completed((), 104, b"", said.encode()), said, [f"{STORED}.check"])
    assert str(found.first) == STORED
    kept = rebuild._KEPT.search(f"note: keeping build directory {opening}/a/x/build{closing}")
    assert kept is not None
    assert kept["path"] == "/a/x/build"
    assert progress_of(f"building {opening}{STORED}.drv{closing}...") == "building made"
    obstacle = obstacle_of_builder(f"error: executing {opening}/bin/sh{closing}: No such file or directory", "")
    assert obstacle is not None
    assert obstacle.code == "nix_sandbox"


@pytest.mark.parametrize("room", ["nix_cli", "diagnosis", "builds"])
def test_no_pattern_has_quotes_of_its_own(room: str) -> None:
    found = [
        f"{file.name}: {node.value}"
        for file in (Path(devkeel.__file__).parent / room).glob("*.py")
        if file.name not in OF_OTHERS
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and ITS_OWN.search(node.value)
    ]
    assert found == []
