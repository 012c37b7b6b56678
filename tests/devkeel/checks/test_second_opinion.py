"""The second opinion asks real Nix."""

from __future__ import annotations

import pytest

from devkeel.candidate.candidate import Candidate
from devkeel.checks import run_checks, second_opinion
from devkeel.errors import Unavailable

pytestmark = pytest.mark.nix


def test_nix_and_the_syntax_rung_agree_on_a_good_file() -> None:
    report = run_checks(
        Candidate.of({"devenv.nix": b"{ pkgs, ... }: { packages = [ pkgs.git ]; }"}),
        level="syntax",
        second_opinion=True,
    )
    assert report.ok
    assert {"syntax", "nix-parse"} <= set(report.ran)


@pytest.mark.parametrize(
    ("source", "line", "column"),
    [
        (b"{ pkgs, ... }:\n{\n  a = 1\n}\n", 4, 1),
        (b"{ pkgs, ... }:\n{\n  a = gti;\n}\n", 3, 7),
        (b"{\n  a = 1;\n  a = 2;\n}\n", 3, 3),
    ],
)
def test_what_nix_rejects_is_an_error_with_its_place(source: bytes, line: int, column: int) -> None:
    found = second_opinion.check(Candidate.of({"devenv.nix": source}))
    assert [item.code for item in found] == ["nix_parse_error"]
    assert found[0].place is not None
    assert (found[0].place.line, found[0].place.column) == (line, column)


def test_a_disagreement_is_a_diagnostic() -> None:
    # tree-sitter-nix 0.1.0 takes `null//x` for a path; Nix reads `//` and a URI.
    found = second_opinion.check(Candidate.of({"devenv.nix": b"{ a = null//x:y; }"}))
    assert [(item.code, item.severity) for item in found] == [("parser_disagreement", "warning")]


def test_without_nix_the_second_opinion_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(Unavailable) as caught:
        second_opinion.check(Candidate.of({"devenv.nix": b"{ }"}))
    assert caught.value.code == "check_unavailable"
