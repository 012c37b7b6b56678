"""What `go test -coverprofile` writes: a block of statements a line, with how often it ran."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from devkeel.gates.figures import TestReport, Unit
from devkeel.gates.readers.trust import Differs, UnreadReport, count

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["FORMAT", "read", "recognises"]

FORMAT = "Go coverage profile"
_MODE = re.compile(r"mode: (set|count|atomic)\r?$")
# golang.org/x/tools/cover, profile.go: FILE:LINE.COLUMN,LINE.COLUMN STATEMENTS COUNT.
_BLOCK = re.compile(r"(.+):(\d{1,9})\.(\d{1,9}),(\d{1,9})\.(\d{1,9}) (\S+) (\S+)")


def recognises(data: bytes) -> bool:
    """Return whether this is such a report."""
    return data.startswith(b"mode: ") and _MODE.match(data[:64].decode("utf-8", "replace").split("\n")[0]) is not None


def read(data: bytes, printed: bytes) -> TestReport:  # noqa: ARG001  (as every reader)
    """Return what a report says. Raises Differs, UnreadReport."""
    mode, files = "", dict[str, dict[str, Unit]]()
    for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), start=1):
        begins = _MODE.match(line)
        if begins:  # profiles that were put together keep their first lines
            if mode and begins[1] != mode:
                raise Differs("its profiles count in two modes", number)
            mode = begins[1]
            continue
        if not line.strip():
            continue
        found = _BLOCK.fullmatch(line)
        if found is None:
            raise UnreadReport(f"line {number} is no block")
        _add(files, found, mode, number)
    return TestReport(FORMAT, coverage=files)


def _add(files: dict[str, dict[str, Unit]], found: re.Match[str], mode: str, number: int) -> None:
    name, *place, statements, times = found.groups()
    begin, end = (int(place[0]), int(place[1])), (int(place[2]), int(place[3]))
    ran, weight = count(times, "how often a block ran", number), count(statements, "the statements of a block", number)
    if mode == "set" and ran > 1:
        raise Differs(f"a block ran {ran} times, and its mode counts to one", number)
    if end < begin or begin[0] == 0:
        raise Differs("a block ends before it begins", number)
    key = f"{begin[0]}.{begin[1]},{end[0]}.{end[1]}"
    units = files.setdefault(name, {})
    before = units.get(key)
    # The tests of each package write the blocks of all that they cover (`-coverpkg`).
    if before is not None and before.weight != weight:
        raise Differs(f"a block has {before.weight} statements, and {weight} elsewhere", number)
    units[key] = Unit(weight, ran > 0 or (before is not None and before.covered))


def shares(coverage: Mapping[str, Mapping[str, Unit]]) -> dict[str, float]:
    """Return how many statements of each package ran, in percent."""
    packages: dict[str, list[Unit]] = {}
    for name, units in coverage.items():
        packages.setdefault(name.rpartition("/")[0], []).extend(units.values())
    totals = {name: sum(unit.weight for unit in units) for name, units in packages.items()}
    covered = {name: sum(unit.weight for unit in units if unit.covered) for name, units in packages.items()}
    return {name: 100.0 * covered[name] / total for name, total in totals.items() if total}
