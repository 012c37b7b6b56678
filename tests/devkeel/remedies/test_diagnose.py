"""Diagnosing: causes of a text, in a project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.api import Environment

if TYPE_CHECKING:
    from pathlib import Path


def test_a_cause_that_nothing_mends_is_named_without_a_fix(tmp_path: Path) -> None:
    (tmp_path / "devenv.nix").write_text("{ pkgs, ... }: { packages = [ pkgs.git ]; }\n")
    environment = Environment(tmp_path, actor="test")
    found = environment.diagnose("a.c:1:10: fatal error: no/such/header/anywhere.h: No such file or directory\n")
    (cause,) = found.causes
    assert (cause.kind, cause.subject, cause.fixes) == ("header", "no/such/header/anywhere.h", ())
    assert found.next is None
    assert environment.diagnose("all is well\n").causes == ()
