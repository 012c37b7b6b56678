"""Tests of one group run one after the other in one process, whatever pytest calls them.

pytest-xdist (3.8) writes the group of a test into its name, which pytest (9.2) takes from elsewhere: each test would be
a group of its own, and each process would make the fixtures of a module anew.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from xdist.scheduler import LoadScopeScheduling

if TYPE_CHECKING:
    import pytest
    from xdist.remote import Producer

ROOT = Path(__file__).parents[1]
MARK = "xdist_group"


def group_of(nodeid: str) -> str:
    """Return the group of a test, by its marks as they are written; its own name where it has none."""
    file, _, name = nodeid.partition("::")
    groups = groups_in(file)
    return groups.get(name.partition("[")[0]) or groups.get("pytestmark") or nodeid


@cache
def groups_in(file: str) -> dict[str, str]:
    """Return the groups of a file's tests by their names, that of all of them by the name of its marks."""
    text = (ROOT / file).read_text("utf-8")
    if MARK not in text:
        return {}
    found = dict[str, str]()
    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark":
            names, key = named(node.value), "pytestmark"
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            names, key = [name for mark in node.decorator_list for name in named(mark)], node.name
        else:
            continue
        if names:
            found[key] = names[0]
    return found


def named(marks: ast.expr) -> list[str]:
    calls = [node for node in ast.walk(marks) if isinstance(node, ast.Call)]
    return [ast.literal_eval(call.args[0]) for call in calls if ast.unparse(call.func).endswith(MARK)]


class Grouped(LoadScopeScheduling):
    """Gives each process whole groups."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Grouped | None:
    return Grouped(config, log) if config.getvalue("dist") == "loadgroup" else None
