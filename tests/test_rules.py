"""Each rule in `rules.py` stands on the environments page and has a test of its name; no test bears another name."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from .rules import RULES

TESTS = Path(__file__).parent
PAGE = " ".join((TESTS.parent / "docs" / "environments.md").read_text("utf-8").split())


def marked() -> dict[str, set[str]]:
    """Return the tests that are marked with each rule, from their source: none has to run for that."""
    found: dict[str, set[str]] = {}
    rooms = [room for room in TESTS.iterdir() if room.is_dir() and room.name != "conformance"]  # its node_modules
    for path in sorted(file for room in rooms for file in room.rglob("test_*.py")):
        if b"mark.rule" not in path.read_bytes():
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            for mark in node.decorator_list:
                if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.rule":
                    for name in mark.args:
                        assert isinstance(name, ast.Constant)
                        found.setdefault(str(name.value), set()).add(f"{path.relative_to(TESTS)}::{node.name}")
    return found


def test_every_rule_has_a_test_and_every_mark_a_rule() -> None:
    assert set(marked()) == set(RULES)


def test_every_rule_stands_on_the_page() -> None:
    assert not [words for words in RULES.values() if words not in PAGE]


def test_the_seven_kinds_have_rules() -> None:
    kinds = {name.partition(": ")[0] for name in RULES}
    assert kinds == {"naming", "prompt", "lock", "channel", "guardrail", "worktree", "ci"}
    assert all(re.fullmatch(r"\w+: [\w .-]+", name) for name in RULES)
