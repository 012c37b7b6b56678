"""The benchmark of flakes sees what it is there to see: every shape of a shell evaluates, and a wrong edit is found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from benchmarks import flakes
from benchmarks.flake_editing.evaluation import Library, shells
from tests.devkeel.source.nix.flakes import FLAKES, after, before

from devkeel.runtime import find_program

if TYPE_CHECKING:
    from pathlib import Path

# Just enough of nixpkgs' lib.
LIBRARY = """\
let
  merge = a: b: a // builtins.mapAttrs (n: v:
    if builtins.isAttrs v && builtins.isAttrs (a.${n} or null) then merge a.${n} v else v) b;
in {
  recursiveUpdate = merge;
  genAttrs = names: f: builtins.listToAttrs (map (name: { inherit name; value = f name; }) names);
  optionals = condition: list: if condition then list else [ ];
}
"""
pytestmark = pytest.mark.skipif(find_program("nix-instantiate") is None, reason="Nix is the judge")


@pytest.fixture
def library(tmp_path: Path) -> Path:
    (tmp_path / "library" / "lib").mkdir(parents=True)
    (tmp_path / "library" / "lib" / "default.nix").write_text(LIBRARY)
    return tmp_path / "library"


@pytest.mark.parametrize("shape", FLAKES)
def test_the_shell_has_the_package_when_it_is_evaluated(shape: str, library: Path, tmp_path: Path) -> None:
    first, second = (
        shells(tmp_path / name, {"flake.nix": text(FLAKES[shape])}, Library(library), "jq")
        for name, text in (("before", before), ("after", after))
        if not (tmp_path / name).mkdir()
    )
    assert flakes._verdict(first, second, "jq")[0] == "evaluates"


def test_a_verdict_names_what_is_wrong() -> None:
    first = {"devShells.a.default": ["git"], "devShells.a.ci": []}
    for second, outcome in (
        (None, "broken"),
        (first, "wrong"),
        ({"devShells.a.default": ["git", "jq"]}, "wrong"),
        ({"devShells.a.default": ["git"], "devShells.a.ci": ["jq"]}, "wrong"),
        ({"devShells.a.default": ["jq"], "devShells.a.ci": []}, "wrong"),
        ({"devShells.a.default": ["git", "haskellPackages.jq"], "devShells.a.ci": []}, "wrong"),
        ({"devShells.a.default": ["git", "<other>.jq"], "devShells.a.ci": []}, "wrong"),
        ({"devShells.a.default": ["git", "jq"], "devShells.a.ci": []}, "evaluates"),
    ):
        assert flakes._verdict(first, second, "jq")[0] == outcome
    assert flakes._verdict(None, None, "jq")[0] == "proven"


def test_a_flake_is_judged_by_its_files(library: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, text in {"good": FLAKES["flake-utils"], "none": "{ outputs = { self }: { }; }\n"}.items():
        (tmp_path / "flakes" / name).mkdir(parents=True)
        (tmp_path / "flakes" / name / "flake.nix").write_bytes(before(text))
    assert flakes.main([str(tmp_path / "flakes"), "--library", str(library), "--details"]) == 0
    told = capsys.readouterr().out
    assert "evaluates             1" in told
    assert "no shell              1" in told
