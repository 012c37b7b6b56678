"""How much of what a repository needs `devkeel init --detect` finds, and how much of what it proposes is so.

    .venv/bin/python -m benchmarks.detection [-v] [DIRECTORY]

`detection_recipes/` has small repositories, each with its truth: the languages and services that a person would
declare, and the versions that its files pin. A version counts as found where one is the other or a series of it, so
that `20` is right for `20.11.1`. With a directory: what is proposed for that repository.
"""

from __future__ import annotations

import sys
import tempfile
import tomllib
from pathlib import Path
from typing import NamedTuple

from devkeel.detection.gathering import gather
from devkeel.detection.proposal import draw
from devkeel.detection.repository import Repository
from devkeel.detection.versions import agree
from devkeel.project.root import Project

RECIPES = Path(__file__).parent / "detection_recipes"
KINDS = ("languages", "services", "versions")
PRECISION, RECALL = 0.95, 0.85


class Score(NamedTuple):
    """Of one kind: what was rightly found, what was wrongly proposed, what was missed, each as `recipe: name`."""

    right: list[str]
    wrong: list[str]
    missed: list[str]

    @property
    def precision(self) -> float:
        """The part of what was proposed that is so."""
        return len(self.right) / max(1, len(self.right) + len(self.wrong))

    @property
    def recall(self) -> float:
        """The part of what is so that was proposed."""
        return len(self.right) / max(1, len(self.right) + len(self.missed))


def proposed(root: Path) -> dict[str, dict[str, str]]:
    """Return what is proposed for a repository: names of languages and services, and versions by name."""
    repository = Repository(Project(root))
    drawn = draw(gather(repository).clues, repository.names)
    enabled = [item.edit["name"] for item in drawn.edits if item.edit["kind"] == "enable"]
    of = {group: {name.partition(".")[2]: "" for name in enabled if name.startswith(group)} for group in KINDS[:2]}
    return {**of, "versions": drawn.versions}


def measured(recipes: list[Path]) -> dict[str, Score]:
    """Return the scores of some recipes by kind."""
    scores = {kind: Score([], [], []) for kind in KINDS}
    for path in recipes:
        recipe = tomllib.loads(path.read_text("utf-8"))
        with tempfile.TemporaryDirectory() as folder:
            write(Path(folder), recipe["files"])
            found = proposed(Path(folder))
        for kind, score in scores.items():
            truth = recipe[kind] if kind == "versions" else dict.fromkeys(recipe[kind], "")
            for name, value in found[kind].items():
                right = name in truth and (kind != "versions" or agree(value, truth[name]))
                (score.right if right else score.wrong).append(f"{path.stem}: {name} {value}".rstrip())
            known = {
                name for name, value in found[kind].items() if kind != "versions" or agree(value, truth.get(name, ""))
            }
            score.missed.extend(f"{path.stem}: {name} {truth[name]}".rstrip() for name in truth if name not in known)
    return scores


def write(root: Path, files: dict[str, str]) -> None:
    """Make the files of a recipe."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


def main(arguments: list[str]) -> int:
    """Print the figures; 1 where they are below what is held."""
    places = [Path(item) for item in arguments if not item.startswith("-")]
    for place in places:
        print(place.name, {kind: dict(found) or "-" for kind, found in proposed(place.resolve()).items()})
    if places:
        return 0
    recipes = sorted(RECIPES.glob("*.toml"))
    scores = measured(recipes)
    print(
        f"{'kind':<12}{'precision':>10}{'recall':>10}{'right':>8}{'wrong':>8}{'missed':>8}   of {len(recipes)} recipes"
    )
    for kind, score in scores.items():
        counts = "".join(f"{len(items):>8}" for items in score)
        print(f"{kind:<12}{score.precision:>10.1%}{score.recall:>10.1%}{counts}")
        for label, items in zip(("wrong", "missed"), score[1:], strict=True):
            for item in items if "-v" in arguments else ():
                print(f"    {label:<8}{item}")
    return int(any(score.precision < PRECISION or score.recall < RECALL for score in scores.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
