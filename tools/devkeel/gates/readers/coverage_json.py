"""What `coverage json` writes."""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any

from devkeel.gates.figures import TestReport, Unit, without_places
from devkeel.gates.readers.trust import Differs, UnreadReport, count, moment, require_same

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["FORMAT", "read", "recognises"]

FORMAT = "coverage.py JSON"
_SUMS = ("covered_lines", "num_statements", "missing_lines", "excluded_lines")
_BRANCHES = ("num_branches", "covered_branches", "missing_branches")
_ROUNDED = 1e-6
_HEAD = 4096
_VERSION = re.compile(r"(\d+)\.(\d+)")
_STRICT = (7, 7)


def recognises(data: bytes) -> bool:
    """Return whether this is such a report: what it begins with says which version of coverage.py wrote it."""
    head = data[:_HEAD]
    return head.lstrip().startswith(b"{") and b'"meta"' in head and b'"branch_coverage"' in head


def read(data: bytes, printed: bytes) -> TestReport:  # noqa: ARG001  (as every reader)
    """Return what a report says. Raises Differs, UnreadReport."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise UnreadReport(f"it is no JSON: {error}") from error
    files, totals = found.get("files"), found.get("totals")
    if not isinstance(files, dict) or not isinstance(totals, dict):
        raise UnreadReport("it has no files, or no totals")
    meta = found.get("meta")
    version, stamp = (meta.get("version"), meta.get("timestamp")) if isinstance(meta, dict) else (None, None)
    coverage: dict[str, Mapping[str, Unit]] = {}
    sums = dict.fromkeys((*_SUMS, *_BRANCHES), 0)
    for name, file in files.items():
        if not isinstance(file, dict) or not isinstance(file.get("summary"), dict):
            raise UnreadReport(f"{name} has no summary")
        coverage[name] = _file(name, file, version)
        for key in sums:
            sums[key] += count(file["summary"].get(key, 0), f"{key} of {name}")
    for key, total in sums.items():
        if key in totals:
            require_same(count(totals[key], f"{key} of the totals"), total, key)
    _hold_share("the totals", totals)
    return TestReport(FORMAT, coverage=coverage, written=moment(stamp))


def _file(name: str, file: Mapping[str, Any], version: object) -> dict[str, Unit]:
    covered, missing = (_lines(name, file, key) for key in ("executed_lines", "missing_lines"))
    if covered & missing:
        raise Differs(f"line {min(covered & missing)} of {name} ran, and did not")
    summary, excluded = file["summary"], set[int]()
    if "excluded_lines" in file:
        excluded = _lines(name, file, "excluded_lines")
        _require(summary, "excluded_lines", len(excluded), name)
    _require(summary, "missing_lines", len(missing), name)
    ran = count(summary.get("covered_lines", len(covered)), f"covered_lines of {name}")
    _require(summary, "num_statements", ran + len(missing), name)
    _hold_share(name, summary)
    if ran == len(covered):
        return {str(line): Unit(1, line in covered) for line in covered | missing}
    # Up to 7.6, coverage.py lists every line that ran, and counts those that are statements and not excluded.
    if ran > len(covered - excluded):
        require_same(ran, len(covered - excluded), f"covered_lines of {name}")
    if not _lists_every_line(version):
        require_same(ran, len(covered), f"covered_lines of {name}")
    return without_places(ran, ran + len(missing))


def _require(summary: Mapping[str, Any], key: str, found: int, name: str) -> None:
    if key in summary:
        require_same(count(summary[key], f"{key} of {name}"), found, f"{key} of {name}")


def _lists_every_line(version: object) -> bool:
    found = _VERSION.match(version) if isinstance(version, str) else None
    return found is not None and tuple(map(int, found.groups())) < _STRICT


def _lines(name: str, file: Mapping[str, Any], key: str) -> set[int]:
    found = file.get(key)
    if not isinstance(found, list):
        raise UnreadReport(f"{name} has no {key}")
    lines = [count(line, f"a line of {name}") for line in found]
    if len(set(lines)) != len(lines):
        raise Differs(f"a line of {name} stands twice in its {key}")
    return set(lines)


def _hold_share(name: str, summary: Mapping[str, Any]) -> None:
    """Compare a percentage with what it is of: lines, and branches where these were measured."""
    told = summary.get("percent_covered")
    if told is None:
        return
    if isinstance(told, bool) or not isinstance(told, int | float) or not math.isfinite(told):
        raise Differs(f"percent_covered of {name} is {str(told)[:40]!r}, which is no percentage")
    get = {key: count(summary.get(key, 0), f"{key} of {name}") for key in (*_SUMS, *_BRANCHES)}
    part, whole = get["covered_lines"] + get["covered_branches"], get["num_statements"] + get["num_branches"]
    if get["covered_lines"] > get["num_statements"] or get["covered_branches"] > get["num_branches"]:
        raise Differs(f"more of {name} ran than it has")
    # coverage.py, results.py: what has no statements is covered as a whole.
    comes = 100.0 * part / whole if whole else 100.0
    if abs(told - comes) > _ROUNDED:
        raise Differs(f"it tells {told} percent of {name}, and its figures come to {comes}")
