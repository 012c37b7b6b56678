"""Random list expressions: real Nix evaluates each edit under both values of every condition."""

from __future__ import annotations

import json
import subprocess
from random import Random
from typing import TYPE_CHECKING

import pytest

from devkeel.errors import Refused
from devkeel.source import nix

if TYPE_CHECKING:
    from pathlib import Path


COUNT = 600
LIB = """
  lib = rec {
    optionals = c: l: if c then l else [ ];
    optional = c: x: if c then [ x ] else [ ];
    unique = builtins.foldl' (acc: e: if builtins.elem e acc then acc else acc ++ [ e ]) [ ];
    flatten = x: if builtins.isList x then builtins.concatMap flatten x else [ x ];
    subtractLists = e: builtins.filter (x: !builtins.elem x e);
    mkBefore = x: x;
    mkForce = x: x;
    inherit (builtins) filter concatLists;
  };
"""


def expression(random: Random, depth: int = 0) -> str:
    """Return a list of small numbers, written in one of many ways."""

    def inner() -> str:
        return expression(random, depth + 1)

    def literal() -> str:
        return f"[ {' '.join(str(random.randint(1, 4)) for _ in range(random.randint(0, 3)))} ]".replace("[  ]", "[ ]")

    forms = [
        literal,
        literal,
        lambda: f"{inner()} ++ {inner()}",
        lambda: f"{literal()} ++ lib.optionals c {literal()}",
        lambda: f"lib.optional d {random.randint(1, 4)}",
        lambda: f"(if c then {inner()} else {inner()})",
        lambda: f"lib.unique ({inner()})",
        lambda: f"lib.flatten [ {random.randint(1, 4)} ({inner()}) [ {literal()} ] ]",
        lambda: f"lib.flatten (lib.optional c {literal()})",
        lambda: f"lib.concatLists [ {literal()} ({inner()}) ]",
        lambda: f"lib.concatLists (lib.optional c ({inner()}))",
        lambda: f"builtins.filter (x: x != {random.randint(1, 4)}) ({inner()})",
        lambda: f"lib.subtractLists {literal()} ({inner()})",
        lambda: f"(let l = {inner()}; in l)",
        lambda: f"(let l = {literal()}; in l ++ l)",
        lambda: f"(let optionals = c: l: [ ]; in optionals d {literal()})",
        lambda: f"(with {{ e = 1; }}; {inner()})",
        lambda: f"(assert true; {inner()})",
        lambda: f"lib.mkBefore ({inner()})",
    ]
    return random.choice(forms[:2] if depth > 2 else forms)()


def evaluated(sources: list[bytes], folder: Path) -> list[list[list[int]]]:
    """Return what each module's list is under the four values of two conditions."""
    for number, source in enumerate(sources):
        (folder / f"{number}.nix").write_bytes(source)
    rows = " ".join(f"(import ./{number}.nix)" for number in range(len(sources)))
    both = "[ [ true true ] [ true false ] [ false true ] [ false false ]]"
    call = "m { inherit lib; c = builtins.elemAt v 0; d = builtins.elemAt v 1; }"
    (folder / "all.nix").write_text(f"let {LIB} in map (m: map (v: ({call}).a) {both}) [ {rows} ]")
    command = ["nix-instantiate", "--eval", "--strict", "--json", str(folder / "all.nix")]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr[:2000]
    values: list[list[list[int]]] = json.loads(found.stdout)
    return values


@pytest.mark.nix
def test_an_edit_of_any_list_is_what_was_asked_under_every_condition(tmp_path: Path) -> None:
    random = Random(7)
    sources: list[bytes] = []
    edits: list[tuple[str, int, int]] = []
    while len(sources) < COUNT:
        source = f"{{ lib, c, d }}:\n{{\n  a = {expression(random)};\n}}\n".encode()
        verb, value = random.choice(["append", "prepend", "remove"]), random.randint(1, 5)
        try:
            edited = getattr(nix, verb)(source, "a", value)
        except Refused as error:
            assert error.code in {"opaque_value", "shared_name"}, (verb, value, source.decode(), error)
            continue
        edits.append((verb, value, len(sources)))
        sources += [source, edited.data]
    values = evaluated(sources, tmp_path)
    for verb, value, at in edits:
        about = (verb, value, sources[at].decode(), sources[at + 1].decode())
        for before, after in zip(values[at], values[at + 1], strict=True):
            others = [item for item in before if item != value]
            assert [item for item in after if item != value] == others, about
            if verb != "remove":
                assert value in after, about
            elif b"filter" not in sources[at] and b"subtract" not in sources[at] and b"optionals = " not in sources[at]:
                assert value not in after, about
