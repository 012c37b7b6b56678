"""The table `gates` of devkeel.toml: the stages, as they are changed and added, and what is refused with its line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from devkeel.errors import ProjectError
from devkeel.project.gates import STAGES, Gates, GateStage
from devkeel.project.root import SETTINGS, Project
from devkeel.project.settings import read_settings

if TYPE_CHECKING:
    from pathlib import Path

BUILT_IN = {"bootstrap": (65, 80), "growth": (80, 90), "stabilize": (90, 95), "strict": (93, 100)}


def read(root: Path, text: str) -> Gates:
    (root / SETTINGS).write_text(text)
    gates = read_settings(Project(root)).gates
    assert gates is not None
    return gates


def test_the_stages_that_come_with_devkeel() -> None:
    assert {item.name: (item.coverage, item.passed) for item in STAGES} == BUILT_IN


def test_without_the_table_nothing_is_said(tmp_path: Path) -> None:
    (tmp_path / SETTINGS).write_text("job_after = 3\n")
    assert read_settings(Project(tmp_path)).gates is None


def test_every_setting_is_read(tmp_path: Path) -> None:
    gates = read(
        tmp_path,
        '[gates]\nstage = "own"\nmode = "block"\nafter_apply = true\ncommand = ["pytest", "-q"]\n'
        'reports = ["report.xml", "out/**/*.xml"]\ncwd = "backend"\ntimeout = 60\n'
        "[gates.stages.own]\npassed = 99.5\n[gates.stages.growth]\ncoverage = 70\n",
    )
    assert (gates.stage, gates.mode, gates.after_apply, gates.timeout) == ("own", "block", True, 60)
    assert (gates.command, gates.reports, gates.cwd) == (
        ("pytest", "-q"),
        ("report.xml", "out/**/*.xml"),
        "backend",
    )
    stages = {item.name: item for item in gates.stages}
    assert stages["own"] == GateStage("own", None, 99.5)
    assert stages["growth"] == GateStage("growth", 70, 90)
    assert stages["strict"] == GateStage("strict", 93, 100)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("gates = 3\n", 1),
        ('[gates]\nstage = "none"\n', 2),
        ("[gates]\nstage = 3\n", 2),
        ('[gates]\nmode = "stop"\n', 2),
        ("[gates]\nafter_apply = 1\n", 2),
        ('[gates]\ncommand = "pytest"\n', 2),
        ("[gates]\ncommand = []\n", 2),
        ('[gates]\ncommand = [""]\n', 2),
        ('[gates]\ncommand = ["a", 3]\n', 2),
        ('[gates]\ncommand = ["a", "\\u0000"]\n', 2),
        ('[gates]\nreports = "a.xml"\n', 2),
        ('[gates]\nreports = ["/etc/passwd"]\n', 2),
        ('[gates]\nreports = ["../a.xml"]\n', 2),
        ('[gates]\nreports = ["a/../../b.xml"]\n', 2),
        ('[gates]\nreports = ["~/a.xml"]\n', 2),
        ('[gates]\nreports = [""]\n', 2),
        ("[gates]\nreports = [" + "'a', " * 51 + "]\n", 2),
        ('[gates]\ncwd = ".."\n', 2),
        ("[gates]\ntimeout = 0\n", 2),
        ("[gates]\ntimeout = inf\n", 2),
        ("[gates]\ntimeout = true\n", 2),
        ('[gates]\n\nsatge = "growth"\n', 3),
        ("[gates]\nstages = []\n", 2),
        ("[gates.stages]\nown = 3\n", 2),
        ("[gates.stages.own]\n", 1),
        ("[gates.stages.own]\ncoverage = 101\n", 2),
        ("[gates.stages.own]\ncoverage = -1\n", 2),
        ("[gates.stages.own]\ncoverage = nan\n", 2),
        ('[gates.stages.own]\ncoverage = "80"\n', 2),
        ("[gates.stages.own]\ncoverage = true\n", 2),
        ("[gates.stages.own]\ncoverage = 80\nbranches = 70\n", 3),
    ],
)
def test_what_cannot_be_is_refused_with_its_line(tmp_path: Path, text: str, line: int) -> None:
    with pytest.raises(ProjectError) as caught:
        read(tmp_path, text)
    assert caught.value.code == "bad_settings"
    assert caught.value.place is not None
    assert (caught.value.place.file, caught.value.place.line) == (SETTINGS, line)
