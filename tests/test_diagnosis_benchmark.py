"""Diagnoses are measured on failures of others, and how often their first fix is an accepted one is held."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from benchmarks import diagnosis
from benchmarks.fix_judge import is_right

if TYPE_CHECKING:
    from pathlib import Path


def test_the_cases_are_many_and_what_each_prefers_is_accepted() -> None:
    cases = [case for name in diagnosis.HELD for case in diagnosis.cases(diagnosis.FAILURES / f"{name}.jsonl")]
    assert len(cases) >= 250
    assert len({case["id"] for case in cases}) == len(cases)
    assert [case["id"] for case in cases if not is_right(case, case["preferred"])] == []
    plain = [case for case in cases if not {"devenv.nix", "flake.nix"} & case["context"]["files"].keys()]
    assert len(plain) >= 40


@pytest.mark.parametrize("name", diagnosis.HELD)
def test_the_first_fix_is_right_and_nothing_is_invented(name: str) -> None:
    score = diagnosis.measured(diagnosis.FAILURES / f"{name}.jsonl")
    assert score.right >= diagnosis.HELD[name] * score.due, score.wrong
    assert score.alarms == []


def test_what_is_wrong_is_counted(tmp_path: Path) -> None:
    files = {"devenv.nix": "{ pkgs, ... }: { packages = [ pkgs.git ]; }\n"}
    fixes = [{"kind": "add_packages", "any_of": ["no-such"]}]
    case = {"id": "a", "family": "shell", "context": {"files": files}, "text": "bash: jq: command not found\n"}
    path = tmp_path / "one.jsonl"
    path.write_text(json.dumps(case | {"fixes": fixes}) + "\n", "utf-8")
    score = diagnosis.measured(path)
    assert (score.due, score.right, len(score.wrong)) == (1, 0, 1)
    path.write_text(json.dumps(case | {"family": "none", "fixes": [{"kind": "none"}]}) + "\n", "utf-8")
    assert diagnosis.measured(path).alarms == ["a"]
