"""Functions among the arguments of a flake's outputs are found by its text, and nothing that may be a flake is."""

from __future__ import annotations

import pytest

from devkeel.candidate.candidate import Candidate
from devkeel.checks import run_checks


def judged(text: str) -> list[tuple[str, str, int | None, str | None]]:
    found = run_checks(Candidate.of({"flake.nix": text.encode()}), level="schema").diagnostics
    return [(item.code, item.severity, item.place and item.place.line, item.subject) for item in found]


def test_a_function_and_a_value_are_named_with_their_lines() -> None:
    text = '{\n  outputs =\n    { self, nixpkgs,\n      mk,\n      system ? "x86_64-linux" }: { a = mk system; };\n}\n'
    assert judged(text) == [
        ("argument_not_input", "warning", 4, "mk"),
        ("argument_not_input", "warning", 5, "system"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "{ outputs = { self, nixpkgs, flake-utils }: flake-utils.lib.eachDefaultSystem (s: { a = nixpkgs; }); }",
        '{ inputs.mk.url = "github:a/mk"; outputs = { self, mk }: { a = mk 1; }; }',
        "{ outputs = inputs: inputs.flake-parts.lib.mkFlake { inherit inputs; } ./parts; }",
        "{ outputs = { self, mk }: let mk = n: n; in { a = mk 1; }; }",
        "{ outputs = import ./outputs.nix; }",
        "{ }",
    ],
)
def test_what_may_be_a_flake_is_not_named(text: str) -> None:
    assert [item for item in judged(text) if item[0] == "argument_not_input"] == []
