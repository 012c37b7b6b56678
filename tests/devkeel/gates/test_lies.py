"""A real report that was changed so that it lies about its totals is refused, in each format and each way."""

from __future__ import annotations

import contextlib
import json
import re
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devkeel.gates.figures import added_up
from devkeel.gates.readers import junit, lcov
from devkeel.gates.readers.registry import READERS, reader_of
from devkeel.gates.readers.trust import Differs, UnreadReport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from devkeel.gates.figures import Figures

    from .conftest import Real

    Lies = Iterator[tuple[str, bytes]]

pytestmark = pytest.mark.xdist_group("gates")


def replaced(data: bytes, found: re.Match[bytes], by: bytes, group: int = 0) -> bytes:
    return data[: found.start(group)] + by + data[found.end(group) :]


def figures(data: bytes, pattern: bytes) -> Lies:
    """Yield the report with each figure that a pattern finds one more, one less, negative and not a number."""
    for found in re.finditer(pattern, data):
        name = f"{found[0][:60]!r} at {found.start()}"
        number = float(found[1]) if b"." in found[1] else int(found[1])
        step = 0.2 if isinstance(number, float) else 1
        for other in (number + step, *((number - step,) if number - step >= 0 else ()), -1 - number, "NaN"):
            yield f"{name}: {other}", replaced(data, found, str(other).encode(), 1)


def pieces(data: bytes, pattern: bytes) -> Lies:
    """Yield the report without each piece that a pattern finds, and with it twice."""
    for found in re.finditer(pattern, data, re.DOTALL):
        yield f"without {found[0][:60]!r}", replaced(data, found, b"")
        yield f"twice {found[0][:60]!r}", replaced(data, found, found[0] * 2)


_CASE = rb"[ \t]*<testcase [^>]*?(?:/>|(?<!/)>.*?</testcase>)\n?"
_MARK = rb"<(failure|error|skipped)\b[^>]*?(?:/>|>.*?</\1>)"


