"""Versions as manifests ask for them: exact ones, series and ranges of npm, Python, Ruby, Composer and the rest."""

from __future__ import annotations

import re
from functools import cmp_to_key
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["agree", "allows", "newest", "numbered", "pinned"]

# Of what two numbers make a series that nixpkgs has a package of, as `python313`; of all else one does: `nodejs_22`.
_BY_TWO = frozenset({"python", "ruby", "php", "go", "elixir", "zig", "rust", "terraform", "opentofu", "perl", "lua"})
_NAMED = re.compile(r"(?:rust:)?(stable|beta|nightly)(?:-\d{4}-\d{2}-\d{2})?")
# Node.js's release schedule: the names of its long term lines (nodejs/Release, schedule.json).
_LTS = {
    "argon": "4",
    "boron": "6",
    "carbon": "8",
    "dubnium": "10",
    "erbium": "12",
    "fermium": "14",
    "gallium": "16",
    "hydrogen": "18",
    "iron": "20",
    "jod": "22",
    "krypton": "24",
}
# A version has a dozen characters; int() refuses thousands of digits (sys.set_int_max_str_digits).
_LONGEST = 100
_SPOKEN = re.compile(r"(?:lts(?:/.*)?|latest.*|stable|current|node|system|none|ref:.*|path:.*|\*)", re.IGNORECASE)
_NUMBERED = re.compile(r"\d+(?:\.\d+)*")
# A sign, numbers of which the last may be a wildcard, and what a vendor adds: `21.0.2-tem`, `3.3.0p0`, `1.16.1-otp-26`.
_SIGNS = r"\^|~>|~=|~|>=|<=|===|==|=|!=|>|<"
_WORD = re.compile(rf"({_SIGNS})?\s*v?(\d+(?:\.\d+)*(?:\.[xX*])*)(?:[-+@]?[A-Za-z][\w.+-]*|-[\w.+-]+)?")
_Numbers = tuple[int, ...]


class _Range(Struct, frozen=True):
    """The versions from low on and below high; None without an end."""

    low: _Numbers
    high: _Numbers | None

    def has(self, version: _Numbers) -> bool:
        size = max(len(version), len(self.low), len(self.high or ()))
        wide = _padded(version, size)
        return _padded(self.low, size) <= wide and (self.high is None or wide < _padded(self.high, size))


def pinned(written: str, language: str) -> str | None:
    """Return the version or series that a requirement leaves, None where it leaves several or cannot be read.

    `20.11.1` is itself, `^20` and `20.x` are `20` of Node.js, `>=3.11` is none.
    """
    text = written.strip()
    if len(text) > _LONGEST:
        return None
    if _NAMED.fullmatch(text):
        # Stable is what nixpkgs has as well: the newest.
        return text if language == "rust" and not text.startswith("stable") else None
    if known := _LTS.get(text.removeprefix("lts/").lower()):
        return known
    # Composer, "Versions and constraints": `~8.2` lets 8.9 in, as RubyGems' `~>` does.
    ranges = _ranges(re.sub(r"~(?!>)", "~>", text) if language == "php" else text)
    size = 2 if language in _BY_TWO else 1
    found = {_within(item, size) for item in ranges}
    if len(found) != 1 or None in found:
        return None
    (series,) = found
    exact = _exact(text)
    return exact or series


def numbered(word: str, language: str) -> str | None:
    """Return the version in a word of a version manager: `v20`, `temurin-21.0.2`, `lts/iron`; None for `lts/*`."""
    if len(word) > _LONGEST:
        return None
    if _NAMED.fullmatch(word):
        return word if language == "rust" else None
    if known := _LTS.get(word.removeprefix("lts/").lower()):
        return known
    found = None if _SPOKEN.fullmatch(word) else _NUMBERED.search(word)
    return found[0] if found else None


def allows(written: str, version: str) -> bool:
    """Return whether a requirement lets a version in; True where it cannot be read."""
    ranges = _ranges(written.strip()) if len(written) <= _LONGEST else ()
    number = _NUMBERED.fullmatch(version)
    if not ranges or number is None:
        return True
    numbers = _numbers(version)
    return any(item.has(numbers) or (item.low[: len(numbers)] == numbers) for item in ranges)


def agree(one: str, other: str) -> bool:
    """Return whether one version is the other, or a series that it is of: `20` and `20.11.1`."""
    short, long = sorted((one.split("."), other.split(".")), key=len)
    return long[: len(short)] == short


def newest(versions: Iterable[str]) -> str:
    """Return the newest of some versions; the longer of two that agree."""

    def compare(one: str, other: str) -> int:
        left, right = (_numbers(item) if _NUMBERED.fullmatch(item) else () for item in (one, other))
        return (left > right) - (left < right)

    return max(versions, key=cmp_to_key(compare))


def _exact(text: str) -> str | None:
    """Return the version that is written out whole, with its words cut off: `v20.11.1`, `==3.11.4`, `21.0.2-tem`."""
    found = _WORD.fullmatch(text)
    if found is None or found[1] not in (None, "=", "==", "==="):
        return None
    return found[2] if _NUMBERED.fullmatch(found[2]) else None


def _within(item: _Range, size: int) -> str | None:
    """Return the series of so many numbers that a range lies in."""
    series = item.low[:size]
    if item.high is None or len(series) < size:
        return None
    end = (*series[:-1], series[-1] + 1)
    width = max(len(item.high), size)
    return ".".join(map(str, series)) if _padded(item.high, width) <= _padded(end, width) else None


def _ranges(text: str) -> tuple[_Range, ...]:
    """Return the ranges of a requirement, any of which may hold; none where it cannot be read."""
    found = tuple(_all_of(part) for part in re.split(r"\|\|?", text))
    return tuple(item for item in found if item is not None) if None not in found else ()


def _all_of(text: str) -> _Range | None:
    low, high = tuple[int, ...](), None
    rest = text.strip()
    if not rest or " - " in rest:
        return None
    while rest:
        found = _WORD.match(rest)
        if found is None:
            return None
        rest = rest[found.end() :].lstrip(" ,")
        for item in _comparator(found[1] or "", found[2]):
            low = max(low, item.low)
            high = item.high if high is None else min(high, item.high or high)
    return _Range(low, high) if low or high else None


def _comparator(sign: str, text: str) -> Iterator[_Range]:
    numbers = _numbers(re.split(r"[xX*]", text, maxsplit=1)[0].rstrip("."))
    if sign == "!=":
        return
    if sign == ">=":
        yield _Range(numbers, None)
    elif sign == ">":
        yield _Range((*numbers, 0) if len(numbers) > 2 else _next(numbers), None)  # noqa: PLR2004  (a whole version)
    elif sign in ("<", "<="):
        yield _Range((), numbers if sign == "<" else _next(numbers))
    elif sign == "^":
        yield _Range(numbers, _next(numbers[: 1 if numbers[0] or len(numbers) == 1 else 2]))
    elif sign == "~":
        yield _Range(numbers, _next(numbers[:2]))
    elif sign in ("~>", "~="):  # RubyGems and PEP 440: the last number may grow
        yield _Range(numbers, _next(numbers[:-1] or numbers))
    else:
        yield _Range(numbers, _next(numbers))


def _next(numbers: _Numbers) -> _Numbers:
    return (*numbers[:-1], numbers[-1] + 1)


def _numbers(text: str) -> _Numbers:
    return tuple(int(part) for part in text.split("."))


def _padded(numbers: _Numbers, size: int) -> _Numbers:
    return numbers + (0,) * (size - len(numbers))
