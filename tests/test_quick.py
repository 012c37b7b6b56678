"""`make quick` runs the tests of what changed, and no more than its time allows."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from .quick import TIMES, changed_files, choose, folder_of_tests, write_times

ROOT = Path(__file__).parents[1]
MANY = "tests/devkeel/edits/test_many.py"
APPLY = "tests/devkeel/edits/test_apply.py"
MODULES = [
    "tests/test_layers.py",
    "tests/test_long.py",
    "tests/devkeel/test_api.py",
    APPLY,
    MANY,
    "tests/devkeel/checks/test_syntax.py",
    "tests/devkeel_cli/test_verbs.py",
]
TIMES_OF = {"tests/test_long.py": 30.0, MANY: 5.0, "tests/devkeel_cli/test_verbs.py": 50.0}


@pytest.mark.parametrize(
    ("path", "folder"),
    [
        ("tools/devkeel/edits/apply.py", "tests/devkeel/edits"),
        ("tools/devkeel/source/nix/read/syntax.py", "tests/devkeel/source"),
        ("tools/devkeel/api.py", "tests/devkeel"),
        ("server/devkeel_cli/verbs/change.py", "tests/devkeel_cli"),
        ("tests/devkeel/edits/conftest.py", "tests/devkeel/edits"),
        ("tests/devkeel_cli/__snapshots__/test_verbs.ambr", "tests/devkeel_cli"),
        ("tests/conftest.py", "tests"),
        ("pyproject.toml", "tests"),
        ("tests/test_layers.py", ""),
        ("tests/times.json", ""),
        ("docs/errors.md", ""),
    ],
)
def test_a_file_is_tested_in_the_folder_of_its_room(path: str, folder: str) -> None:
    assert folder_of_tests(path) == folder


def test_the_tests_of_the_structure_and_of_the_changed_rooms_run() -> None:
    chosen = choose(["tools/devkeel/edits/many.py"], MODULES, TIMES_OF)
    assert chosen.run == [
        "tests/test_layers.py",
        "tests/devkeel/edits/test_many.py",
        "tests/devkeel/edits/test_apply.py",
    ]
    assert chosen.left_out == []


def test_what_the_time_does_not_allow_is_named() -> None:
    chosen = choose(["server/devkeel_cli/verbs/change.py", "tools/devkeel/api.py"], MODULES, TIMES_OF, budget=20)
    assert chosen.run[:2] == ["tests/test_layers.py", "tests/devkeel/test_api.py"]
    assert chosen.left_out == ["tests/devkeel_cli/test_verbs.py"]


def test_a_changed_test_runs_before_the_rest_of_its_room() -> None:
    chosen = choose([MANY], MODULES, TIMES_OF, budget=6)
    assert chosen == (
        ["tests/test_layers.py", "tests/devkeel/edits/test_many.py"],
        ["tests/devkeel/edits/test_apply.py"],
    )


def test_where_nothing_changed_the_cheapest_run() -> None:
    chosen = choose([], MODULES, TIMES_OF, budget=10)
    assert sorted(chosen.run) == sorted(item for item in MODULES if TIMES_OF.get(item, 1) < 10)
    assert chosen.left_out == []


def test_what_differs_from_main_is_found_committed_or_not(tmp_path: Path) -> None:
    def git(*arguments: str) -> None:
        who = ["-c", "user.name=x", "-c", "user.email=x@localhost"]
        subprocess.run(["git", "-C", str(tmp_path), *who, *arguments], check=True, capture_output=True)

    assert changed_files(tmp_path) == []
    git("init", "--quiet", "--initial-branch=main")
    for name in ("same", "edited"):
        (tmp_path / name).write_text("one\n")
    git("add", ".")
    git("commit", "--message=one")
    assert changed_files(tmp_path) == []
    (tmp_path / "edited").write_text("two\n")
    assert changed_files(tmp_path) == ["edited"]
    git("switch", "--create", "branch")
    git("commit", "--all", "--message=two")
    (tmp_path / "new").write_text("")
    assert changed_files(tmp_path) == ["edited", "new"]


def test_without_git_nothing_is_known_to_have_changed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert changed_files(ROOT) == []


def test_times_are_read_from_a_report(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text(
        "<testsuites><testsuite>"
        '<testcase classname="tests.devkeel.test_api" name="a" time="1.26"/>'
        '<testcase classname="tests.devkeel.test_api.TestClass" name="b" time="1.0"/>'
        "</testsuite></testsuites>"
    )
    times = tmp_path / "times.json"
    monkeypatch.setattr("tests.quick.TIMES", times)
    write_times(report)
    assert json.loads(times.read_text()) == {"tests/devkeel/test_api.py": 2.3}
    # What the report does not have keeps its time, unless it is gone.
    times.write_text('{"tests/devkeel/test_api.py": 9.9, "tests/test_gone.py": 1.0, "tests/test_quick.py": 0.5}')
    write_times(report)
    assert json.loads(times.read_text()) == {"tests/devkeel/test_api.py": 2.3, "tests/test_quick.py": 0.5}


def test_most_of_the_times_are_of_modules_that_are_there() -> None:
    times = json.loads(TIMES.read_text())
    there = [name for name in times if (ROOT / name).exists()]
    assert len(there) >= 0.8 * len(times), "make times"