def of_junit(data: bytes) -> Lies:
    yield from figures(data, rb'(?<= )(?:tests|failures|errors|skipped)="(\d+)"')
    yield from figures(data, rb"<!-- (?:tests|suites|pass) (\d+) -->")
    yield from pieces(data, _CASE)
    for found in re.finditer(_MARK, data, re.DOTALL):
        yield f"without {found[0][:40]!r}", replaced(data, found, b"")
    yield "cut off", data[: len(data) // 2]


def of_tap(data: bytes) -> Lies:
    yield from figures(data, rb"(?m)^ *1\.\.(\d+)$")
    yield from figures(data, rb"(?m)^# (?:tests|pass|fail|skipped|todo) (\d+)$")
    yield from pieces(data, rb"(?m)^ *(?:not )?ok \d+ - [^\n]*\n +---\n.*?\n +\.\.\.\n")
    for found in re.finditer(rb"(?m)^ *(not ok)(?!.*# TODO)", data):
        yield f"ok for {found[0]!r} at {found.start()}", replaced(data, found, b"ok", 1)
    yield "cut off", data[: data.index(b"\n1..")]


def of_go(data: bytes) -> Lies:
    lines = data.splitlines(keepends=True)
    for number, line in enumerate(lines):
        event = json.loads(line) if line.startswith(b"{") else {}
        action, about = event.get("Action"), f"{event.get('Package')} {event.get('Test')}"
        if action not in ("pass", "fail", "skip"):
            continue

        def with_line(text: bytes, number: int = number) -> bytes:
            return b"".join([*lines[:number], text, *lines[number + 1 :]])

        yield f"twice {action} {about}", with_line(line * 2)
        if event.get("Package") != "example.com/m/empty":
            yield f"without {action} {about}", with_line(b"")
        other = {"pass": "fail", "fail": "pass", "skip": "pass"}[action]
        if event.get("Test") or action != "skip":
            yield (
                f"{other} for {action} {about}",
                with_line(line.replace(f'"{action}"'.encode(), f'"{other}"'.encode())),
            )
    yield "cut off", data[: data.index(b'"Action":"fail"')]


def of_lcov(data: bytes) -> Lies:
    yield from figures(data, rb"(?m)^L[FH]:(\d+)$")
    yield from pieces(data, rb"(?m)^DA:[^\n]*\n")
    yield from pieces(data, rb"(?m)^end_of_record\n")
    for found in re.finditer(rb"(?m)^DA:\d+,(\d+)$", data):
        yield f"turned {found[0]!r}", replaced(data, found, b"0" if int(found[1]) else b"1", 1)
        yield f"negative {found[0]!r}", replaced(data, found, b"-1", 1)


def of_cobertura(data: bytes) -> Lies:
    yield from figures(data, rb'lines-(?:valid|covered)="(\d+)"')
    for found in re.finditer(rb' line-rate="([\d.]+)"', data):
        rate = float(found[1])
        for other in (rate - 0.1 if rate > 0.5 else rate + 0.1, -1, "nan", 2):
            yield f"{found[0]!r}: {other}", replaced(data, found, str(other).encode(), 1)
    yield from pieces(data, rb"[ \t]*<line [^>]*/>\n")
    for found in re.finditer(rb'hits="(\d+)"', data):
        yield f"turned {found[0]!r}", replaced(data, found, b"0" if int(found[1]) else b"1", 1)
        yield f"negative {found[0]!r}", replaced(data, found, b"-1", 1)
    yield "cut off", data[: len(data) // 2]


def of_json(data: bytes) -> Lies:
    whole = json.loads(data)

    def with_change(change: Callable[[dict[str, Any]], None]) -> bytes:
        other = json.loads(data)
        change(other)
        return json.dumps(other).encode()

    for place in ("totals", *whole["files"]):
        for key in ("covered_lines", "num_statements", "missing_lines", "excluded_lines", "covered_branches"):
            for by in (1, -1, 1000, float("nan")):
                yield f"{key} of {place} by {by}", with_change(partial(add, place, key, by))
        for share in (0, 99.5, -1, float("nan"), "100"):
            yield f"{share} percent of {place}", with_change(partial(tell, place, share))
    for name, file in whole["files"].items():
        for key in ("executed_lines", "missing_lines"):
            if file[key]:
                yield f"without one of {key} of {name}", with_change(partial(drop, name, key))
                yield f"one of {key} of {name} twice", with_change(partial(double, name, key))
        if file["missing_lines"]:
            yield f"a line of {name} ran after all", with_change(partial(turn, name))
    yield "cut off", data[: len(data) // 2]


def summary_of(found: dict[str, Any], place: str) -> dict[str, Any]:
    summary: dict[str, Any] = found["totals"] if place == "totals" else found["files"][place]["summary"]
    return summary


def add(place: str, key: str, by: float, found: dict[str, Any]) -> None:
    summary_of(found, place)[key] += by


def tell(place: str, share: object, found: dict[str, Any]) -> None:
    summary_of(found, place)["percent_covered"] = share


def drop(name: str, key: str, found: dict[str, Any]) -> None:
    found["files"][name][key].pop()


def double(name: str, key: str, found: dict[str, Any]) -> None:
    found["files"][name][key].append(found["files"][name][key][0])


def turn(name: str, found: dict[str, Any]) -> None:
    found["files"][name]["executed_lines"].append(found["files"][name]["missing_lines"].pop())


def of_profile(data: bytes) -> Lies:
    for found in re.finditer(rb"(?m)(\d+) (\d+)$", data):
        yield f"negative {found[0]!r}", replaced(data, found, b"-1", 2)
        yield f"often {found[0]!r}", replaced(data, found, b"7", 2)
        yield f"not a number {found[0]!r}", replaced(data, found, b"NaN", 1)
    line = data.splitlines(keepends=True)[1]
    yield "other statements", data + line.replace(b" 1 ", b" 9 ")
    yield "another mode", data + b"mode: count\n"
    yield "cut off", data[:-4]


WAYS: dict[str, Callable[[bytes], Lies]] = {
    "junit": of_junit,
    "tap": of_tap,
    "tests": of_go,
    "lcov": of_lcov,
    "cobertura": of_cobertura,
    "json": of_json,
    "coverage": of_profile,
}


def believed(real: Real, ways: Callable[[bytes], Lies]) -> tuple[list[str], int]:
    """Return the lies that a reader believes, and how many there were."""
    found: list[str] = []
    number, own = 0, reader_of(real.data)
    assert own is not None
    truth = added_up([own.read(real.data, real.printed)])
    for name, data in ways(real.data):
        number += 1
        reader = reader_of(data)
        if reader is None or data == real.data:
            continue
        printed = data if real.printed == real.data else real.printed
        try:
            told = added_up([reader.read(data, printed)])
        except (Differs, UnreadReport):
            continue
        # What stands twice in pytest's may be another try of a test, which counts once.
        if not (name.startswith(("without", "twice")) and is_no_better(told, truth)):
            found.append(name)
    return found, number


def is_no_better(told: Figures, truth: Figures) -> bool:
    """Return whether nothing is gained: a test without its end counts as failed, one to do is neither anyway."""
    if told.tests is None or truth.tests is None:
        return False
    return told.tests.passed <= truth.tests.passed and told.tests.failed >= truth.tests.failed


@pytest.mark.parametrize("name", ["junit", "junit of xdist", "json", "cobertura", "lcov"])
def test_no_lie_about_what_pytest_wrote_is_believed(by_pytest: dict[str, Real], name: str) -> None:
    found, number = believed(by_pytest[name], WAYS[name.partition(" ")[0]])
    assert found == [], found
    assert number > 40


@pytest.mark.parametrize("name", ["tap", "junit", "lcov"])
def test_no_lie_about_what_node_wrote_is_believed(by_node: dict[str, Real], name: str) -> None:
    if name in by_node:
        found, number = believed(by_node[name], WAYS[name])
        assert found == [], found
        assert number > 20


@pytest.mark.parametrize("name", ["tests", "coverage"])
def test_no_lie_about_what_go_wrote_is_believed(by_go: dict[str, Real], name: str) -> None:
    found, number = believed(by_go[name], WAYS[name])
    assert found == [], found
    assert number > 10


def junit_of(outcomes: list[str], told: dict[str, int]) -> bytes:
    inner = {"passed": "", "failures": "<failure/>", "errors": "<error/>", "skipped": "<skipped/>"}
    cases = "".join(f'<testcase name="t{n}" time="{n}">{inner[kind]}</testcase>' for n, kind in enumerate(outcomes))
    totals = " ".join(f'{name}="{number}"' for name, number in told.items())
    return f"<testsuites {totals}><testsuite name='s' {totals}>{cases}</testsuite></testsuites>".encode()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(["passed", "failures", "errors", "skipped"]), min_size=1, max_size=30), st.data())
def test_a_suite_is_believed_with_its_own_totals_and_with_no_others(outcomes: list[str], data: st.DataObject) -> None:
    told = {"tests": len(outcomes)} | {kind: outcomes.count(kind) for kind in ("failures", "errors", "skipped")}
    tests = added_up([junit.read(junit_of(outcomes, told), b"")]).tests
    ran = len(outcomes) - told["skipped"]
    assert (tests is None) == (ran == 0)
    if tests is not None:
        assert (tests.passed, tests.ran) == (outcomes.count("passed"), ran)
    key = data.draw(st.sampled_from(sorted(told)))
    other = data.draw(st.integers(-3, 100).filter(lambda number: number != told[key]))
    with pytest.raises(Differs):
        junit.read(junit_of(outcomes, told | {key: other}), b"")


def lcov_of(hits: dict[int, int], told: dict[str, int]) -> bytes:
    lines = "".join(f"DA:{line},{times}\n" for line, times in hits.items())
    return f"SF:a\n{lines}LF:{told['LF']}\nLH:{told['LH']}\nend_of_record\n".encode()


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.integers(1, 500), st.integers(0, 9), min_size=1, max_size=40), st.data())
def test_a_file_is_believed_with_its_own_totals_and_with_no_others(hits: dict[int, int], data: st.DataObject) -> None:
    told = {"LF": len(hits), "LH": sum(times > 0 for times in hits.values())}
    lines = added_up([lcov.read(lcov_of(hits, told), b"")]).lines
    assert lines is not None
    assert (lines.covered, lines.total) == (told["LH"], told["LF"])
    key = data.draw(st.sampled_from(sorted(told)))
    other = data.draw(st.integers(-3, 600).filter(lambda number: number != told[key]))
    with pytest.raises(Differs):
        lcov.read(lcov_of(hits, told | {key: other}), b"")


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(READERS), st.binary(max_size=300), st.sampled_from([b"", b"<testsuite>", b"TAP version 13\n1..1\n"])
)
def test_no_text_does_more_than_be_refused(reader: Any, text: bytes, begin: bytes) -> None:
    with contextlib.suppress(Differs, UnreadReport):
        reader.read(begin + text, text)
