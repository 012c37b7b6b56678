"""`devkeel gate`: what it shows, as text and JSON, and its exit codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Shell

CASES = '<testcase name="a"/><testcase name="b"><failure/></testcase>'
REPORT = f'<testsuite name="s" tests="2" failures="{{}}">{CASES}</testsuite>'
LCOV = "SF:lib.js\nDA:1,1\nDA:2,0\nend_of_record\n"


@pytest.fixture
def shell(devkeel: Shell) -> Shell:
    (devkeel.root / "report.xml").write_text(REPORT.format(1))
    (devkeel.root / "lcov.info").write_text(LCOV)
    (devkeel.root / "devkeel.toml").write_text('[gates]\nreports = ["*.xml", "lcov.info"]\n')
    return devkeel


def test_reports_are_read_without_running_anything(shell: Shell) -> None:
    outcome = shell("gate", "--no-run")
    assert outcome.code == 0
    assert outcome.out.splitlines()[:3] == [
        "gate bootstrap: failed",
        "50% of the code ran, and bootstrap asks for 65%.",
        "50% of the tests passed, and bootstrap asks for 80%.",
    ]
    data = shell("gate", "growth", "--no-run", "--json").data
    assert (data["verdict"], data["thresholds"]) == ("failed", {"coverage": 80, "passed": 90})
    assert data["figures"] == {
        "tests": {"passed": 1, "failed": 1, "skipped": 0},
        "lines": {"covered": 1, "total": 2},
    }
    assert not (shell.root / ".devkeel").exists()


def test_the_exit_code_says_it_in_block(shell: Shell) -> None:
    (shell.root / "devkeel.toml").write_text(
        '[gates]\nmode = "block"\nreports = ["*.xml", "lcov.info"]\n[gates.stages.low]\npassed = 50\ncoverage = 50\n'
    )
    assert shell("gate", "--no-run").code == 1
    assert shell("gate", "low", "--no-run").code == 0
    assert shell("gate", "low", "--no-run", "--report", "report.xml").code == 1


def test_a_lie_is_refused(shell: Shell) -> None:
    (shell.root / "report.xml").write_text(REPORT.format(0))
    outcome = shell("gate", "--no-run", "--json", "--report", "report.xml")
    assert outcome.code == 1
    error = outcome.data["error"]
    assert (error["code"], error["place"]["file"], error["seen"]) == ("report_untrusted", "report.xml", "JUnit XML")
    beside = shell("gate", "--no-run", "--json").data  # what is believed says enough
    assert (beside["verdict"], beside["percent"]["coverage"]) == ("failed", 50)
    assert [(item["code"], item["file"]) for item in beside["problems"]] == [("report_untrusted", "report.xml")]


def test_an_unknown_stage_and_a_strange_call_are_usage(shell: Shell) -> None:
    assert shell("gate", "stable", "--no-run").code == 2
    assert shell("gate", "--history", "--no-run").code == 2
    assert shell("gate", "--no-run", "--limit", "1").code == 2
    assert shell("gate", "--history", "--limit", "0").code == 2


def test_what_is_kept_is_shown(shell: Shell) -> None:
    outcome = shell("gate", "--history", "--json")
    assert (outcome.code, outcome.data) == (0, {"results": []})
    assert not (shell.root / ".devkeel").exists()


def test_only_so_many_of_the_newest_are_shown(shell: Shell) -> None:
    for stage in ("growth", "strict"):
        assert shell("gate", stage).code == 0
    shown = shell("gate", "--history", "--json", "--limit", "1").data["results"]
    assert [item["stage"] for item in shown] == ["strict"]
    assert len(shell("gate", "--history", "--json").data["results"]) == 2
