"""Reports of real runners say what the runners said; each is known by its content."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from devkeel.gates.figures import Counts, Figures, Lines, added_up
from devkeel.gates.readers.registry import READERS, reader_of
from devkeel.gates.readers.trust import Differs, UnreadReport, moment

from .conftest import Real, run_pytest, written

if TYPE_CHECKING:
    from pathlib import Path

    from devkeel.gates.figures import TestReport

pytestmark = pytest.mark.xdist_group("gates")

# What coverage.py 7.2.7 and 7.6.0 wrote of such a lib.py with a text at its top: every line that ran is listed, and
# those that are statements and not excluded are counted.
OLD = json.dumps(
    {
        "meta": {"version": "7.2.7", "timestamp": "2026-01-31T16:29:43", "branch_coverage": True},
        "files": {
            "lib.py": {
                "executed_lines": [1, 2, 3, 5, 6, 7, 11, 12, 13, 14, 15, 16],
                "missing_lines": [],
                "excluded_lines": [3, 4, 12, 13, 15, 16],
                "summary": (
                    OLD_SUMMARY := {
                        "covered_lines": 6,
                        "num_statements": 6,
                        "percent_covered": 100.0,
                        "missing_lines": 0,
                        "excluded_lines": 6,
                        "num_branches": 2,
                        "covered_branches": 2,
                        "missing_branches": 0,
                    }
                ),
            }
        },
        "totals": OLD_SUMMARY,
    }
).encode()
OLD_LCOV = b"TN:\nSF:lib.py\n%s\nLF:6\nLH:6\nend_of_record\n" % b"\n".join(
    b"DA:%d,1,cqjRfqqPgtzP+CAq2BL/HQ" % line for line in (1, 2, 5, 6, 7, 11, 14)
)
# What coverage.py 6.5.0 wrote of such a file: what ran and is no statement is counted in LH.
OLDER_LCOV = OLD_LCOV.replace(b"\nLF", b"\nDA:15,0,HXSyvGRDzObAIugiKZPUNw\nLF").replace(b"LF:6\nLH:6", b"LF:7\nLH:7")
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
    # Where nothing is there that says how many passed, only what cannot make it better is believed.
    assert added_up([read(Real(data, b""))]) == Figures(Counts(1, 0, 0))
    for old, new in ((b'failures="0"', b'failures="1"'), (b' failures="0"', b""), (b'skipped="0"', b'skipped="1"')):
        if b'tests="1"' not in data:
            with pytest.raises(Differs):
                read(Real(data.replace(old, new), b""))


@pytest.mark.parametrize("data", [OLD, OLD_LCOV], ids=["json", "lcov"])
def test_older_versions_of_coverage_list_more_lines_than_they_count(data: bytes) -> None:
    assert added_up([read(Real(data, b""))]).lines == Lines(6, 6)
    assert added_up([read(Real(OLDER_LCOV, b""))]).lines == Lines(6, 7)
    for old, new in ((b'"covered_lines": 6', b'"covered_lines": 7'), (b"LF:6", b"LF:5"), (b"LH:6", b"LH:5")):
        if old in data:
            with pytest.raises(Differs):
                read(Real(data.replace(old, new), b""))


def test_a_newer_version_lists_what_it_counts() -> None:
    with pytest.raises(Differs):
        read(Real(OLD.replace(b"7.2.7", b"7.10.1"), b""))


@pytest.mark.parametrize("stamp", ["0", "", "yesterday", "99999-01-01", "1e9"])
def test_what_is_no_time_says_nothing(stamp: str) -> None:
    assert moment(stamp) is None


def suite(cases: str, told: str = "", name: str = "s") -> bytes:
    return f'<testsuites><testsuite name="{name}" {told}>{cases}</testsuite></testsuites>'.encode()


TWIN = '<testcase name="x" classname="c" time="0.000"/>'


@pytest.mark.parametrize(
    ("data", "counts"),
    [
        (suite(TWIN * 2, 'tests="2" failures="0"'), Counts(2, 0, 0)),
        (suite(f"{TWIN * 3}<testcase name='y'><failure/></testcase>", 'tests="4" failures="1"'), Counts(3, 1, 0)),
        (
            b'<testsuites tests="2"><testsuite name="s">%s</testsuite></testsuites>' % (TWIN * 2).encode(),
            Counts(2, 0, 0),
        ),
        (suite("<testcase name='a'><failure/><skipped/></testcase>", 'tests="1" failures="1"'), Counts(0, 1, 0)),
        (suite("<testcase name='a'><skipped/><error/></testcase>", 'errors="1" skipped="1"'), Counts(0, 1, 0)),
        (suite("<testcase name='a' status='failed'/>", 'tests="1"'), Counts(0, 1, 0)),
        (suite("<testcase name='a' status='run' result='failure'/>", 'failures="1"'), Counts(0, 1, 0)),
        (suite("<testcase name='a' status='run' result='completed'/>", 'failures="0"'), Counts(1, 0, 0)),
        (suite("<error/><testcase name='a'/>", 'tests="1" errors="1"'), Counts(1, 1, 0)),
    ],
)
def test_what_writers_of_junit_say_each_in_its_own_way(data: bytes, counts: Counts) -> None:
    assert added_up([read(Real(data, b""))]).tests == counts


TRY = '<testcase classname="c" name="again" time="0.1"{}'
COMMENTS = "".join(
    f"<!-- {name} {number} -->" for name, number in (("tests", 2), ("suites", 0), ("pass", 2), ("fail", 0))
)


@pytest.mark.parametrize(
    ("data", "counts"),
    [
        (suite(TRY.format("/>") * 3, 'tests="1" failures="0" errors="0"', "pytest"), Counts(1, 0, 0)),
        (
            suite(TRY.format("/>") * 2 + TRY.format("><failure/></testcase>"), 'tests="1" failures="1"', "pytest"),
            Counts(0, 1, 0),
        ),
        # A failure stays one, whatever stands behind it.
        (
            suite(TRY.format("><failure/></testcase>") + TRY.format("/>"), 'tests="1" failures="1"', "pytest"),
            Counts(0, 1, 0),
        ),
        (f"<testsuites>{TWIN * 2}{COMMENTS}</testsuites>".encode(), Counts(2, 0, 0)),
    ],
)
def test_what_stands_twice_is_as_many_tests_as_its_writer_counts(data: bytes, counts: Counts) -> None:
    assert added_up([read(Real(data, b""))]).tests == counts


@pytest.mark.parametrize("name", ["pytest", "mine"])
@pytest.mark.parametrize(("tests", "failures", "ends"), [(7, 1, "><failure/></testcase>"), (6, 0, "/>")])
def test_what_pytest_ran_again_is_one_test_whatever_its_suite_is_called(
    name: str, tests: int, failures: int, ends: str
) -> None:
    # As pytest 9.2.0 with pytest-rerunfailures 16.7 writes it: a try that failed has no mark, and is not counted; the
    # test whose teardown failed has passed before, and is counted twice.
    cases = "".join(
        f"<testcase classname='t' name='{case}' time='0.{number}'{end}"
        for case, count, last in (("flaky", 3, "/>"), ("never", 3, ends), ("torn", 2, "/>"), ("in", 2, "/>"))
        for number in range(count)
        for end in [last if number == count - 1 else "/>"]
    )
    told = f'errors="0" failures="{failures}" skipped="0" tests="{tests - 2}" time="0.1"'
    data = f'<testsuite name="{name}" {told} timestamp="2026-01-31T16:29:43" hostname="h">{cases}</testsuite>'
    report = read(Real(data.encode(), b""))
    assert added_up([report]).tests == Counts(4 - failures, failures, 0)


@pytest.mark.parametrize(("end", "outcome"), [("PASS", Counts(1, 0, 0)), ("SKIP", None), ("FAIL", None)])
def test_go_up_to_1_19_ends_a_test_behind_what_it_printed_without_the_end_of_a_line(
    end: str, outcome: Counts | None
) -> None:
    about = {"Package": "m", "Test": "TestA"}
    lines = [
        {"Action": "run", **about},
        {"Action": "output", **about, "Output": f"no newline--- {end}: TestA (0.00s)\n"},
        {"Action": "pass", "Package": "m"},
    ]
    data = "".join(f"{json.dumps(line)}\n" for line in lines).encode()
    if end == "FAIL":
        with pytest.raises(Differs):
            read(Real(data, data))
    else:
        assert added_up([read(Real(data, data))]).tests == outcome
    # Where the package failed, and no test says that it did, this one may be what ended it.
    broken = data.replace(b'"pass"', b'"fail"')
    assert added_up([read(Real(broken, broken))]).tests == Counts(0, 1, 0)


@pytest.mark.parametrize(
    "data",
    [
        suite(TWIN * 2),
        suite(TWIN * 2, 'tests="1"'),
        suite(TWIN * 3, 'tests="2"'),
        # One that was taken for the teardown that pytest counts beside its cases.
        suite(f"{TWIN * 2}<testcase name='y'><error message='failed on teardown'/></testcase>", 'tests="3" errors="1"'),
        suite("<testcase name='a' status='failed'/>", 'failures="0"'),
    ],
)
def test_what_no_total_tells_from_a_lie_is_refused(data: bytes) -> None:
    with pytest.raises(Differs):
        read(Real(data, b""))
