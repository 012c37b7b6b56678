"""Reading what a failed program printed: the causes that it names, the likeliest root first.

A text may be of any length and made by anybody. Its last part is looked at, by sentences that are looked for as plain
text first, so that patterns see a few short windows alone.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cache
from importlib import import_module
from itertools import accumulate
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from devkeel.diagnosis.cause import Cause
from devkeel.diagnosis.mention import is_mentioned
from devkeel.diagnosis.phrase import Phrase
from devkeel.text.clean import clean, without_sequences

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


__all__ = ["FAMILIES", "TextReading", "last_part", "phrases", "read"]

# Modules of `devkeel.diagnosis.phrases`, each with its `PHRASES`.
FAMILIES: tuple[str, ...] = (
    "programs",
    "compilers",
    "linkers",
    "pkg_config",
    "cmake",
    "meson",
    "autoconf",
    "loader",
    "native_builds",
    "connections",
    "nix",
    "outcomes",
    "ports",
    "variables",
    "python",
    "python_versions",
    "python_words",
    "javascript",
    "go",
    "crates",
    "gems",
    "jvm",
    "other_languages",
    "uninstalled",
    "prebuilt",
    "version_conflicts",
    "settings",
)
_MOST = 1024 * 1024  # characters that are looked at, from the end
_END = 192 * 1024  # those that are looked at first
_NAMES_IT = 70  # from which weight on a sentence names the missing thing itself
_ADDRESSES = frozenset({"service", "port"})
_BESIDE = 3  # lines
_WINDOW = 2000  # of all the lines that a phrase sees, around what was found in one of them
_PLACES = 64  # of one sentence, the first and the last ones
_CAUSES = 12
_LONGEST = 300  # of what is missing
_SHOWN = 500
_SHOWN_BEFORE = 100
_OUTCOMES = frozenset({"tests", "code"})  # which say themselves that something was compared
# What stands before a program's own words: a job of npm, a time of BuildKit, a process of a supervisor, devenv's frame.
_PREFIX = re.compile(r"^(?:npm (?:ERR!|error) ?|#?\d+(?:\.\d+)? (?=\S)|[\w.-]{1,40} +\| | {0,4}\u2502 )+")


class TextReading(Struct, frozen=True):
    """What a text says. causes: the likeliest root first. lines: those looked at; omitted: characters before them.

    found: how many causes there were before the likeliest were taken; of a sentence that stands at very many places
    some alone are looked at.
    """

    causes: tuple[Cause, ...]
    lines: int
    omitted: int
    found: int = 0


def last_part(text: str) -> str:
    """Return the part of a text that is looked at."""
    return text[-_MOST:]


@cache
def phrases() -> tuple[Phrase, ...]:
    """Return every sentence that is known."""
    return tuple(row for name in FAMILIES for row in import_module(f"devkeel.diagnosis.phrases.{name}").PHRASES)


@cache
def _by_hint() -> Mapping[str, tuple[Phrase, ...]]:
    """Return the sentences by the text that each of them has."""
    found = dict[str, list[Phrase]]()
    for phrase in phrases():
        found.setdefault(phrase.hint, []).append(phrase)
    return {hint: tuple(rows) for hint, rows in found.items()}


@cache
def _whole(hint: str) -> tuple[str, ...]:
    """Return the words of a hint that are whole ones: the first and the last may be a part of one."""
    parts = hint.split()
    return tuple(parts[0 if hint[:1].isspace() else 1 : len(parts) if hint[-1:].isspace() else -1])


def read(text: str) -> TextReading:
    """Return the causes that a text names.

    Where the end of it names a thing that is missing, that is enough: what stands far above went before it.
    """
    end = _read(text, _END)
    if end.omitted == 0 or (end.causes and end.causes[0].weight >= _NAMES_IT):
        return end
    return _read(text, _MOST)


def _read(text: str, most: int) -> TextReading:
    omitted = max(0, len(text) - most)
    kept = without_sequences(text[omitted:]).replace("\r\n", "\n").replace("\r", "\n")
    first = text.count("\n", 0, omitted)
    found: dict[tuple[str, str], Cause] = {}
    starts = _starts(kept)
    # Each word once: what a hint is made of is looked for in these, which are few where lines are like one another.
    words = {*kept.split()}
    joined = "\n".join(words)
    for hint, rows in _by_hint().items():
        if not (words.issuperset(_whole(hint)) and all(part in joined for part in hint.split())):
            continue
        for place, phrase in ((place, row) for place in _places(kept, hint) for row in rows):
            for cause in _found(kept, starts, place, phrase):
                key = (cause.kind, cause.subject)
                known = found.get(key)
                if known is None or _order(cause) < _order(known):
                    found[key] = cause
    causes = sorted(_apart(found.values()), key=lambda item: (-item.weight, item.number))
    numbered = tuple(replace(cause, number=cause.number + first) for cause in causes[:_CAUSES])
    return TextReading(numbered, len(starts), omitted, len(causes))


def _order(cause: Cause) -> tuple[int, bool, int]:
    """Return how a cause goes before the same one of another line: one that says the subject itself shows it better."""
    return -cause.weight, cause.subject not in cause.line, cause.number


def _apart(causes: Iterable[Cause]) -> list[Cause]:
    """Return the causes without those by which a connection or a port is named a second time beside a clearer line."""
    every = list(causes)

    def is_clearer(other: Cause, cause: Cause) -> bool:
        near = other.kind == cause.kind and abs(other.number - cause.number) <= _BESIDE
        return near and other.weight > cause.weight

    return [
        item for item in every if item.kind not in _ADDRESSES or not any(is_clearer(other, item) for other in every)
    ]


def _starts(text: str) -> list[int]:
    """Return where the lines begin."""
    return [*accumulate(map(len, text.split("\n")[:-1]), lambda begun, length: begun + length + 1, initial=0)]


def _places(text: str, hint: str) -> Iterator[int]:
    """Yield where a hint stands, once in each line: the first and the last places, where there are very many."""
    half = _PLACES // 2
    position, number = text.find(hint), 0
    while position >= 0 and number < half:
        yield position
        number += 1
        position = _next(text, hint, position)
    if position < 0:
        return
    last, end = list[int](), len(text)
    while len(last) < half and (back := text.rfind(hint, position, end)) >= 0:
        last.append(back)
        end = text.rfind("\n", 0, back) + 1
    yield from reversed(last)


def _next(text: str, hint: str, position: int) -> int:
    end = text.find("\n", position)
    return text.find(hint, end) if end >= 0 else -1


def _found(text: str, starts: list[int], place: int, phrase: Phrase) -> Iterator[Cause]:
    """Yield the causes that a phrase names at a place: several where it has a list of them."""
    number = bisect_right(starts, place) - 1
    first, window = _window(text, starts, number, place, phrase)
    match = phrase.expression.search(window)
    if match is None or (phrase.judge is not None and not phrase.judge(match, text)):
        return
    if phrase.kind not in _OUTCOMES and _is_shown(text, starts, first, match):
        return
    given = {name: clean(value).strip() for name, value in match.groupdict().items() if value is not None}
    said = given.pop("subject", "") or phrase.subject.format_map(given)
    begun = place - (window.find(phrase.hint, match.start()) - match.start())
    line = clean(_sentence(text, starts, number, begun if starts[number] <= begun < place else place)).strip()
    facts = {**phrase.facts, **given}
    for subject in phrase.parted(said):
        if 0 < len(subject) <= _LONGEST:
            yield Cause(phrase.kind, subject, line, number + 1, phrase.name, facts, phrase.weight)


def _named(match: re.Match[str]) -> int:
    """Return where a match names its subject, or where it begins."""
    given = "subject" in match.re.groupindex and match.start("subject") >= 0
    return match.start("subject") if given else match.start()


def _is_shown(text: str, starts: list[int], first: int, match: re.Match[str]) -> bool:
    """Return whether the sentence is only mentioned, in the line where it begins or in the one of its subject."""
    window = match.string

    def line_at(number: int) -> str | None:
        if not 0 <= number < len(starts):
            return None
        if first <= number < first + len(lines):
            return lines[number - first]
        return _PREFIX.sub("", _line(text, starts, number, starts[number]))

    lines = window.split("\n")
    for place in {match.start(), _named(match)}:
        number = window.count("\n", 0, place)
        begun = window.rfind("\n", 0, place) + 1
        end = min(match.end(), begun + len(lines[number])) - begun
        if is_mentioned(line_at, first + number, max(match.start(), begun) - begun, end):
            return True
    return False


def _window(text: str, starts: list[int], number: int, place: int, phrase: Phrase) -> tuple[int, str]:
    """Return the lines that a phrase sees, each without what stands before a program's own words, and the first one.

    Very long ones share the window: half of it is around what was found, the others give their beginnings.
    """
    first, last = max(0, number - phrase.before), min(len(starts) - 1, number + phrase.lines - 1)
    others = last - first
    end = starts[last + 1] if last + 1 < len(starts) else len(text)
    own, each = _WINDOW // 2, _WINDOW
    if others and end - starts[first] > _WINDOW:
        own, each = _WINDOW // 4, _WINDOW // 2 // others - 1
    lines = (
        _line(text, starts, item, place, own) if item == number else _line(text, starts, item, starts[item], each)
        for item in range(first, last + 1)
    )
    return first, "\n".join(_PREFIX.sub("", line) for line in lines)


def _sentence(text: str, starts: list[int], number: int, place: int) -> str:
    """Return a line as it is shown: of a long one what stands around the sentence, which begins early in it."""
    begin = starts[number]
    end = starts[number + 1] - 1 if number + 1 < len(starts) else len(text)
    if end - begin > _SHOWN_BEFORE * 2:
        begin = max(begin, place - _SHOWN_BEFORE)
    return text[begin : min(end, begin + _SHOWN)]


def _line(text: str, starts: list[int], number: int, place: int, around: int = _WINDOW // 2) -> str:
    """Return a line, or of a very long one what stands around a place."""
    begin = starts[number]
    end = starts[number + 1] - 1 if number + 1 < len(starts) else len(text)
    return text[max(begin, place - around) : min(end, place + around)]
