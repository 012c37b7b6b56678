"""`devkeel usage` shows what is unused and what is missing, and changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .conftest import Shell


def test_suggestions_come_with_their_evidence_and_nothing_changes(devkeel: Shell) -> None:
    declaration = devkeel.root / "devenv.nix"
    declaration.write_text("{ pkgs, ... }: {\n  packages = [ pkgs.hugo pkgs.openssl ];\n}\n")
    (devkeel.root / "run.sh").write_text("shellcheck x\n")
    before = declaration.read_text()
    told = devkeel("usage")
    assert told.code == 0
    assert "unused: hugo (devenv.nix:2)" in told.out
    assert "missing: shellcheck, which shellcheck brings; run in run.sh:1" in told.out
    assert "Not judged: openssl" in told.out
    found = devkeel("usage", "--json").data
    assert found["missing"][0]["suggestion"] == {"kind": "add_packages", "names": ["shellcheck"]}
    assert declaration.read_text() == before
