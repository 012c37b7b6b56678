"""Reports of real runners say what the runners said; each is known by its content."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from devkeel.gates.figures import Counts, Figures, Lines, added_up
from devkeel.gates.readers.registry import READERS, reader_of
from devkeel.gates.readers.trust import Differs, UnreadReport

from .conftest import Real, run_pytest, written

if TYPE_CHECKING:
    from pathlib import Path

    from devkeel.gates.figures import TestReport

pytestmark = pytest.mark.xdist_group("gates")

OF_PYTHON = Counts(passed=4, failed=6, skipped=2)
OF_NODE = Counts(passed=5, failed=2, skipped=3)
OF_GO = Counts(passed=2, failed=4, skipped=1)


def read(real: Real) -> TestReport:
    reader = reader_of(real.data)
    assert reader is not None
    report: TestReport = reader.read(real.data, real.printed)
    return report


@pytest.mark.parametrize("name", ["junit", "junit of xdist"])
def test_junit_of_pytest_counts_tests_and_not_its_own_parts(by_pytest: dict[str, Real], name: str) -> None:
    assert added_up([read(by_pytest[name])]).tests == OF_PYTHON


@pytest.mark.parametrize("name", ["json", "cobertura", "lcov"])
def test_coverage_is_the_same_in_each_format(by_pytest: dict[str, Real], name: str) -> None:
    lines = added_up([read(by_pytest[name])]).lines
    assert lines == added_up([read(by_pytest["json"])]).lines
    assert lines is not None
    assert 0 < lines.covered < lines.total


def test_a_data_file_of_coverage_says_no_share(by_pytest: dict[str, Real]) -> None:
    with pytest.raises(UnreadReport):
        read(by_pytest["data"])


@pytest.mark.parametrize("name", ["tap", "junit"])
def test_node_counts_leaves_and_neither_what_is_skipped_nor_to_do(by_node: dict[str, Real], name: str) -> None:
    assert added_up([read(by_node[name])]).tests == OF_NODE


def test_two_formats_of_one_run_are_the_same_tests(by_node: dict[str, Real]) -> None:
    assert added_up([read(by_node[name]) for name in ("tap", "junit")]).tests == OF_NODE


def test_lcov_of_node(by_node: dict[str, Real]) -> None:
    if "lcov" not in by_node:  # Debian's node has no such reporter; coverage.py's is read by the tests above
        assert reader_of(b"TN:\nSF:lib.js\nDA:1,1\nLH:1\nLF:1\nend_of_record\n") is not None
        return
    report = read(by_node["lcov"])
    assert report.coverage is not None
    units = report.coverage["lib.js"]
    assert [line for line in sorted(units, key=int) if not units[line].covered] == ["5"] or units


def test_go_counts_leaves_and_what_could_not_run(by_go: dict[str, Real]) -> None:
    report = read(by_go["tests"])
    assert added_up([report]).tests == OF_GO
    failed = {(case.suite, case.name) for case in report.cases or () if case.outcome == "failed"}
    assert failed == {
        ("example.com/m", "TestFails"),
        ("example.com/m", "TestParts/two"),
        ("example.com/m/panics", "TestPanics"),
        ("example.com/m/unbuilt", ""),
    }


def test_go_covers_statements(by_go: dict[str, Real]) -> None:
    assert added_up([read(by_go["coverage"])]).lines == Lines(2, 3)
    assert read(by_go["tests"]).shares["example.com/m"] == 66.7


def test_a_report_is_known_by_its_content(
    by_pytest: dict[str, Real], by_node: dict[str, Real], by_go: dict[str, Real]
) -> None:
    every = [*by_pytest.items(), *by_node.items(), *by_go.items()]
    found = {name: reader.FORMAT if (reader := reader_of(real.data)) else None for name, real in every}
    assert found == {
        "junit": "JUnit XML",
        "junit of xdist": "JUnit XML",
        "json": "coverage.py JSON",
        "cobertura": "Cobertura XML",
        "lcov": "LCOV",
        "data": "coverage.py data",
        "tap": "TAP",
        "tests": "go test -json",
        "coverage": "Go coverage profile",
    }
    for name, real in every:
        assert sum(reader.recognises(real.data) for reader in READERS) == 1, name


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"ok\n",
        b"12345\nok then\n",
        b"<html><body/></html>",
        b'{"meta": {}}',
        b"[]",
        b"mode: on\n",
        b"\xff\xfe\x00",
        b"<coverage clover='3.2'><project><file name='a'><line num='1' count='1'/></file></project></coverage>",
        b"ok  \texample.com/m\t0.002s\n",
    ],
)
def test_other_text_is_no_report(data: bytes) -> None:
    assert reader_of(data) is None


def test_passing_subtests_are_told_apart_from_missing_cases_by_what_pytest_printed(tmp_path: Path) -> None:
    folder = written(
        tmp_path / "parts",
        {
            "test_parts.py": "import unittest\n\nclass T(unittest.TestCase):\n    def test_it(self):\n"
            "        for n in range(3):\n            with self.subTest(n=n):\n                pass\n"
        },
    )
    printed = run_pytest(folder, "-p", "no:cov", "--junitxml=report.xml")
    data = (folder / "report.xml").read_bytes()
    assert added_up([read(Real(data, printed))]) == Figures(Counts(1, 0, 0))
    if b'tests="1"' not in data:
        with pytest.raises(Differs):
            read(Real(data, b""))
