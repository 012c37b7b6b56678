"""Every fault of the table has a test, and no test names a fault that is not in the table."""

from __future__ import annotations

import ast
import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
TABLE = Path(__file__).with_name("README.md").read_text()


def marked() -> dict[int, set[str]]:
    """Return the tests that are marked with each fault, from their source: none has to run for that."""
    found: dict[int, set[str]] = {}
    for path in sorted(TESTS.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or not node.name.startswith("test_"):
                continue
            for mark in node.decorator_list:
                if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.fault":
                    for number in mark.args:
                        assert isinstance(number, ast.Constant)
                        assert isinstance(number.value, int)
                        found.setdefault(number.value, set()).add(f"{path.relative_to(TESTS)}::{node.name}")
    return found


def rows() -> dict[int, str]:
    return {int(number): text for number, text in re.findall(r"^\| (\d+) \| (.+) \|$", TABLE, re.MULTILINE)}


def test_the_table_has_49_faults() -> None:
    assert sorted(rows()) == list(range(1, 50))


def test_every_fault_has_a_test_and_every_mark_a_fault() -> None:
    assert set(marked()) == set(rows())
