"""What is loaded late: by one mechanism, and inside a function only for a measured reason."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

from devkeel.deferred import Deferred

ROOT = Path(__file__).parent.parent
SOURCES = sorted([*(ROOT / "tools").rglob("*.py"), *(ROOT / "server").rglob("*.py")])


def deferred(tree: ast.Module) -> dict[str, str]:
    """Return the names that stand for a module until it is used, and those modules."""
    return {
        ast.unparse(target): ast.literal_eval(value.args[0])
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for target, value in pairs(node)
        if isinstance(value, ast.Call) and ast.unparse(value.func) == "Deferred"
    }


def pairs(node: ast.Assign) -> list[tuple[ast.expr, ast.expr]]:
    target, value = node.targets[0], node.value
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        return list(zip(target.elts, value.elts, strict=True))
    return [(target, value)]


def checked(tree: ast.Module) -> dict[str, str]:
    """Return the modules that are imported under TYPE_CHECKING, by the name that they have there."""
    blocks = [node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    return {
        alias.asname or alias.name: f"{node.module}.{alias.name}" if isinstance(node, ast.ImportFrom) else alias.name
        for block in blocks
        for node in block.body
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    }


def test_what_is_deferred_is_there_and_is_what_the_types_are_checked_with() -> None:
    late = set[str]()
    for path in SOURCES:
        text = path.read_text("utf-8")
        if "Deferred" in text:
            tree = ast.parse(text)
            found = deferred(tree)
            assert found.items() <= checked(tree).items(), path
            late |= {*found.values()}
    assert late
    for module in sorted(late):
        assert importlib.import_module(module)


def test_a_module_is_imported_by_its_first_use() -> None:
    module = Deferred("devkeel.no_such_module")
    assert "devkeel.no_such_module" in repr(module)
    with pytest.raises(ModuleNotFoundError):
        _ = module.name
    assert Deferred("json").dumps is importlib.import_module("json").dumps


def test_an_import_inside_a_function_says_how_many_milliseconds_that_saves() -> None:
    assert [f"{path}: {line}" for path in SOURCES for line in unmeasured(path.read_text("utf-8"))] == []


def unmeasured(text: str) -> list[str]:
    """Return the lines of imports inside functions that do not say what they save."""
    lines = text.splitlines()
    if not any(re.match(r"\s+(?:from\s.*\s)?import\b", line) for line in lines):
        return []
    functions = [
        node for node in ast.walk(ast.parse(text)) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    ]
    inside = {
        node.end_lineno or node.lineno
        for function in functions
        for node in ast.walk(function)
        if isinstance(node, (ast.Import, ast.ImportFrom))
    }
    return [lines[number - 1] for number in sorted(inside) if not re.search(r"#.*\b\d+ ms\b", lines[number - 1])]


def test_an_import_inside_a_function_is_found() -> None:
    text = "def work():\n    import json\n    import re  # 3 ms\n    from a import (\n        b,\n    )\n"
    assert unmeasured(text) == ["    import json", "    )"]


@pytest.mark.parametrize("package", ["devkeel.catalogue", "devkeel.source.nix", "devkeel.source.yaml"])
def test_each_module_of_a_package_that_is_a_front_can_be_the_first_that_is_imported(package: str) -> None:
    code = """
import importlib, os, pkgutil, sys
package = importlib.import_module(sys.argv[1])
names = [found.name for found in pkgutil.walk_packages(package.__path__, package.__name__ + ".")]
assert names
for name in names:
    child = os.fork()
    if not child:
        importlib.import_module(name)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0, name
"""
    subprocess.run([sys.executable, "-W", "error", "-c", code, package], check=True, timeout=120)
