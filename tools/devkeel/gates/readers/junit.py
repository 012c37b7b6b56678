"""JUnit XML, as pytest, node, Surefire, jest-junit, PHPUnit and others write it.

No specification binds them: the totals of a suite are compared with what it has, in each way in which one of
these writers counts.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from devkeel.gates.figures import Case, TestReport
from devkeel.gates.readers import bounded_xml
from devkeel.gates.readers.trust import Differs, count, latest, moment

if TYPE_CHECKING:
    from collections.abc import Mapping
    from xml.etree.ElementTree import Element

    from devkeel.gates.figures import Outcome

__all__ = ["FORMAT", "read", "recognises"]

FORMAT = "JUnit XML"
_SUITES = frozenset({"testsuites", "testsuite"})
_MARKS = {"failure": "failures", "error": "errors", "skipped": "skipped"}
# What else the writers call these: older pytest has `skips`, GoogleTest counts what it does not run as disabled.
_NAMES = {"failures": ("failures",), "errors": ("errors",), "skipped": ("skipped", "skips", "disabled")}
# Marks, cases that have one, cases that have no other one, and what stands right below a suite: all of them are counted
# by one writer or another, and by none in two ways.
_WAYS = ("{}", "cases with {}", "only {}", "own")
# GoogleTest, Generating an XML TestReport: a disabled test has this status.
_NOT_RUN = frozenset({"notrun", "skipped", "disabled", "ignored"})
# What writers say in `status` or `result` of a case that failed; most have it beside an element.
_FAILED_AS = {"failed": "failures", "failure": "failures", "fail": "failures", "error": "errors", "errored": "errors"}
# node, lib/internal/test_runner/reporter/junit.js: at its end it counts in comments.
_COUNTED = re.compile(r"\s*(tests|suites|pass|fail|cancelled|skipped|todo) (-?[\d.]+|NaN)\s*")
# pytest, src/_pytest/junitxml.py: the error of a teardown is counted beside the test, or of one that failed before it
# is a case of its own, which of both depends on its version; each subtest that passed is counted, and is no case.
# Its suite may have another name (`-o junit_suite_name`), and no other writer has these attributes in this order.
_ITS_NAME, _ITS_OWN = "pytest", ("name", "errors", "failures", "skipped", "tests", "time", "timestamp", "hostname")
_TEARDOWN = "failed on teardown"
_ALSO_SUBTESTS = " (pytest counts subtests that passed too: only what the run printed says how many these are)"
# Catch2 (src/catch2/reporters/catch_reporter_junit.cpp, which names no host) and doctest count checks as `tests`.
_NO_HOST = "tbd"
_BY_CHECKS = "doctest_version"
_EXCUSED = "TEST_CASE tagged with !mayfail"
# jest-junit, utils/buildJsonResults.js: a test to do is a case that took no time and has no mark, and an `afterAll`
# that failed one more case; its totals have neither.
_OF_HOOK = "Test execution failure: could be caused by test hooks"
# What is an error and no test in the totals of jest-junit (a file that could not be loaded, which may be a failure in
# no total as well) and of nose2.
_UNLOADED = "Test suite failed to run"
_BY_NOSE, _FIXTURE = "nose2-junit", re.compile(r"(?:setUp|tearDown)(?:Class|Module) \(")
_SUBTEST_FAILED = re.compile(rb"^SUBFAIL\w*(?:[(\[].*?[)\]])? (\S+)", re.MULTILINE)
_FAILED = re.compile(rb"^FAILED (\S+)", re.MULTILINE)
_SUBTESTS = re.compile(rb"\b(\d{1,9}) subtests? passed\b")


class _Printed(NamedTuple):
    """What pytest printed of subtests, which are no cases: how many passed, and how many failed.

    known: whether it printed anything of them, which it does in some of its modes alone.
    """

    passed: int = 0
    failed: int = 0
    known: bool = False

    @classmethod
    def of(cls, text: bytes) -> _Printed:
        found = _SUBTESTS.findall(text)
        # A test of unittest of which a subtest failed is one that passed, too.
        failed = set(_SUBTEST_FAILED.findall(text)) - set(_FAILED.findall(text))
        return cls(int(found[-1]) if found else 0, len(failed), bool(found or failed))


class _Suite:
    """What stands in a suite so far. cases, marks: in all of it; own: right below it, suites among them."""

    def __init__(self, element: Element, name: str) -> None:
        self.attributes, self.name = dict(element.attrib), name
        self.is_by_pytest = name == _ITS_NAME or tuple(element.attrib) == _ITS_OWN
        self.cases: Counter[str] = Counter()
        self.marks: Counter[str] = Counter()
        self.own: Counter[str] = Counter()
        self.parts: Counter[str] = Counter()  # what pytest counts beside its cases
        self.twins: list[str] = []  # cases that are alike in all, which only a total tells from one that was doubled
        self.idle: list[int] = []  # cases that passed and took no time, by their number
        self.by_checks = element.get("hostname") == _NO_HOST or _BY_CHECKS in element.attrib

    def take(self, inner: _Suite) -> None:
        """Add a suite that stands in this one."""
        self.cases += inner.cases
        self.marks += inner.marks
        self.parts += inner.parts
        self.own["tests"] += 1
        self.twins += inner.twins
        self.idle += inner.idle
        for kind in _NAMES:
            self.own[kind] += bool(inner.marks[kind])

    def hold(self, printed: _Printed, ways: dict[str, set[str]]) -> list[int]:
        """Compare its totals with what it has. ways: in which the report may count, narrowed to those that fit.

        Returns the cases that are still to do, by their number.
        """
        told = {name: count(value, name) for name, value in self.attributes.items() if name in _TOLD}
        to_do = self._to_do(told)
        cases = self.cases.total()
        counted = {cases, self.own["tests"], *self._by_pytest(cases, printed)}
        if "tests" in told and self.twins and {told["tests"], *self._by_pytest(cases, printed)} == {cases}:
            self.twins = []
        elif (
            "tests" in told
            and told["tests"] not in counted
            and not (self.by_checks and {"failures", "errors"} <= told.keys())
            and not self._has_subtests(told, cases, printed)
        ):
            also = _ALSO_SUBTESTS if self.is_by_pytest and told["tests"] > cases else ""
            raise Differs(f"{self} tells {told['tests']} tests, and has {cases}{also}")
        for kind, names in _NAMES.items():
            known = [told[name] for name in names if name in told]
            if not known:
                continue
            figure = known[0]
            # GoogleTest counts apart what is disabled.
            apart = told.get("disabled", 0) if kind == "skipped" else 0
            ways[kind] &= {way for way in ways[kind] if self._count(kind, way) in (figure, figure + apart)}
            if not ways[kind]:
                raise Differs(f"{self} tells {figure} {kind}, and has {self.marks[kind]}")
        most = told.get("failures", 0) + told.get("errors", 0)
        if "tests" in told and most > told["tests"] and most > self.marks["failures"] + self.marks["errors"]:
            raise Differs(f"{self} tells more failures than tests")
        return to_do

    def _to_do(self, told: Mapping[str, int]) -> list[int]:
        """Take out cases that its total does not have, where as many passed in no time, which makes nothing better."""
        more = 0 if self.by_checks or self.twins else self.cases.total() - told.get("tests", self.cases.total())
        if not 0 < more <= len(self.idle):
            return []
        self.idle, found = self.idle[:-more], self.idle[-more:]
        self.cases["passed"] -= more
        self.own["tests"] -= more
        return found

    def _has_subtests(self, told: Mapping[str, int], cases: int, printed: _Printed) -> bool:
        """Return whether pytest may have counted subtests that passed, where nothing is there that says how many.

        A case that passed may be missing then, which makes nothing better; one that failed is missed by other totals.
        """
        alone = self.is_by_pytest and not printed.known and {"failures", "errors"} <= told.keys()
        return alone and told["tests"] > max(self._by_pytest(cases, printed))

    def _count(self, kind: str, way: str) -> int:
        return self.own[kind] if way == "own" else self.marks[way.format(kind)]

    def _by_pytest(self, cases: int, printed: _Printed) -> set[int]:
        """Return how many tests pytest may count of the cases, in its ways to count a teardown that fails."""
        least = cases + self.parts["failures"] + printed.passed + printed.failed
        # A test that passed and is run again because its teardown failed was counted, one that failed was not.
        again = range(self.parts["tries"] + 1)
        return {least + self.parts[way] + tries for way in ("teardowns", "doubles") for tries in again}

    def __str__(self) -> str:
        return f"the suite {self.name[:80]!r}" if self.name else "a suite"


_TOLD = frozenset({"tests", *(name for names in _NAMES.values() for name in names)})


class _JUnitReading:
    def __init__(self) -> None:
        self.open: list[_Suite] = []
        self.cases: list[Case] = []
        self.whole: set[tuple[object, ...]] = set()
        self.case: Element | None = None
        self.marks: Counter[str] = Counter()
        self.teardown = False
        self.to_do = False
        self.excused = False
        self.tries: dict[tuple[str, str], int] = {}
        self.outcomes: dict[tuple[str, str], Outcome] = {}
        self.written: float | None = None
        self.ways = {kind: set(_WAYS) for kind in _NAMES}
        self.suites = 0
        self.failed_suites = 0
        self.comments: dict[str, int] = {}

    def begin(self, name: str, element: Element) -> None:
        if name == bounded_xml.COMMENT and len(self.open) == 1:
            found = _COUNTED.fullmatch(element.text or "")
            self.comments |= {found[1]: count(found[2], f"{found[1]} of its comments")} if found else {}
        if name in _SUITES:
            if self.case is not None:
                raise Differs("a suite stands within a case")
            self.open.append(_Suite(element, element.get("name", "")))
            self.written = latest(self.written, moment(element.get("timestamp")))
        elif name == "testcase":
            if self.case is not None or not self.open:
                raise Differs("a case stands within another one, or in no suite")
            self.case, self.marks = element, Counter()
            self.teardown = self.to_do = self.excused = False
        elif name in _MARKS and self.case is not None:
            self.marks[_MARKS[name]] += 1
            self.teardown = self.teardown or element.get("message", "").startswith(_TEARDOWN)
            self.to_do = self.to_do or (name == "skipped" and element.get("type") == "todo")
            self.excused = self.excused or (self.open[-1].by_checks and element.get("message") == _EXCUSED)
        elif name in ("failure", "error") and self.open:  # what holds the tests failed: a fixture of them, mostly
            self.open[-1].marks[_MARKS[name]] += 1
            self.cases.append(Case(self._place(None), "", "failed"))

    def end(self, name: str, printed: _Printed) -> None:
        if name == "testcase" and self.case is not None:
            self._end_case(self.case)
            self.case = None
        elif name in _SUITES:
            suite = self.open.pop()
            for number in suite.hold(printed, self.ways):
                self.cases[number] = self.cases[number]._replace(outcome="skipped")
            if self.open:
                self.suites += 1
                self.failed_suites += bool(suite.cases["failed"])
                self.open[-1].take(suite)
            elif not self._hold_comments(suite) and suite.twins:
                raise Differs(f"the case {suite.twins[0][:80]!r} stands twice")

    def _hold_comments(self, root: _Suite) -> bool:
        """Compare what node counted, and return whether it did.

        A test with subtests is a suite here, a suite without tests a case.
        """
        told = self.comments
        if not {"tests", "suites", "pass", "fail"} <= told.keys():
            return False
        if not all("own" in ways for ways in self.ways.values()):
            raise Differs("a suite tells other figures than its own cases and suites come to")
        cases, failed = root.cases.total(), told["fail"] + told.get("cancelled", 0)
        if told["tests"] + told["suites"] != cases + self.suites:
            raise Differs(f"its comments tell {told['tests']} tests, and it has {cases} in {self.suites} suites")
        if sum(told.values()) - told["suites"] != 2 * told["tests"]:
            raise Differs(f"its comments tell {told['tests']} tests, which their outcomes do not come to")
        skipped = told.get("skipped", 0) + told.get("todo", 0)
        if not skipped <= root.cases["skipped"] <= skipped + told["suites"]:
            raise Differs(f"its comments tell {skipped} tests that were skipped, and it has {root.cases['skipped']}")
        if not root.cases["failed"] - told["suites"] <= failed <= root.cases["failed"] + self.failed_suites:
            raise Differs(f"its comments tell {failed} tests that failed, and it has {root.cases['failed']}")
        return True

    def _end_case(self, element: Element) -> None:
        suite, marks = self.open[-1], self.marks
        if "failure" in element.attrib and not marks["failures"]:  # node has it twice
            raise Differs(f"the case {element.get('name', '')[:80]!r} has a failure that is not there")
        place, name = self._place(element), element.get("name", "")
        if marks["failures"] and (_OF_HOOK in name or element.get("classname") == _UNLOADED):
            more = Case(place, name, "failed")
            self.cases += [] if self.cases[-1:] == [more] else [more]
            return
        if self.excused:
            marks.clear()
        outcome = _outcome(element, marks, to_do=self.to_do or self.excused)
        idle = outcome == "passed" and not marks and element.get("time") == "0"
        if outcome == "skipped" and not marks["skipped"] and not self.excused:
            marks["skipped"] = 1
        for kind in _NAMES:
            suite.marks[kind] += marks[kind]
            suite.marks[f"cases with {kind}"] += bool(marks[kind])
            suite.marks[f"only {kind}"] += bool(marks[kind]) and (kind == "skipped" or not marks["skipped"])
            suite.own[kind] += bool(marks[kind])
        if marks["errors"] and _is_no_test(suite, element):
            self.cases.append(Case(place, name, "failed"))
            return
        if self._ends_failed(place, name):
            suite.parts["doubles"] += 1
            return
        if suite.is_by_pytest and (place, name) in self.tries:
            self._try_again(suite, place, name, outcome)
            return
        whole = (place, name, outcome, element.get("time"), element.get("line"), element.get("id"))
        if whole in self.whole:
            suite.twins.append(name)
        self.whole.add(whole)
        suite.own["tests"] += 1
        suite.cases[outcome] += 1
        # More failures in a case than one are subtests of pytest, each of which it counts.
        suite.parts["failures"] += max(0, marks["failures"] - 1)
        suite.parts["teardowns"] += self.teardown and not marks["failures"]
        self.outcomes[place, name] = outcome
        self.tries[place, name] = len(self.cases)
        suite.idle += [len(self.cases)] if idle else []
        self.cases.append(Case(place, name, outcome))

    def _try_again(self, suite: _Suite, place: str, name: str, outcome: Outcome) -> None:
        """Count a test once that was run again: its names are its own in pytest, and only its last try has marks."""
        suite.parts["tries"] += 1
        before = self.outcomes[place, name]
        if before == "passed":
            suite.cases[before] -= 1
            suite.cases[outcome] += 1
            suite.parts["failures"] += max(0, self.marks["failures"] - 1)
            self.outcomes[place, name] = outcome
            self.cases[self.tries[place, name]] = Case(place, name, outcome)

    def _place(self, case: Element | None) -> str:
        held = "/".join(item.name for item in self.open[1:] or self.open)
        return "\0".join((held, *(("" if case is None else case.get(key, "")) for key in ("classname", "file"))))

    def _ends_failed(self, place: str, name: str) -> bool:
        """Return whether this is the teardown of a test that failed before, which pytest gives a case of its own."""
        return self.teardown and not self.marks["failures"] and self.outcomes.get((place, name)) == "failed"


def _outcome(element: Element, marks: Counter[str], *, to_do: bool) -> Outcome:
    """Return what a case came to. marks: of it; what its attributes alone say is added to them.

    to_do: whether it is one that node expects to fail.
    """
    failed = bool(marks["failures"] or marks["errors"])
    told = element.get("status", "").lower()
    if to_do or (not failed and (marks["skipped"] or told in _NOT_RUN)):
        return "skipped"
    for word in (told, element.get("result", "").lower()):
        if not failed and word in _FAILED_AS:
            marks[_FAILED_AS[word]] += 1
            failed = True
    return "failed" if failed else "passed"


def _is_no_test(suite: _Suite, case: Element) -> bool:
    held = case.get("classname", "")
    return held == _UNLOADED or (suite.name == _BY_NOSE and _FIXTURE.match(held) is not None)


def recognises(data: bytes) -> bool:
    """Return whether this is such a report."""
    return bounded_xml.begins_with(data, _SUITES)


def read(data: bytes, printed: bytes) -> TestReport:
    """Return what a report says. printed: what the run printed. Raises Differs, UnreadReport."""
    reading = _JUnitReading()
    said = _Printed.of(printed)
    for begins, name, element in bounded_xml.events(data):
        if begins:
            reading.begin(name, element)
        else:
            reading.end(name, said)
    return TestReport(FORMAT, tuple(reading.cases), written=reading.written)
