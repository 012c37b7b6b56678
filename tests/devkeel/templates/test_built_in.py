"""Each template that comes with devkeel is sound, begins a project, and is at home in one that is there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from devkeel.templates import finding

if TYPE_CHECKING:
    from devkeel.api import Environment

KITS = finding.built_in()
TRIED = [(kit.manifest.name, example) for kit in KITS for example in kit.manifest.examples]


@pytest.mark.parametrize("name", [kit.manifest.name for kit in KITS])
def test_a_built_in_template_is_sound(empty: Environment, name: str) -> None:
    report = empty.validate_template(name)
    assert (report.problems, report.ok, report.name) == ((), True, name)
    assert report.examples
    assert "/" not in name


def test_the_page_has_every_built_in_template() -> None:
    page = (Path(__file__).parents[3] / "docs" / "templates.md").read_text()
    assert [kit.manifest.name for kit in KITS if f"`{kit.manifest.name}`" not in page] == []


@pytest.mark.parametrize(("name", "example"), TRIED)
def test_it_begins_a_project_and_twice_changes_nothing(empty: Environment, name: str, example: dict[str, Any]) -> None:
    made = empty.use_template(name, example)
    assert made.published
    assert [item for item in made.checks.diagnostics if item.severity != "info"] == []
    again = empty.use_template(name, example)
    assert not again.changed


@pytest.mark.parametrize(("name", "example"), TRIED)
def test_it_is_at_home_in_a_project_that_is_there(environment: Environment, name: str, example: dict[str, Any]) -> None:
    before = Path(environment.project.root, "devenv.nix").read_text()
    made = environment.use_template(name, example)
    after = Path(environment.project.root, "devenv.nix").read_text()
    assert made.published
    # The list of packages is longer, and the head may take config, too.
    gone = [line for line in before.splitlines()[1:] if line not in after.splitlines()]
    assert [line for line in gone if "packages = [" not in line] == []
    assert "pkgs.git" in after
    assert not environment.use_template(name, example).changed
