"""Finding the reports of a run, and reading them: what cannot be believed is said, and no figure of it is used."""

from __future__ import annotations

import codecs
import os
import posixpath
import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from devkeel.errors import ProjectError
from devkeel.gates.figures import join
from devkeel.gates.readers import go_coverage, registry
from devkeel.gates.readers.registry import reader_of
from devkeel.gates.readers.trust import Differs, UnreadReport
from devkeel.project.root import PRIVATE, digest
from devkeel.system.beneath import opened, read_regular

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from devkeel.gates.figures import TestReport, Unit
    from devkeel.project.root import Project

__all__ = ["PRINTED", "Before", "Found", "Occasion", "ReportProblem", "ReportsRead", "find", "looked_at", "read_all"]

PRINTED = "stdout"
"""What stands for the command's own output in an answer, and among the reports that a call names."""

_MOST_BYTES = 64 * 1024 * 1024
_MOST_TOGETHER = 256 * 1024 * 1024
_MOST_REPORTS = 2000
_MOST_FOLDERS = 20_000
_SKIPPED = PRIVATE | {"node_modules"}
_PATTERN = re.compile(r"[*?\[]")
# A clock of a file system may be coarser than that of the system, by a tick of the kernel.
_TICK = 0.05
# Time stamps of reports have no fractions, some of them.
_SECOND = 1.0
# go prints one digit behind the point.
_GO_ROUNDED = 0.0501


class ReportProblem(Struct, frozen=True):
    """Why a report is not used.

    code: `report_untrusted`, `report_unread`, `report_missing`, or that of the error that the command ended with.
    older: it is not believed because the run did not write it, and not because it contradicts itself.
    """

    code: str
    file: str
    message: str
    line: int | None = None
    format: str | None = None
    older: bool = False

    @property
    def untrusted(self) -> bool:
        """Whether there is a report that is not believed."""
        return self.code == "report_untrusted"

    @property
    def contradicts(self) -> bool:
        """Whether the run wrote a report that is not believed."""
        return self.untrusted and not self.older

    @classmethod
    def of_error(cls, error: Mapping[str, Any]) -> ReportProblem:
        """Return why a command wrote none. error: as plain data."""
        return cls(str(error.get("code", "timeout")), "", str(error.get("message", "")))


class Before(Struct, frozen=True):
    """A report as it was before the run. changed: when, in nanoseconds of the epoch."""

    changed: int
    digest: str | None


class Occasion(Struct, frozen=True):
    """The run that reports are of.

    begun: in seconds of the epoch; None where nothing ran, so that no report is older. before: the reports that were
    there then. printed: what the command printed; cut: not all of it is there. cwd: where it ran.
    """

    begun: float | None = None
    before: Mapping[str, Before] = {}
    printed: bytes = b""
    cut: bool = False
    cwd: str = "."

    def is_older(self, name: str, data: bytes, changed: int) -> bool:
        """Return whether a report was not written by the run, as far as its time and its content say."""
        if self.begun is None:
            return False
        if changed / 1e9 < self.begun - _TICK:
            return True
        before = self.before.get(name)
        return before is not None and before.changed == changed and before.digest == digest(data)


class Found(Struct, frozen=True):
    """A report that was read. file: relative to the root, or `stdout`."""

    file: str
    format: str
    tests: int | None = None
    lines: int | None = None


