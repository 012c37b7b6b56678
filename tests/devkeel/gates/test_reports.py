"""Which reports are of a run, what several of them come to, and what is not read at all."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING

import pytest

from devkeel.gates.figures import Counts, Figures, Lines, added_up
from devkeel.gates.reports import PRINTED, Occasion, ReportsRead, find, looked_at, read_all
from devkeel.project.root import Project

if TYPE_CHECKING:
    from pathlib import Path

JUNIT = '<testsuite name="s" tests="2" failures="1"><testcase classname="c" name="a"/>{}</testsuite>'
FAILED = '<testcase classname="c" name="b"><failure/></testcase>'
REPORT = JUNIT.format(FAILED)
TAP = "TAP version 13\n1..2\nok 1 - a\nnot ok 2 - b\n"
LCOV = "SF:{}\nDA:1,1\nDA:2,{}\nend_of_record\n"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    root = tmp_path / "project"
    root.mkdir()
    return Project(root)


def write(project: Project, name: str, text: str | bytes) -> None:
    path = project.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())


def read(project: Project, *named: str, printed: str = "", cwd: str = ".") -> ReportsRead:
    return read_all(project, named, Occasion(printed=printed.encode(), cwd=cwd))


def codes(reading: ReportsRead) -> list[tuple[str, str]]:
    return [(item.code, item.file) for item in reading.problems]


def of_run(project: Project, *named: str, then: dict[str, str]) -> ReportsRead:
    """Read reports of a run that writes some files."""
    before, begun = looked_at(project, named), time.time()
    for name, text in then.items():
        write(project, name, text)
    return read_all(project, named, Occasion(begun, before))


def test_a_report_that_the_run_wrote_is_read_and_one_from_before_is_not(project: Project) -> None:
    write(project, "old.xml", REPORT)
    write(project, "new.xml", REPORT.replace("c", "d"))
    os.utime(project.root / "old.xml", (time.time() - 60, time.time() - 60))
    reading = of_run(project, "*.xml", then={"new.xml": REPORT})
    assert codes(reading) == [("report_untrusted", "old.xml")]
    assert [item.file for item in reading.found] == ["new.xml"]


def test_a_report_that_was_there_a_moment_before_the_run_is_older(project: Project) -> None:
    write(project, "old.xml", REPORT)
    assert codes(of_run(project, "old.xml", then={})) == [("report_untrusted", "old.xml")]


def test_the_same_report_written_anew_is_of_the_run(project: Project) -> None:
    write(project, "report.xml", REPORT)
    os.utime(project.root / "report.xml", (time.time() - 60, time.time() - 60))
    reading = of_run(project, "report.xml", then={"report.xml": REPORT})
    assert not reading.problems


@pytest.mark.parametrize("stamp", ["2001-01-01T00:00:00", "2001-01-01T00:00:00Z", "2001-01-01T00:00:00.5+02:00"])
def test_a_report_that_says_itself_that_it_is_older_is_not_believed(project: Project, stamp: str) -> None:
    text = REPORT.replace('name="s"', f'name="s" timestamp="{stamp}"')
    assert codes(of_run(project, "report.xml", then={"report.xml": text})) == [("report_untrusted", "report.xml")]
    write(project, "report.xml", text)
    assert not read(project, "report.xml").problems


def test_a_time_stamp_without_a_zone_may_be_of_any(project: Project) -> None:
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() - 11 * 3600))
    text = REPORT.replace('name="s"', f'name="s" timestamp="{stamp}"')
    assert not of_run(project, "report.xml", then={"report.xml": text}).problems


def test_several_reports_add_up_and_what_two_have_is_counted_once(project: Project) -> None:
    write(project, "one.xml", REPORT)
    write(project, "same.xml", REPORT)
    write(
        project,
        "all.xml",
        f"<testsuites>{REPORT}{REPORT.replace('c', 'd', 0).replace('classname', 'classname')}</testsuites>",
    )
    assert added_up(read(project, "one.xml", "same.xml").reports).tests == Counts(1, 1, 0)
    write(project, "other.xml", REPORT.replace('classname="c"', 'classname="d"'))
    assert added_up(read(project, "one.xml", "other.xml").reports).tests == Counts(2, 2, 0)


def test_of_a_test_that_failed_in_one_report_and_passed_in_another_the_failure_counts(project: Project) -> None:
    write(project, "one.xml", REPORT)
    write(project, "again.xml", '<testsuite name="s"><testcase classname="c" name="b"/></testsuite>')
    assert added_up(read(project, "one.xml", "again.xml").reports).tests == Counts(1, 1, 0)


def test_what_is_printed_beside_a_file_is_the_same_tests(project: Project) -> None:
    write(project, "one.xml", REPORT)
    assert added_up(read(project, "one.xml", printed=f"> test\n{TAP}").reports).tests == Counts(1, 1, 0)
    assert added_up(read(project, PRINTED, printed=TAP).reports).tests == Counts(1, 1, 0)
    assert codes(read(project, PRINTED, printed="no report")) == [("report_missing", PRINTED)]


def test_other_tests_of_another_format_are_added(project: Project) -> None:
    write(project, "one.xml", REPORT)
    printed = "TAP version 14\n1..1\nok 1 - of javascript\n"
    assert added_up(read(project, "one.xml", printed=printed).reports).tests == Counts(2, 1, 0)


def test_coverage_of_two_runs_is_put_together_by_lines(project: Project) -> None:
    write(project, "one.info", LCOV.format("lib.js", 0))
    write(project, "two.info", LCOV.format(project.root / "lib.js", 1) + LCOV.format("other.js", 0))
    assert added_up(read(project, "*.info").reports) == Figures(None, Lines(3, 4))


def test_a_name_is_relative_to_where_the_command_ran(project: Project) -> None:
    write(project, "one.info", LCOV.format("lib.js", 0))
    write(project, "two.info", LCOV.format(project.root / "front/lib.js", 1))
    assert added_up(read(project, "*.info", cwd="front").reports).lines == Lines(2, 2)


def test_lines_and_statements_of_one_file_are_not_added(project: Project) -> None:
    write(project, "one.out", "mode: set\nlib.go:1.1,9.2 5 1\n")
    write(project, "two.info", LCOV.format("lib.go", 0))
    assert added_up(read(project, "one.out", "two.info").reports).lines == Lines(5, 5)


def test_what_go_printed_of_a_package_holds_its_profile(project: Project) -> None:
    def events(share: str) -> str:
        lines = [
            {"Action": "run", "Package": "m", "Test": "TestA"},
            {"Action": "pass", "Package": "m", "Test": "TestA"},
            {"Action": "output", "Package": "m", "Output": f"coverage: {share}% of statements\n"},
            {"Action": "pass", "Package": "m"},
        ]
        return "".join(f"{json.dumps(line)}\n" for line in lines)

    write(project, "cover.out", "mode: set\nm/a.go:1.1,2.2 2 1\nm/a.go:3.1,4.2 1 0\n")
    assert not read(project, "cover.out", printed=events("66.7")).problems
    assert codes(read(project, "cover.out", printed=events("33.3"))) == [("report_untrusted", "cover.out")]


def test_zero_tests_and_zero_lines_are_not_measured(project: Project) -> None:
    write(project, "none.xml", '<testsuites tests="0"/>')
    write(project, "none.json", '{"meta": {"branch_coverage": false}, "files": {}, "totals": {"num_statements": 0}}')
    write(project, "skipped.xml", '<testsuite><testcase name="a"><skipped/></testcase></testsuite>')
    assert added_up(read(project, "none.xml", "none.json", "skipped.xml").reports) == Figures()


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("*.xml", ["a.xml"]),
        ("out/*.xml", ["out/b.xml"]),
        ("**/*.xml", ["a.xml", "out/b.xml", "out/deep/c.xml"]),
        ("out/**", ["out/b.xml", "out/deep/c.xml"]),
        ("out/**/c.xml", ["out/deep/c.xml"]),
        ("out/[ab].xml", ["out/b.xml"]),
        ("out/[!b].xml", []),
        ("?.xml", ["a.xml"]),
        ("out/b.xml", ["out/b.xml"]),
        ("./out//b.xml", ["out/b.xml"]),
    ],
)
def test_patterns(project: Project, pattern: str, found: list[str]) -> None:
    for name in ("a.xml", "out/b.xml", "out/deep/c.xml", "node_modules/x.xml", ".git/x.xml", ".devkeel/x.xml"):
        write(project, name, REPORT)
    names, problems = find(project, (pattern,))
    assert sorted(names) == found
    assert [item.code for item in problems] == ([] if found else ["report_missing"])


def test_nothing_is_read_that_leads_out_of_the_project(project: Project) -> None:
    outside = project.root.parent / "outside.xml"
    outside.write_text(REPORT)
    (project.root / "link.xml").symlink_to(outside)
    (project.root / "folder").symlink_to(project.root.parent)
    (project.root / "away.xml").symlink_to("/etc/passwd")
    (project.root / ".devkeel").mkdir()
    write(project, ".devkeel/own.xml", REPORT)
    os.mkfifo(project.root / "pipe.xml")
    named = ("link.xml", "folder/outside.xml", "../outside.xml", str(outside), ".devkeel/own.xml", "pipe.xml", "*.xml")
    reading = read(project, *named)
    assert not reading.found
    assert {item.code for item in reading.problems} == {"report_unread"}


def test_a_link_inside_of_the_project_is_followed(project: Project) -> None:
    write(project, "out/report.xml", REPORT)
    (project.root / "latest.xml").symlink_to("out/report.xml")
    assert [item.file for item in read(project, "latest.xml").found] == ["latest.xml"]


@pytest.mark.parametrize(
    "data", [b"", b"  \n", b"PK\x03\x04", REPORT.encode()[:60], b"<testsuite", b"TAP version 13\nok 1\n"]
)
def test_what_is_no_whole_report_is_unread(project: Project, data: bytes) -> None:
    write(project, "report", data)
    assert codes(read(project, "report")) == [("report_unread", "report")]


def test_what_was_printed_in_part_is_unread(project: Project) -> None:
    reading = read_all(project, (), Occasion(printed=TAP.encode(), cut=True))
    assert codes(reading) == [("report_unread", PRINTED)]


def test_nothing_is_made_by_reading(project: Project) -> None:
    write(project, "report.xml", REPORT)
    read(project, "**/*.xml", "none.xml")
    assert [path.name for path in project.root.iterdir()] == ["report.xml"]


def test_a_file_by_two_names_is_one_whichever_comes_first(project: Project) -> None:
    names = [("a.js", 0), ("./a.js", 1)]
    for order in (names, names[::-1]):
        write(project, "one.info", "".join(LCOV.format(*item) for item in order))
        assert added_up(read(project, "one.info").reports).lines == Lines(2, 2)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize("text", [LCOV.format("a.js", 1), TAP, REPORT])
def test_a_mark_of_the_encoding_is_no_part_of_a_report(project: Project, encoding: str, text: str) -> None:
    write(project, "report", text.encode(encoding))
    assert not read(project, "report").problems
