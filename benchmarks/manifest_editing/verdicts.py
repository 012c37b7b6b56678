"""The judgement of an edit: what it had to mean, what else it may not touch, and how large it is."""

from __future__ import annotations

import codecs
import difflib
import itertools
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from benchmarks.manifest_editing.meaning import Entry, Meaning, Unreadable, comments, normal_version, read
from msgspec import Struct

if TYPE_CHECKING:
    from benchmarks.manifest_editing.requests import Edit

__all__ = ["Verdict", "changed_lines", "judge", "lost_comments", "style_faults"]

_LEFT_OUT = re.compile(r"#\s*[\w.\"'-]+\s*=")
_HASHES = re.compile(r"\{'sha\d+': .*\}")


class Verdict(Struct):
    """What is to be said of one edit.

    outcome: same, apart (as asked, but not what the tool made), refused, different, crash. reason: a code of a refusal,
    or what is wrong. lines: how many lines differ, by devkeel and by the tool where there is one.
    """

    outcome: str
    reason: str = ""
    lost: tuple[str, ...] = ()
    style: tuple[str, ...] = ()
    lines: tuple[int, int | None] = (0, None)

    @property
    def bigger(self) -> bool:
        """Whether the tool's difference is smaller."""
        return self.lines[1] is not None and self.outcome == "same" and self.lines[0] > self.lines[1]


def judge(edit: Edit, before: bytes, after: bytes, tool: bytes | None) -> Verdict:
    """Return the verdict about an edit that was made, beside the one of a tool where there is one."""
    old = read(edit.kind, before)
    lines = (changed_lines(before, after), None if tool is None else changed_lines(before, tool))
    lost, style = lost_comments(edit, before, after), style_faults(before, after)
    try:
        new = read(edit.kind, after)
    except Unreadable as error:
        return Verdict("different", f"the result does not parse: {error}", lost, style, lines)
    wrong = _wrong(edit, old, new)
    agrees: bool | None = None
    if tool is not None:
        agrees = _agree(edit, new, read(edit.kind, tool))
    outcome = "same" if agrees or (agrees is None and not wrong) else "different" if wrong else "apart"
    return Verdict(outcome, wrong if outcome != "same" else "", lost, style, lines)


def _agree(edit: Edit, one: Meaning, other: Meaning) -> bool:
    if edit.kind == "npm":  # a section may be missing, empty or null
        return one.entries == other.entries and _without(one.other, edit.name) == _without(other.other, edit.name)
    return one.entries == other.entries and one.other == other.other


def _without(value: Any, name: str) -> Any:  # noqa: ANN401  (plain data)
    """Return plain data without what is said about a name alone."""
    if isinstance(value, dict):
        found = {key: _without(item, name) for key, item in value.items() if _plain(key) != _plain(name)}
        return {key: item for key, item in found.items() if item not in ({}, [], None)}
    if isinstance(value, list):
        about = re.compile(rf"(?:dep:)?{re.escape(name)}(?:\??/.*)?")
        return [_without(item, name) for item in value if not (isinstance(item, str) and about.fullmatch(item))]
    return value


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _wrong(edit: Edit, old: Meaning, new: Meaning) -> str:
    """Return what is wrong about a result by the request alone; nothing where it is right."""
    removal = edit.verb == "remove"
    if (_without(old.other, edit.name) != _without(new.other, edit.name)) if removal else (old.other != new.other):
        return "something else has changed"
    gone, come = Counter(old.entries), Counter(new.entries)
    gone, come = gone - come, come - gone
    if any(_plain(item.name) != _plain(edit.name) for item in [*gone, *come]):
        return "another library has changed"
    if edit.verb in ("bare", "absent"):
        return "it was there, or not there, and yet it has changed" if gone or come else ""
    if removal:
        there = [item for item in new.entries if _plain(item.name) == _plain(edit.name)]
        left = [item for item in there if edit.section in ("", item.section)]
        return "it is still there" if left else "it was added" if come else "" if gone else "it was not taken out"
    return _wrong_version(edit, gone, come)


def _wrong_version(edit: Edit, gone: Counter[Entry], come: Counter[Entry]) -> str:
    """Return what is wrong about the entries that an addition or another version took out and put in."""
    version = normal_version(edit.kind, edit.version)
    wanted = [item for item in come if item.section == edit.section and item.version in (version, version or "*")]
    if len(come) != 1 or not wanted:
        return f"it says {[(item.section, item.version) for item in come]}, not {(edit.section, version)}"
    if edit.verb == "add":
        return "something was taken out" if gone else ""
    same = [item for item in gone if item.section == edit.section and _rest(item.rest) == _rest(wanted[0].rest)]
    return "" if len(gone) == 1 and same else f"it was {[*gone]} and is {wanted[0]}"


def _rest(text: str) -> str:
    # Hashes are of one version (pip's `--hash`): with another one they go; the plan alone cannot know the new ones.
    text = _HASHES.sub("", text)
    return "" if text in ("", "[];", "{}") else text


def changed_lines(before: bytes, after: bytes) -> int:
    """Return how many lines a difference takes out and puts in; the end of a line does not count."""
    old, new = (data.decode("utf-8", "replace").splitlines() for data in (before, after))
    rows = difflib.unified_diff(old, new, lineterm="", n=0)
    return sum(row[:1] in "+-" and row[:3] not in ("+++", "---") for row in rows)


def lost_comments(edit: Edit, before: bytes, after: bytes) -> tuple[str, ...]:
    """Return the comments that are gone, other than those on the line of a library that was to be removed."""
    old, new = comments(edit.kind, before), comments(edit.kind, after)
    gone = Counter(text for text, _ in old) - Counter(text for text, _ in new)
    if edit.verb == "remove":
        gone -= Counter(text for text, head in old if _plain(edit.name) in _plain(head))
        gone -= Counter(_above(edit, before))
    return tuple(gone)


def _above(edit: Edit, data: bytes) -> list[str]:
    """Return the lines of comments in a library's entry and right above; one that reads as another library is none."""
    lines, found = data.decode("utf-8", "replace").splitlines(), list[str]()
    for number, line in enumerate(lines):
        if _plain(line.strip()).strip("'\"[- ").startswith(_plain(edit.name)):
            block = list(itertools.takewhile(lambda text: text.startswith("#"), map(str.strip, lines[:number][::-1])))
            found += [text for text in block if not _LEFT_OUT.match(text) or edit.name in text]
            depth = 0
            for inner in lines[number:]:
                depth += sum(inner.count(mark) for mark in "[{") - sum(inner.count(mark) for mark in "]}")
                if depth <= 0:
                    break
                found += [inner.strip()] if inner.strip().startswith("#") else []
    return found


def style_faults(before: bytes, after: bytes) -> tuple[str, ...]:
    """Return what of the bytes' style an edit did not keep."""
    found = []
    if before.startswith(codecs.BOM_UTF8) != after.startswith(codecs.BOM_UTF8):
        found.append("byte order mark")
    ends = {data.count(b"\r\n") == data.count(b"\n") for data in (before, after) if b"\n" in data}
    if b"\r\n" in before and len(ends) > 1:
        found.append("line endings")
    if b"\r\n" not in before and b"\r\n" in after:
        found.append("line endings")
    if before.endswith(b"\n") and after and not after.endswith(b"\n"):
        found.append("final line break")
    return tuple(found)
