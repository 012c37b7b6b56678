"""TAP, the Test Anything Protocol, in the versions 12 to 14 and as node and Perl nest it."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from msgspec import Struct
from tap.line import Plan, Result  # type: ignore[import-untyped]
from tap.parser import Parser  # type: ignore[import-untyped]

from devkeel.gates.figures import Case, TestReport
from devkeel.gates.readers.trust import Differs, UnreadReport, count, require_same

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.gates.figures import Outcome

__all__ = ["FORMAT", "read", "recognises"]

FORMAT = "TAP"
_VERSION = re.compile(r"^TAP version \d+\s*$", re.MULTILINE)
_POINT = re.compile(r"(?:not )?ok(?: |$)")
_PLAN = re.compile(r"1\.\.\d+(?: |$)")
_NOTHING = re.compile(r"1\.\.0\s+#\s*skip", re.IGNORECASE)  # all that Perl's `skip_all` writes
# Before the first test it says nothing that decides; a text that is none of TAP is known by its begin.
_LOOKED_AT = 256 * 1024
_DEPTH = 32
_INDENT = 4
# node, lib/internal/test_runner/reporter/tap.js: what stands at the end of what it writes.
_FOOTER = re.compile(r"# (tests|suites|pass|fail|cancelled|skipped|todo) (-?[\d.]+|NaN)")
_COMMENT = re.compile(r"#( |$)")
_HASH = "\ue000"  # stands for a `#` that begins no directive: one that is escaped, or has no space before it
_INNER_HASH = re.compile(r"(?<=\S)#")
# TAP 14, The Plan: a comment may follow; what is skipped as a whole says so there too.
_PLAN_COMMENT = re.compile(r"\s*#(?!\s*skip).*", re.IGNORECASE)


class _Point(Struct):
    name: str
    ok: bool
    neither: bool  # skipped, or still to do
    line: int
    number: int | None
    children: list[_Point] | None = None
    is_suite: bool = False


class _Level(Struct):
    """One depth of a document. pending: subtests whose test comes after them; opened: a test whose subtests follow."""

    points: list[_Point]
    plan: int | None = None
    pending: list[_Point] | None = None
    opened: _Point | None = None


class _Document:
    def __init__(self) -> None:
        self.levels = [_Level([])]
        self.block: str | None = None  # the indent of a YAML block that is open
        self.footer: dict[str, int] = {}
        self.empty = False
        self._parser = Parser()

    def take(self, text: str, number: int) -> None:
        body = text.lstrip(" ")
        indent = len(text) - len(body)
        if self.block is not None:
            self._in_block(text, body)
            return
        if body.startswith("---") and (indent % _INDENT == _INDENT // 2 or (indent and body == "---")):
            self.block = text[:indent]
            return
        if body.startswith("Bail out!"):
            raise UnreadReport("the run bailed out before its end")
        if indent == 0:
            self._footer(body)
        point = _POINT.match(body) is not None
        if not point and not _PLAN.match(body) and body != "}":
            return
        self._go_to(indent, number)
        level = self.levels[-1]
        if body == "}":
            return
        told = _INNER_HASH.sub(_HASH, body.replace("\\#", _HASH)) if point else _PLAN_COMMENT.sub("", body)
        found = self._parser.parse_line(told)
        if isinstance(found, Plan):
            if level.plan is not None:
                raise Differs("a plan stands twice", number)
            level.plan = found.expected_tests
        elif isinstance(found, Result):
            self._add(level, found, number, opens=body.endswith("{"))

    def _in_block(self, text: str, body: str) -> None:
        if (
            body.startswith("...")
            and text.startswith(self.block or "")
            and len(text) - len(body) <= len(self.block or "")
        ):
            self.block = None
        elif body == "type: 'suite'" and self.levels[-1].points:
            self.levels[-1].points[-1].is_suite = True

    def _go_to(self, indent: int, number: int) -> None:
        depth = indent // _INDENT
        if depth >= _DEPTH:
            raise UnreadReport(f"its tests are nested more than {_DEPTH} deep")
        while len(self.levels) - 1 < depth:
            self.levels.append(_Level([]))
        while len(self.levels) - 1 > depth:
            self._close(number)

    def _close(self, number: int) -> None:
        level = self.levels.pop()
        _hold(level, number)
        above = self.levels[-1]
        if above.opened is not None:
            above.opened.children, above.opened = level.points, None
        elif level.points:
            above.pending = [*(above.pending or ()), *level.points]

    def _add(self, level: _Level, found: Result, number: int, *, opens: bool) -> None:
        name = (found.description or "").removeprefix("- ").replace(_HASH, "#")
        neither = bool(found.skip or found.todo)
        # A subtest may also come after its test, between braces (node-tap, vitest).
        point = _Point(name.removesuffix("{").strip(), found.ok, neither, number, found.number, level.pending)
        level.pending, level.opened = None, point if opens else None
        level.points.append(point)

    def _footer(self, body: str) -> None:
        found = _FOOTER.fullmatch(body)
        if found:
            self.footer[found[1]] = count(found[2], f"{found[1]} at its end")
        elif self.footer and body and not _COMMENT.match(body):
            self.footer = {}  # it was no footer: something comes after it

    def end(self, number: int) -> list[_Point]:
        """Return the tests at the top."""
        if self.block is not None:
            raise UnreadReport("it ends within a block of details")
        self._go_to(0, number)
        top = self.levels[0]
        _hold(top, number)
        if top.pending:
            raise UnreadReport("it ends with subtests of a test that does not come")
        if {"tests", "pass", "fail"} <= self.footer.keys():
            _compare(self.footer, top.points)
        return top.points


def _hold(level: _Level, number: int) -> None:
    """Compare a plan with the tests that came."""
    if level.plan is None:
        raise UnreadReport("it has no plan, so that it may be cut off")
    require_same(level.plan, len(level.points), "tests in its plan", number)
    numbers = [point.number for point in level.points if point.number is not None]
    doubled = [item for item, times in Counter(numbers).items() if times > 1]
    if doubled or any(item > level.plan or item < 1 for item in numbers):
        raise Differs(f"the number of a test stands twice, or is not in the plan 1..{level.plan}", number)


def _compare(footer: dict[str, int], points: list[_Point]) -> None:
    """Compare what a writer counted at the end with the tests: all but suites (node), or those at the top (tape)."""
    told = (
        footer["tests"],
        footer["pass"],
        footer["fail"] + footer.get("cancelled", 0),
        footer.get("skipped", 0) + footer.get("todo", 0),
    )
    every = [point for point in _flat(points) if not point.is_suite]
    ways = [_counted(every), _counted(points), _counted([point for point in _flat(points) if not point.children])]
    plain = [(tests, passed + neither, failed, 0) for tests, passed, failed, neither in ways]
    if told not in (*ways, *plain):
        tests, _, failed, _ = ways[0]
        raise Differs(f"it tells {told[0]} tests of which {told[2]} failed, and has {tests} of which {failed} did")


def _counted(points: list[_Point]) -> tuple[int, int, int, int]:
    neither = sum(point.neither for point in points)
    passed = sum(point.ok and not point.neither for point in points)
    return len(points), passed, len(points) - passed - neither, neither


def _flat(points: list[_Point]) -> Iterator[_Point]:
    for point in points:
        yield point
        yield from _flat(point.children or [])


def _cases(points: list[_Point], way: str) -> Iterator[Case]:
    """Yield the tests that have none in them; and those that failed by themselves, beside theirs."""
    for point in points:
        inner = [] if point.neither else list(_cases(point.children or [], f"{way}/{point.name}"))
        failed = any(case.outcome == "failed" for case in inner)
        if failed and point.ok:
            raise Differs(f"{point.name[:80]!r} passed, and a subtest of it failed", point.line)
        yield from inner
        if not inner or (not point.ok and not failed):
            outcome: Outcome = "skipped" if point.neither else "passed" if point.ok else "failed"
            yield Case(way, point.name, outcome)


def recognises(data: bytes) -> bool:
    """Return whether this is such a report; other lines may stand between."""
    text = data[:_LOOKED_AT].decode("utf-8", "replace")
    if _VERSION.search(text):
        return True
    lines = text.splitlines()
    if any(map(_NOTHING.match, lines)):
        return True
    return any(map(_PLAN.match, lines)) and any(map(_POINT.match, lines)) and not text.startswith("{")


def read(data: bytes, printed: bytes) -> TestReport:  # noqa: ARG001  (as every reader)
    """Return what a report says. Raises Differs, UnreadReport."""
    cases: list[Case] = []
    document: _Document | None = None
    documents, number = 0, 0

    def close() -> None:
        nonlocal documents
        if document is not None:
            documents += 1
            cases.extend(_cases(document.end(number), str(documents)))

    for number, line in enumerate(data.decode("utf-8", "replace").split("\n"), start=1):
        text = line.rstrip()
        if _VERSION.match(text):
            close()
            document = _Document()
            continue
        if document is None:
            if not (_POINT.match(text) or _PLAN.match(text)):
                continue
            document = _Document()
        document.take(text, number)
    close()
    return TestReport(FORMAT, tuple(cases))
