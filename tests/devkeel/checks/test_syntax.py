"""The syntax rung tells of what is wrong and never fails itself."""

from __future__ import annotations

import pytest

from devkeel.candidate.candidate import Candidate
from devkeel.checks import run_checks
from devkeel.project.declaration import yaml_imports

UNREADABLE = {
    "a date that is none": b"imports: [./a]\na: 2024-99-99\n",
    "an integer of many digits": b"imports: [./a]\na: " + b"9" * 5000 + b"\n",
    "deep nesting": b"imports: " + b"[" * 5000 + b"]" * 5000 + b"\n",
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_yaml_that_cannot_be_read_is_a_finding(name: str) -> None:
    report = run_checks(Candidate.of({"devenv.nix": b"{ }", "devenv.yaml": UNREADABLE[name]}), level="syntax")
    assert not report.ok
    assert {item.place.file for item in report.diagnostics if item.place} == {"devenv.yaml"}
    assert yaml_imports(UNREADABLE[name]) == []


def test_imports_that_are_no_list_name_no_files() -> None:
    assert yaml_imports(b"imports: 5\n") == []
