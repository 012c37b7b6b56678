"""Which definitions of a module count: those with the lowest number of the module system."""

from __future__ import annotations

import pytest

from devkeel.edits.declared import Module
from devkeel.source import nix


@pytest.mark.parametrize(
    ("values", "strength"),
    [
        (["[ ]"], 100),
        (["lib.mkDefault [ ]"], 1000),
        (["lib.mkDefault [ ]", "[ ]"], 100),
        (["[ ]", "lib.mkForce [ ]"], 50),
        (["lib.mkOverride 7 [ ]"], 50),
        (["lib.mkVMOverride [ ]", "lib.mkForce [ ]"], 10),
        (["lib.mkIf c (lib.mkForce [ ])"], 100),
        (["lib.mkBefore [ ]"], 100),
    ],
)
def test_the_strongest_definition_of_a_module_says_how_strong_it_is(values: list[str], strength: int) -> None:
    sets = " ".join(f"{{ packages = {value}; }}" for value in values)
    document = nix.Document(f"{{ lib, ... }}: lib.mkMerge [ {sets} ]".encode(), "devenv.nix")
    assert Module("devenv.nix", document, always=True).strength(("packages",)) == strength
