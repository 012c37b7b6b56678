"""Reports in the words of writers that count in ways of their own, as these wrote them."""

from __future__ import annotations

import pytest

from devkeel.gates.figures import Counts, added_up
from devkeel.gates.readers.registry import reader_of
from devkeel.gates.readers.trust import Differs

# jest-junit: the third is `test.todo`, the last an `afterAll` that failed. Neither is in a total.
JEST = """<testsuites name="jest tests" tests="{tests}" failures="{failures}" errors="0" time="1.1">
<testsuite name="A" errors="0" failures="{failures}" skipped="1" time="0.7" tests="{tests}">
<testcase classname="A ok" name="A ok" time="0.002"></testcase>
<testcase classname="A sk" name="A sk" time="0"><skipped/></testcase>
<testcase classname="A td" name="A td" time="0"></testcase>{more}
</testsuite></testsuites>"""
BAD = '<testcase classname="A bad" name="A bad" time="0.1"><failure>x</failure></testcase>'
HOOK = (
    "<testcase classname=\" Test execution failure: could be caused by test hooks like 'afterAll'.\""
    ' name=" Test execution failure: could be caused by test hooks like \'afterAll\'." time="0">'
    "<failure>x</failure></testcase>"
)
MADE_UP = '<testcase classname="A {0}" name="A {0}" time="{1}"></testcase>'

UNLOADED = """<testsuites name="jest tests" tests="1" failures="0" errors="1" time="1.1">
<testsuite name="A" errors="0" failures="0" skipped="0" time="0.7" tests="1"><testcase name="A" time="0.1"/></testsuite>
<testsuite name="b.test.js" errors="1" failures="0" skipped="0" time="0" tests="0">
<testcase classname="Test suite failed to run" name="b.test.js" time="0"><error>x</error></testcase>
<testcase classname="Test suite failed to run" name="b.test.js" time="0"><failure>x</failure></testcase>
</testsuite></testsuites>"""

# nose2: what a class is set up by is no test.
NOSE = """<testsuite name="nose2-junit" errors="2" failures="0" skipped="0" tests="{}" time="0.001">
<testcase time="0.1" classname="test_u.C" name="test_ok"/>
<testcase time="0.0" classname="setUpClass (test_u" name="B)"><error>x</error></testcase>
<testcase time="0.0" classname="tearDownClass (test_u" name="C)"><error>x</error></testcase>
</testsuite>"""

# Catch2 and doctest: `tests` are checks.
CATCH2 = """<testsuites><testsuite name="c" errors="{errors}" failures="{failures}" tests="11" hostname="tbd">
<testcase classname="c.global" name="one" time="0.000" status="run"/>
<testcase classname="c.global" name="two" time="0.000" status="run"><failure type="CHECK">a</failure>
<failure type="CHECK">b</failure></testcase>
<testcase classname="c.global" name="three" time="0.000" status="run"><error type="TEST_CASE">c</error></testcase>
<testcase classname="c.global" name="may fail" time="0.000" status="run">
<skipped message="TEST_CASE tagged with !mayfail"/><failure type="CHECK">d</failure></testcase>
<system-out/><system-err/></testsuite></testsuites>"""
DOCTEST = """<testsuites><testsuite name="./d" errors="0" failures="{}" tests="1" doctest_version="2.4.9">
<testcase classname="d.cpp" name="one" time="0" status="run"/>
<testcase classname="d.cpp" name="nothing is checked" time="0" status="run"/>
<testcase classname="d.cpp" name="two" time="0" status="run"><failure type="CHECK">a</failure></testcase>
</testsuite></testsuites>"""

# tape does not escape what a test is called.
TAPE = "TAP version 13\nok 1 LazyRange#skip\nnot ok 2 issue#todo\nnot ok 3 later # TODO\nok 4 it # skip why\n1..4\n"
VITEST = """TAP version 13
1..1
not ok 1 - v.spec.mjs # time=7.68ms {
    1..4
    ok 1 - ok # time=1.88ms
    not ok 2 - bad # time=2.19ms
        ---
        error:
            message: "x"
        ok 9 - of no test
        ...
    ok 3 - td # TODO
    not ok 4 - D # time=1.65ms {
        1..1
        ok 1 - n1 # time=0.12ms
    }
}
"""
COBERTURA = """<coverage line-rate="0.5"><packages><package name="none" line-rate="NaN"><classes>
<class name="n" filename="n.go" line-rate="NaN"><lines/></class></classes></package>
<package name="p" line-rate="{}"><classes><class name="a" filename="a.go" line-rate="0.5"><lines>
<line number="1" hits="1"/><line number="2" hits="0"/></lines></class></classes></package></packages></coverage>"""


def counts(text: str) -> Counts | None:
    data = text.encode()
    reader = reader_of(data)
    assert reader is not None
    return added_up([reader.read(data, b"")]).tests


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (JEST.format(tests=2, failures=0, more=""), Counts(1, 0, 2)),
        (JEST.format(tests=3, failures=1, more=BAD), Counts(1, 1, 2)),
        (JEST.format(tests=2, failures=0, more=HOOK), Counts(1, 1, 2)),
        # What somebody writes into it makes nothing better.
        (JEST.format(tests=2, failures=0, more=MADE_UP.format("new", "0")), Counts(1, 0, 3)),
        (CATCH2.format(errors=1, failures=2), Counts(1, 2, 1)),
        (DOCTEST.format(1), Counts(2, 1, 0)),
        (TAPE, Counts(1, 1, 2)),
        (VITEST, Counts(2, 2, 1)),
        ("1..2 # two of them\nok 1 a\nok 2 b\n", Counts(2, 0, 0)),
        (NOSE.format(1), Counts(1, 2, 0)),
        (UNLOADED, Counts(1, 1, 0)),
        ("1..0 # SKIP no errors\n", None),
        ("TAP version 13\n1..0 # skip nothing to do\n", None),
    ],
)
def test_each_writer_is_read_as_it_counts(text: str, expected: Counts | None) -> None:
    assert counts(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        JEST.format(tests=2, failures=0, more=MADE_UP.format("new", "0.001") + MADE_UP.format("two", "0.001")),
        JEST.format(tests=3, failures=0, more=BAD),
        JEST.format(tests=4, failures=0, more=""),
        CATCH2.format(errors=0, failures=2),
        CATCH2.format(errors=1, failures=0),
        DOCTEST.format(0),
        NOSE.format(3),
        NOSE.format(0),
        COBERTURA.format("NaN"),
    ],
)
def test_what_such_a_writer_does_count_is_held(text: str) -> None:
    with pytest.raises(Differs):
        counts(text)


def test_a_package_without_lines_has_any_share() -> None:
    data = COBERTURA.format("0.5").encode()
    reader = reader_of(data)
    assert reader is not None
    lines = added_up([reader.read(data, b"")]).lines
    assert lines is not None
    assert (lines.covered, lines.total) == (1, 2)
