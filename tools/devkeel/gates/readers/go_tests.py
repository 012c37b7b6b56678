"""What `go test -json` prints: an event a line, by package and test."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from devkeel.gates.figures import Case, TestReport
from devkeel.gates.readers.trust import Differs, UnreadReport, latest, moment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.gates.figures import Outcome

__all__ = ["FORMAT", "read", "recognises"]

FORMAT = "go test -json"
# cmd/test2json: what an event says of a test or a package; `bench` and `output` and the like say nothing of its end.
_ENDS: dict[str, Outcome] = {"pass": "passed", "fail": "failed", "skip": "skipped"}
_SAID = re.compile(r"\s*--- (PASS|FAIL|SKIP): (\S+) \(")
# Behind what a test printed without the end of its line, Go up to 1.19 puts it, and sends no event of the end.
_GLUED = re.compile(r"--- (PASS|FAIL|SKIP): (\S+) \(\d+\.\d+s\)\s*$")
_SHARE = re.compile(r"\s*coverage: (\d{1,3}(?:\.\d+)?)% of statements\s*")
# What go says itself of a package that it could not build or run, which is no event before Go 1.24.
_UNBUILT = re.compile(r"FAIL\t(\S+) \[(?:build|setup) failed\]")
_LINES = 64
_SPELLED = {"PASS": "pass", "FAIL": "fail", "SKIP": "skip"}


class _Test:
    def __init__(self) -> None:
        self.running, self.said, self.glued, self.ends = 0, "", "", list[str]()


class _GoPackage:
    def __init__(self, name: str) -> None:
        self.name, self.tests = name, dict[str, _Test]()
        self.end: str | None = None
        self.share: float | None = None

    def test(self, action: str, name: str, event: dict[str, Any], line: int) -> None:
        test = self.tests.setdefault(name, _Test())
        if action == "run":
            test.running += 1
        elif action == "output":
            printed = str(event.get("Output", ""))
            found = _SAID.match(printed)
            if found and found[2] == name:
                test.said = _SPELLED[found[1]]
            elif (glued := _GLUED.search(printed)) and glued[2] == name:
                test.glued = _SPELLED[glued[1]]
        elif action in _ENDS:
            test.running -= 1
            if test.running < 0:
                raise Differs(f"{name} of {self.name} ends twice, or was not run", line)
            if test.said and test.said != action:
                raise Differs(f"{name} of {self.name} printed {test.said}, and its event says {action}", line)
            test.ends.append(action)
            test.said = ""

    def whole(self, action: str, event: dict[str, Any], line: int) -> None:
        if action == "output":
            found = _SHARE.fullmatch(str(event.get("Output", "")))
            self.share = float(found[1]) if found else self.share
        elif action in _ENDS:
            if self.end is not None:
                raise Differs(f"the package {self.name} ends twice", line)
            self.end = action

    def cases(self) -> Iterator[Case]:
        """Yield its tests that have none in them, and what failed by itself: a test, or the package as a whole."""
        if self.end is None:
            raise UnreadReport(f"the package {self.name} has no end: the run was cut off")
        failed = False
        if self.end != "fail" or any("fail" in test.ends for test in self.tests.values()):
            self._end_glued()
        parents = {name.rpartition("/")[0] for name in self.tests if "/" in name}
        broken = {name for name, test in self.tests.items() if test.running or "fail" in test.ends}
        for name, test in self.tests.items():
            if test.running and self.end != "fail":
                raise Differs(f"{name} of {self.name} has no end, and the package passed")
            inner = any(item.startswith(f"{name}/") for item in broken) if name in parents else False
            if inner and name not in broken:
                raise Differs(f"{name} of {self.name} passed, and a subtest of it failed")
            if name in parents and (inner or name not in broken):
                continue
            failed = failed or name in broken
            # One that a panic ended has no end of its own.
            for action in (*test.ends, *(["fail"] * test.running)):
                yield Case(self.name, name, _ENDS[action])
        if failed and self.end != "fail":
            raise Differs(f"the package {self.name} passed, and a test of it failed")
        if self.end == "fail" and not failed:
            yield Case(self.name, "", "failed")

    def _end_glued(self) -> None:
        """End the tests of which only what was printed says so; what fails the package is known to be another one."""
        for test in self.tests.values():
            if test.running == 1 and test.glued:
                test.running = 0
                test.ends.append(test.glued)


def recognises(data: bytes) -> bool:
    """Return whether this is such a report: one of the first lines is an event."""
    return any(_event(line) is not None for line in data[: 1024 * 1024].split(b"\n")[:_LINES])


def _event(line: bytes) -> dict[str, Any] | None:
    if not line.startswith(b"{") or b'"Action"' not in line:
        return None
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    known = isinstance(found, dict) and isinstance(found.get("Action"), str)
    return found if known and isinstance(found.get("Package", found.get("ImportPath")), str) else None


def read(data: bytes, printed: bytes) -> TestReport:  # noqa: ARG001  (as every reader)
    """Return what a report says. Raises Differs, UnreadReport."""
    packages: dict[str, _GoPackage] = {}
    unbuilt, written = dict[str, None](), None
    for number, line in enumerate(data.split(b"\n"), start=1):
        event = _event(line)
        if event is None:
            if line.startswith((b'{"Time"', b'{"Action"')):
                raise UnreadReport(f"line {number} is half an event")
            found = _UNBUILT.match(line.decode("utf-8", "replace"))
            if found:
                unbuilt[found[1]] = None
            continue
        name = event.get("Package")
        if not isinstance(name, str):
            continue  # what was built for it
        written = latest(written, moment(event.get("Time")))
        package = packages.setdefault(name, _GoPackage(name))
        test = event.get("Test")
        if isinstance(test, str) and test:
            package.test(event["Action"], test, event, number)
        else:
            package.whole(event["Action"], event, number)
    cases = [case for package in packages.values() for case in package.cases()]
    cases += [Case(name, "", "failed") for name in unbuilt if name not in packages]
    shares = {item.name: item.share for item in packages.values() if item.share is not None}
    return TestReport(FORMAT, tuple(cases), written=written, shares=shares)
