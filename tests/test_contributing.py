"""CONTRIBUTING.md has recipes of one form: a table of files that are there, numbered steps, a test that follows it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
RECIPES = dict(re.findall(r"^## Add (.+?)\n(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL))


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_names_files_that_are_there(name: str) -> None:
    files = re.findall(r"^\| `([\w/.-]+)` \|", RECIPES[name], re.MULTILINE)
    assert files
    # words in capitals stand for a name of the feature's own
    named = [item for item in files if not re.search(r"\b[A-Z]+\b", item)]
    assert [item for item in named if not (ROOT / item).is_file()] == []


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_has_numbered_steps(name: str) -> None:
    numbers = [int(item) for item in re.findall(r"^(\d+)\. ", RECIPES[name], re.MULTILINE)]
    assert len(numbers) > 1
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_is_followed_by_a_test_of_its_name(name: str) -> None:
    tests = re.findall(r"^def test_(\w+)\(", (ROOT / "tests/test_recipes.py").read_text("utf-8"), re.MULTILINE)
    begin = "_".join(re.findall(r"\w+", name.lower())[:2])
    assert [item for item in tests if item.startswith(begin)] != []


def test_the_project_says_where_to_begin() -> None:
    assert "(CONTRIBUTING.md)" in (ROOT / "README.md").read_text("utf-8")