class ReportsRead(Struct, frozen=True):
    """What the reports of a run say. reports: those to be added up; problems: those that are not."""

    reports: tuple[TestReport, ...]
    found: tuple[Found, ...]
    problems: tuple[ReportProblem, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        """What to know about reports that were read."""
        return tuple(note for report in self.reports for note in report.notes)


def find(project: Project, named: Sequence[str]) -> tuple[list[str], list[ReportProblem]]:
    """Return the files that paths and patterns name, none of them by a link that leads out of the project."""
    names, problems = dict[str, None](), list[ReportProblem]()
    walked: list[str] | None = None
    for item in named:
        if item == PRINTED:
            continue
        if not _PATTERN.search(item):
            names[posixpath.normpath(item)] = None
            continue
        if walked is None:
            walked, whole = _walked(project)
            if not whole:
                problems.append(
                    ReportProblem("report_unread", item, f"there are more than {_MOST_FOLDERS} directories")
                )
        pattern = re.compile(_translated(posixpath.normpath(item)))
        matching = [name for name in walked if pattern.fullmatch(name)]
        if not matching:
            problems.append(ReportProblem("report_missing", item, "there is no report of this pattern"))
        names.update(dict.fromkeys(matching))
    if len(names) > _MOST_REPORTS:
        problems.append(ReportProblem("report_unread", "", f"there are more than {_MOST_REPORTS} reports"))
    return list(names)[:_MOST_REPORTS], problems


def _walked(project: Project) -> tuple[list[str], bool]:
    names, number = list[str](), 0
    for number, (folder, files) in enumerate(project.room.walk(frozenset(_SKIPPED), _MOST_FOLDERS), start=1):  # noqa: B007
        names += [posixpath.normpath(posixpath.join(folder, name)) for name in files]
    return names, number < _MOST_FOLDERS


def _translated(pattern: str) -> str:
    """Return a pattern of paths as an expression: `*` and `?` stay in a directory, `**` is any number of them."""
    parts = list[str]()
    for segment in pattern.split("/"):
        if segment == "**":
            parts.append(r"(?:[^/]+/)*")
            continue
        text = re.sub(r"\\\*", "[^/]*", re.escape(segment))
        text = re.sub(r"\\\?", "[^/]", text)
        text = re.sub(r"\\\[(!?)([^\]\\/]+)\\\]", lambda found: f"[{'^' if found[1] else ''}{found[2]}]", text)
        parts.append(f"{text}/")
    return "".join(parts).removesuffix("/") + ("" if parts and parts[-1].endswith("/") else "[^/]*")


def looked_at(project: Project, named: Sequence[str]) -> dict[str, Before]:
    """Return the reports that are there before a run, so that one that the run did not write is known."""
    names, _ = find(project, named)
    found = dict[str, Before]()
    for name in names:
        try:
            data, changed = _bytes_of(project, name)
        except (OSError, ProjectError, UnreadReport):
            continue
        if data is not None:
            found[name] = Before(changed, digest(data))
    return found


def read_all(project: Project, named: Sequence[str], occasion: Occasion) -> ReportsRead:
    """Return what the reports say."""
    problems: list[ReportProblem] = []
    reports: list[TestReport] = []
    found: list[Found] = []
    seen: set[str] = set()
    for name, data in _sources(project, named, occasion, problems):
        if (mark := digest(data)) in seen:
            continue  # the same once more
        seen.add(mark)
        report = _read(name, data, occasion, problems)
        if report is None:
            continue
        if report.format != go_coverage.FORMAT:  # which names packages, and no files
            report = replace(report, coverage=_placed(report.coverage, project.root, occasion.cwd))
        reports.append(report)
        tests = None if report.cases is None else len(report.cases)
        lines = None if report.coverage is None else sum(len(units) for units in report.coverage.values())
        found.append(Found(name, report.format, tests, lines))
    problems += _shares(reports, found)
    return ReportsRead(tuple(reports), tuple(found), tuple(problems))


def _sources(
    project: Project, named: Sequence[str], occasion: Occasion, problems: list[ReportProblem]
) -> Iterable[tuple[str, bytes]]:
    """Yield the reports that are of the run, with their bytes."""
    names, missing = find(project, named)
    problems += missing
    left = _MOST_TOGETHER
    for name in names:
        try:
            data, changed = _bytes_of(project, name)
        except (OSError, ProjectError, UnreadReport) as error:
            problems.append(ReportProblem("report_unread", name, _why(error)))
            continue
        left -= len(data or b"")
        if data is None:
            problems.append(ReportProblem("report_missing", name, "there is no such file"))
        elif left < 0:
            why = f"the reports have more than {_MOST_TOGETHER // 1024 // 1024} MiB together"
            problems.append(ReportProblem("report_unread", name, why))
        elif occasion.is_older(name, data, changed):
            why, reader = "it is older than the run, which did not write it", reader_of(data)
            told = None if reader is None else reader.FORMAT
            problems.append(ReportProblem("report_untrusted", name, why, format=told, older=True))
        else:
            yield name, data
    if occasion.printed and reader_of(occasion.printed) in registry.PRINTED:
        yield PRINTED, occasion.printed
    elif PRINTED in named:
        problems.append(ReportProblem("report_missing", PRINTED, "the command printed no report"))


def _bytes_of(project: Project, name: str) -> tuple[bytes | None, int]:
    """Return the bytes of a report and when it was changed last; None where there is none."""
    place = project.room.find(name, beyond=False)
    if set(place.name.split("/")) & PRIVATE:
        raise UnreadReport("it is in a directory that belongs to a tool")
    try:
        descriptor, _ = project.room.open(name, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY, beyond=False)
    except FileNotFoundError:
        return None, 0
    with opened(descriptor):
        info = os.fstat(descriptor)
        data = read_regular(descriptor, _MOST_BYTES + 1)
    if data is None:
        raise UnreadReport("it is no plain file")
    if len(data) > _MOST_BYTES:
        raise UnreadReport(f"it has more than {_MOST_BYTES // 1024 // 1024} MiB")
    return data, info.st_mtime_ns


def _why(error: Exception) -> str:
    if isinstance(error, ProjectError):
        return error.message
    return (error.strerror or str(error)).lower() if isinstance(error, OSError) else str(error)


def _read(name: str, data: bytes, occasion: Occasion, problems: list[ReportProblem]) -> TestReport | None:
    data = _without_mark(data)
    reader = reader_of(data)
    if reader is None:
        why = "it is empty" if not data.strip() else "it is of no known format"
        problems.append(ReportProblem("report_unread", name, why))
        return None
    told: str = reader.FORMAT
    if occasion.cut and name == PRINTED:
        problems.append(ReportProblem("report_unread", name, "the command printed more than is kept", format=told))
        return None
    try:
        report: TestReport = reader.read(data, occasion.printed)
    except Differs as error:
        problems.append(ReportProblem("report_untrusted", name, error.what, error.line, told))
        return None
    except UnreadReport as error:
        problems.append(ReportProblem("report_unread", name, str(error), format=told))
        return None
    if occasion.begun is not None and report.written is not None and report.written < occasion.begun - _SECOND:
        why = "it says itself that it was made before the run began"
        problems.append(ReportProblem("report_untrusted", name, why, format=told, older=True))
        return None
    return report


def _without_mark(data: bytes) -> bytes:
    """Return text that begins with the mark of an encoding, as some shells write it, in UTF-8; XML says its own."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            text = data.decode("utf-16").encode()
        except UnicodeError:
            return data
    else:
        text = data.removeprefix(codecs.BOM_UTF8)
    return data if text.lstrip().startswith(b"<") else text


def _placed(
    coverage: Mapping[str, Mapping[str, Unit]] | None, root: Path, cwd: str
) -> Mapping[str, Mapping[str, Unit]] | None:
    """Return coverage by paths relative to the root, so that two reports of a file are about the same one."""
    if coverage is None:
        return None
    top = f"{root}/"
    placed: dict[str, dict[str, Unit]] = {}
    for name, units in coverage.items():
        path = name.removeprefix(top) if name.startswith(top) else posixpath.normpath(posixpath.join(cwd, name))
        join(placed.setdefault(path, {}), units)
    return placed


def _shares(reports: Sequence[TestReport], found: Sequence[Found]) -> Iterable[ReportProblem]:
    """Compare what Go's tests say of the coverage of their packages with the profile that the same run wrote."""
    told = {name: share for report in reports for name, share in report.shares.items()}
    problems = list[ReportProblem]()
    for report, place in zip(reports, found, strict=True):
        if report.format != go_coverage.FORMAT or report.coverage is None:
            continue
        for name, share in go_coverage.shares(report.coverage).items():
            if name in told and abs(told[name] - share) > _GO_ROUNDED:
                why = f"the tests of {name} say that {told[name]}% of it ran, and its blocks come to {share:.1f}%"
                problems.append(ReportProblem("report_untrusted", place.file, why, format=report.format))
    return problems
