"""What several rungs found, as one list; and which errors of a candidate were not there before it."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from devkeel.project.root import DECLARATION

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from devkeel.checks.report import CheckReport
    from devkeel.errors import Diagnostic

__all__ = ["added_errors", "merged"]

_WORSE = {"info": 0, "warning": 1, "error": 2}
# Where else a message stands moves with the lines above it.
_MOVES = re.compile(r":\d+(?::\d+)?|\bline \d+|\bcolumn \d+")
# Nix stops at the first error that it comes to; the other rungs report them all.
_STOPPING = "evaluation"
_ASSERTION = "failed_assertion"
_MAX_LINES = 4_000
# The module system says of a value out of range or beside a list of choices that it is not of the type.
_KINDS = {"wrong_value": "wrong_type"}


def merged(found: Iterable[Diagnostic], deeper: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Return the findings of the rungs so far with those of a deeper one.

    What says the same of the same line again is one finding, with the worse verdict and both rungs; nothing else is
    left out.
    """
    result, taken = [*found], set[int]()
    for item in deeper:
        same = next((at for at, old in enumerate(result) if at not in taken and _is_same(old, item)), None)
        if same is None:
            taken.add(len(result))
            result.append(item)
            continue
        taken.add(same)
        old = result[same]
        if _WORSE[item.severity] > _WORSE[old.severity]:
            suggestions = item.suggestions or old.suggestions
            result[same] = replace(item, suggestions=suggestions, also=old.source)
        else:
            result[same] = replace(old, also=item.source)
    return result


def _is_same(one: Diagnostic, other: Diagnostic) -> bool:
    if (
        _KINDS.get(one.code, one.code) != _KINDS.get(other.code, other.code)
        or one.source == other.source
        or one.place is None
        or other.place is None
    ):
        return False
    return (one.place.file, one.place.line) == (other.place.file, other.place.line) and _related(
        one.subject, other.subject
    )


def _related(one: str | None, other: str | None) -> bool:
    """Return whether one path is a part of the other: rungs name an option or package with more or less before it."""
    if one is None or other is None:
        return True
    short, long = sorted((f".{one}.", f".{other}."), key=len)
    return short in long


def added_errors(
    before: CheckReport, after: CheckReport, old: Mapping[str, bytes], new: Mapping[str, bytes]
) -> list[Diagnostic]:
    """Return the errors of a candidate that were not there before. Lines may have moved; `old` and `new` are the files.

    A warning that became an error is added, and so is a second error like the first. Where the old files fail in the
    evaluation, or it could not run on them, an error of the new ones may have been hidden by that: it counts where it
    stands in lines that the change wrote and is about something that the lines before them did not have.
    """
    lines = _Lines(old, new)
    known = [item for item in before.diagnostics if item.severity == "error"]
    hides = _hiding(before, after)
    added = []
    for item in after.diagnostics:
        if item.severity != "error":
            continue
        match = lines.find(item, known)
        if match is not None:
            known.remove(match)
        elif not hides(item) or lines.wrote(item):
            added.append(item)
    return added


def _hiding(before: CheckReport, after: CheckReport) -> Callable[[Diagnostic], bool]:
    """Return what shows whether the evaluation of before may not have come to an error of the evaluation now."""
    # Beside an input that is not locked less is judged, both times alike.
    beside = all(any(item.code == "input_not_locked" for item in report.diagnostics) for report in (before, after))
    evaluated = _STOPPING in before.ran or beside
    failed = {item.code for item in before.diagnostics if item.severity == "error" and _STOPPING in _sources(item)}
    # Nix alone lists every assertion that does not hold; what comes after them it does not look at.
    to_its_end = evaluated and before.judge == "nix" and failed <= {_ASSERTION}

    def hides(item: Diagnostic) -> bool:
        if item.source != _STOPPING:
            return False
        return not to_its_end if item.code == _ASSERTION else not evaluated or bool(failed)

    return hides


def _sources(item: Diagnostic) -> tuple[str | None, ...]:
    return item.source, item.also


def _identity(item: Diagnostic) -> tuple[str, str, str | None]:
    return item.code, _MOVES.sub("", item.message), item.place.file if item.place else None


class _Replaced(Struct, frozen=True):
    """Lines that a change took (`start` up to `end`), and where what it wrote instead begins and ends."""

    start: int
    end: int
    at: int
    until: int


class _Lines:
    """The lines of all files before a change and after it, numbered from 0."""

    def __init__(self, old: Mapping[str, bytes], new: Mapping[str, bytes]) -> None:
        self._old, self._new = old, new
        self._known: dict[str, tuple[list[str], list[str], list[_Replaced]]] = {}

    def _of(self, name: str) -> tuple[list[str], list[str], list[_Replaced]]:
        if name not in self._known:
            pair = (_split(self._old.get(name, b"")), _split(self._new.get(name, b"")))
            self._known[name] = (*pair, _hunks(*pair))
        return self._known[name]

    def find(self, item: Diagnostic, known: Collection[Diagnostic]) -> Diagnostic | None:
        """Return the one of the errors before that an error now is: where its line is now, or went."""
        same = [old for old in known if _identity(old) == _identity(item)]
        if item.place is None or item.place.line is None:
            return next(iter(same), None)
        before, after, hunks = self._of(item.place.file)
        line = item.place.line - 1
        hunk = next((each for each in hunks if each.at <= line < each.until), None)
        text = after[line].strip() if line < len(after) else ""
        moved = []
        for old in same:
            was = old.place.line - 1 if old.place and old.place.line else 0
            taken = next((each for each in hunks if each.start <= was < each.end), None)
            if taken is None and hunk is None and line - was == _shift(hunks, was):
                return old
            # Of a line that was rewritten, or went elsewhere as it is; or told at the first of several places.
            if taken is None or taken == hunk or (was < len(before) and before[was].strip() == text):
                moved.append(old)
        return next(iter(moved), None)

    def wrote(self, item: Diagnostic) -> bool:
        """Return whether an error is about something that a change wrote, and did not find there."""
        name = item.place.file if item.place else DECLARATION
        if name not in self._old:
            return True
        if item.place is None or item.place.line is None:
            return False
        before, after, hunks = self._of(name)
        line = item.place.line - 1
        hunk = next((each for each in hunks if each.at <= line < each.until), None)
        gone = [text.strip() for each in hunks for text in before[each.start : each.end]]
        if hunk is None or line >= len(after) or after[line].strip() in gone:
            return False
        if hunk.start == hunk.end:
            return True
        word = (item.subject or "").rpartition(".")[2]
        return bool(word) and not any(re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text) for text in gone)


def _split(data: bytes) -> list[str]:
    return data.decode("utf-8", "replace").split("\n")


def _shift(hunks: list[_Replaced], line: int) -> int:
    """Return by how many lines a line that stayed has moved."""
    return sum((each.until - each.at) - (each.end - each.start) for each in hunks if each.end <= line)


def _hunks(old: list[str], new: list[str]) -> list[_Replaced]:
    start = next((at for at, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    rest = min(len(old), len(new)) - start
    end = next((at for at in range(rest) if old[-1 - at] != new[-1 - at]), rest)
    middle = old[start : len(old) - end], new[start : len(new) - end]
    if not any(middle):
        return []
    if sum(map(len, middle)) > _MAX_LINES:  # it would take too long, and says nothing
        return [_Replaced(start, len(old) - end, start, len(new) - end)]
    steps = SequenceMatcher(None, *middle, autojunk=False).get_opcodes()
    return [_Replaced(start + a, start + b, start + c, start + d) for tag, a, b, c, d in steps if tag != "equal"]
