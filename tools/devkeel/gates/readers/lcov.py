"""LCOV's tracefiles, as geninfo, node, c8 and coverage.py write them."""

from __future__ import annotations

from devkeel.gates.figures import TestReport, Unit, join, without_places
from devkeel.gates.readers.trust import Differs, UnreadReport, count, require_same

__all__ = ["FORMAT", "read", "recognises"]

FORMAT = "LCOV"
_HEAD = 64 * 1024


class _Record:
    """A file, up to `end_of_record`."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.lines: dict[int, int] = {}
        self.told: dict[str, int] = {}
        self.sums = False

    def take(self, key: str, value: str, number: int) -> None:
        if key == "DA":
            # geninfo(1), TRACEFILE FORMAT: DA:LINE,HITS[,CHECKSUM]
            place, _, rest = value.partition(",")
            line = count(place, f"a line of {self.name}", number)
            times, _, checksum = rest.partition(",")
            hits = count(times, f"how often line {line} of {self.name} ran", number)
            self.sums = self.sums or bool(checksum)
            if line in self.lines:
                raise Differs(f"line {line} of {self.name} stands twice", number)
            self.lines[line] = hits
        elif key in ("LF", "LH"):
            self.told[key] = count(value, f"{key} of {self.name}", number)

    def units(self, number: int) -> dict[str, Unit]:
        """Return its lines, and compare them with its totals."""
        total, covered = len(self.lines), sum(hits > 0 for hits in self.lines.values())
        more = total - self.told.get("LF", total)
        # Up to 7.6, coverage.py lists every line that ran, with a checksum, and counts those that are statements; 6.5
        # does so in LF alone.
        if self.sums and more > 0 and covered - self.told.get("LH", covered) in (more, 0):
            return without_places(covered - more, total - more)
        for key, found in (("LF", total), ("LH", covered)):
            if key in self.told:
                require_same(self.told[key], found, f"{key} of {self.name}", number)
        return {str(line): Unit(1, hits > 0) for line, hits in self.lines.items()}


def recognises(data: bytes) -> bool:
    """Return whether this is such a report: lines of LCOV, and no others before them."""
    for line in data[:_HEAD].splitlines():
        if line.startswith((b"SF:", b"TN:")):
            return b"\nDA:" in data or b"\nend_of_record" in data or b"\nLF:" in data
        if line.strip() and not line.startswith(b"#"):
            return False
    return False


def read(data: bytes, printed: bytes) -> TestReport:  # noqa: ARG001  (as every reader)
    """Return what a report says. Raises Differs, UnreadReport."""
    files: dict[str, dict[str, Unit]] = {}
    record: _Record | None = None
    for number, text in enumerate(data.decode("utf-8", "replace").splitlines(), start=1):
        key, _, value = text.strip().partition(":")
        if key == "SF":
            if record is not None:
                raise UnreadReport(f"line {number} begins a file, and the one before has no end")
            record = _Record(value)
        elif key == "end_of_record":
            if record is None:
                raise UnreadReport(f"line {number} ends a file, and none began")
            join(files.setdefault(record.name, {}), record.units(number))
            record = None
        elif record is not None:
            record.take(key, value, number)
        elif key in ("DA", "LF", "LH"):
            raise UnreadReport(f"line {number} is of no file")
    if record is not None:
        raise UnreadReport("it ends within a file: it was cut off")
    return TestReport(FORMAT, coverage=files)
