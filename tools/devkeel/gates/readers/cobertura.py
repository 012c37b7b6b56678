"""Cobertura XML, as coverage.py, gcovr, c8, tarpaulin, coverlet and others write it."""

from __future__ import annotations

import math
import posixpath
from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.gates.figures import TestReport, Unit
from devkeel.gates.readers import bounded_xml
from devkeel.gates.readers.trust import Differs, UnreadReport, count, moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from xml.etree.ElementTree import Element

__all__ = ["FORMAT", "read", "recognises"]

FORMAT = "Cobertura XML"
# Writers round to two digits and more, or cut.
_ROUNDED = 0.0101
_COUNTED = ("lines-valid", "lines-covered")


class _Class(Struct):
    filename: str
    rate: float | None
    lines: dict[int, bool]


class _CoveredPackage(Struct):
    name: str
    rate: float | None
    classes: list[_Class]


class _CoberturaReading:
    def __init__(self) -> None:
        self.sources: list[str] = []
        self.packages: list[_CoveredPackage] = []
        self.classes: list[_Class] = []
        self.root: Element | None = None
        self.inner: list[_Class] = []
        self.methods = 0

    def begin(self, name: str, element: Element) -> None:
        if self.root is None:
            self.root = element
            _rate(element, "line-rate", "the report")
        elif name == "package":
            self.packages.append(_CoveredPackage(element.get("name", ""), _rate(element, "line-rate", "a package"), []))
        elif name == "class":
            filename = element.get("filename")
            if not filename:
                raise UnreadReport("a class names no file")
            self.inner.append(_Class(filename, _rate(element, "line-rate", filename), {}))
        elif name == "methods":
            self.methods += 1
        elif name == "line" and self.inner and not self.methods:
            self._line(element)

    def _line(self, element: Element) -> None:
        known = self.inner[-1]
        number = count(element.get("number"), f"a line of {known.filename}")
        hits = count(element.get("hits"), f"the hits of line {number} of {known.filename}")
        if number in known.lines:
            raise Differs(f"line {number} of {known.filename} stands twice")
        known.lines[number] = hits > 0

    def end(self, name: str, element: Element) -> None:
        if name == "source":
            self.sources.append((element.text or "").strip())
        elif name == "methods":
            self.methods -= 1
        elif name == "class" and self.inner:
            done = self.inner.pop()
            _hold_rate(done.rate, done.lines.values(), done.filename)
            self.classes.append(done)
            if self.packages:
                self.packages[-1].classes.append(done)

    def hold(self) -> None:
        for package in self.packages:
            _hold_rate(
                package.rate, _ran(package.classes), f"the package {package.name[:80]!r}", _union(package.classes)
            )
        if self.root is None:
            raise UnreadReport("it is empty")
        every = [(len(ran), sum(ran)) for ran in (list(_ran(self.classes)), list(_union(self.classes)))]
        told = [count(self.root.get(name), name) if self.root.get(name) is not None else None for name in _COUNTED]
        ways = [pair for pair in every if all(one in (None, two) for one, two in zip(told, pair, strict=True))]
        if not ways:
            valid, covered = every[-1]
            raise Differs(f"it tells {told[1]} covered of {told[0]} lines, and has {covered} of {valid}")
        _hold_rate(_rate(self.root, "line-rate", "the report"), _ran(self.classes), "the report", _union(self.classes))

    def coverage(self) -> dict[str, Mapping[str, Unit]]:
        files: dict[str, dict[str, Unit]] = {}
        for found in self.classes:
            units = files.setdefault(self._name(found.filename), {})
            for number, ran in found.lines.items():
                before = units.get(str(number))
                units[str(number)] = Unit(1, ran or (before is not None and before.covered))
        return dict(files)

    def _name(self, filename: str) -> str:
        """Return the path of a file: its name is below one of the sources, and below which is known where it is one."""
        source = self.sources[0] if len(self.sources) == 1 else ""
        return posixpath.normpath(posixpath.join(source, filename))


def _rate(element: Element, name: str, of: str) -> float | None:
    text = element.get(name)
    if text is None:
        return None
    try:
        rate = float(text)
    except ValueError:
        rate = math.nan
    if text == "NaN":  # no lines of none
        return math.nan
    if not 0 <= rate <= 1 + _ROUNDED:
        raise Differs(f"{name} of {of} is {text[:40]!r}, which is no share")
    return rate


def _hold_rate(told: float | None, *ways: Iterable[bool] | str) -> None:
    """Compare a share with the lines, counted by class or by file. What has no lines may have any share."""
    of = next(item for item in ways if isinstance(item, str))
    counted = [list(item) for item in ways if not isinstance(item, str)]
    if told is None or not any(counted):
        return
    shares = [sum(lines) / len(lines) for lines in counted if lines]
    if not any(abs(told - share) <= _ROUNDED for share in shares):
        raise Differs(f"it tells that {told} of {of} ran, and its lines come to {shares[0]:.4f}")


def _ran(classes: Iterable[_Class]) -> Iterable[bool]:
    return (ran for found in classes for ran in found.lines.values())


def _union(classes: Iterable[_Class]) -> Iterable[bool]:
    """Return the lines of files, of which several classes may have the same."""
    lines: dict[tuple[str, int], bool] = {}
    for found in classes:
        for number, ran in found.lines.items():
            lines[found.filename, number] = ran or lines.get((found.filename, number), False)
    return lines.values()


def recognises(data: bytes) -> bool:
    """Return whether this is such a report. Clover's has the same outermost element, and no packages of classes."""
    return bounded_xml.begins_with(data, frozenset({"coverage"})) and b"clover=" not in data[:4096]


def read(data: bytes, printed: bytes) -> TestReport:  # noqa: ARG001  (as every reader)
    """Return what a report says. Raises Differs, UnreadReport."""
    reading = _CoberturaReading()
    for begins, name, element in bounded_xml.events(data):
        if begins:
            reading.begin(name, element)
        else:
            reading.end(name, element)
    reading.hold()
    stamp = reading.root.get("timestamp") if reading.root is not None else None
    return TestReport(FORMAT, coverage=reading.coverage(), written=moment(stamp))
