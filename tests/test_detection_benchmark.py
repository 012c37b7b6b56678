"""Detection is measured on small repositories, and its precision and recall are held."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

from benchmarks import detection

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

RECIPES = sorted(detection.RECIPES.glob("*.toml"))


def test_the_recipes_are_many_and_each_has_its_truth() -> None:
    assert len(RECIPES) >= 40
    for path in RECIPES:
        recipe = tomllib.loads(path.read_text("utf-8"))
        assert recipe.keys() == {*detection.KINDS, "files"}, path.stem
        assert recipe["files"]


def test_what_is_proposed_is_so_and_most_of_what_is_so_is_proposed() -> None:
    for kind, score in detection.measured(RECIPES).items():
        assert score.precision >= detection.PRECISION, (kind, score.wrong)
        assert score.recall >= detection.RECALL, (kind, score.missed)


def test_what_is_wrong_or_missed_is_counted(tmp_path: Path) -> None:
    recipe = tmp_path / "one.toml"
    recipe.write_text(
        "languages = ['rust']\nservices = []\nversions = { go = '1.2' }\n[files]\n'.go-version' = '1.23.4'\n"
    )
    found = detection.measured([recipe])
    assert [*found["languages"]] == [[], ["one: go"], ["one: rust"]]
    assert [*found["versions"]] == [[], ["one: go 1.23.4"], ["one: go 1.2"]]
    assert (found["languages"].precision, found["languages"].recall) == (0, 0)


def test_figures_below_what_is_held_are_an_end_with_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for wrong, code in (([], 0), (["x"] * 10, 1)):
        scores = {"languages": detection.Score(["a"], wrong, [])}
        monkeypatch.setattr(detection, "measured", lambda _, scores=scores: scores)
        assert detection.main(["-v"]) == code
    assert "languages" in capsys.readouterr().out
