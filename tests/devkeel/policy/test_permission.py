"""What a call may run is answered in one place."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import devkeel
from devkeel.checks import LEVELS
from devkeel.policy.permission import EVERYTHING, NOTHING, builds

ROOT = Path(devkeel.__path__[0])


@pytest.mark.parametrize("level", [None, *LEVELS])
def test_what_is_only_tried_runs_something_where_the_call_names_a_level_that_does(level: str | None) -> None:
    assert EVERYTHING.of_call(dry_run=True, level=level).executes is (level in LEVELS[2:])
    assert EVERYTHING.of_call(dry_run=False, level=level).executes
    assert builds(level) is (level == LEVELS[-1])


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_caller_who_may_run_nothing_gains_nothing_by_a_level(dry_run: bool) -> None:
    assert not any(NOTHING.of_call(dry_run=dry_run, level=level).executes for level in (None, *LEVELS))


def test_executing_begins_where_a_permission_says_so_or_unconditionally() -> None:
    """A condition of its own before `executing` would be another answer to the same question."""
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "executing":
                assert all(isinstance(given, ast.Attribute) and given.attr == "executes" for given in node.args), path
