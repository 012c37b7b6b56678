"""Versions of languages: which series nixpkgs has a package of, what option takes one, and which one is wanted."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.detection.versions import allows

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["LANGUAGES", "LanguageSeries", "numbers", "satisfies", "series_of", "wanted_series"]


class LanguageSeries(Struct, frozen=True):
    """Packages of a language's versions in nixpkgs.

    option: below `languages.NAME`, what takes a package; empty for a language whose versions have another option.
    attribute: of a series, {0} its first number. series: those that are maintained, the oldest first; default: that
    of the package without a version; those that are
    preferred stand in `stable`: what is supported for long. other: the attributes that a list of packages has of it.
    """

    option: str
    attribute: str
    series: tuple[str, ...]
    default: str
    stable: tuple[str, ...] = ()
    other: str = ""

    def package(self, series: str) -> str:
        """Return the attribute of a series."""
        return self.attribute.format(*series.split("."))


# nixpkgs 26.05 and unstable of August 2026: pkgs/top-level/all-packages.nix, without what is past its end of life
# where a newer series serves as well.
LANGUAGES: Mapping[str, LanguageSeries] = {
    "python": LanguageSeries(
        "package", "python{0}{1}", ("3.11", "3.12", "3.13", "3.14"), "3.13", other=r"python3(\d+)?(?:Full|Minimal)?"
    ),
    "javascript": LanguageSeries(
        "package", "nodejs_{0}", ("20", "22", "24", "25"), "24", ("22", "24"), r"nodejs(?:-slim)?(?:[_-](\d+)(?:_x)?)?"
    ),
    "java": LanguageSeries(
        "jdk.package",
        "jdk{0}",
        ("8", "11", "17", "21", "25"),
        "21",
        other=r"(?:open)?jdk(\d+)?(?:_headless)?|temurin-bin-(\d+)",
    ),
    "go": LanguageSeries("package", "go_{0}_{1}", ("1.24", "1.25", "1.26"), "1.26", other=r"go(?:_1_(\d+))?"),
    "ruby": LanguageSeries(
        "package", "ruby_{0}_{1}", ("3.2", "3.3", "3.4", "4.0"), "3.4", other=r"ruby(?:_(\d+)_(\d+))?"
    ),
    "php": LanguageSeries("package", "php{0}{1}", ("8.2", "8.3", "8.4", "8.5"), "8.4", other=r"php(\d\d)?"),
    "dotnet": LanguageSeries("package", "dotnet-sdk_{0}", ("8", "9", "10"), "8", ("8", "10"), r"dotnet-sdk(?:_(\d+))?"),
    "elixir": LanguageSeries(
        "package", "elixir_{0}_{1}", ("1.15", "1.16", "1.17", "1.18", "1.19"), "1.18", other=r"elixir(?:_1_(\d+))?"
    ),
    "erlang": LanguageSeries("package", "erlang_{0}", ("26", "27", "28"), "28", other=r"erlang(?:_(\d+))?"),
    "zig": LanguageSeries("package", "zig_{0}_{1}", ("0.13", "0.14", "0.15"), "0.15", other=r"zig(?:_0_(\d+))?"),
}
_NUMBER = re.compile(r"\d+")
_WORD = re.compile(r"(?P<sign>\^|~>|~=|~|>=|<=|===|==|=|>|<)?\s*v?(?P<version>\d+(?:\.\d+)*)")


def numbers(version: str) -> tuple[int, ...]:
    """Return the numbers of a version, so that versions compare."""
    return tuple(int(item) for item in _NUMBER.findall(version)[:4] if len(item) < 6)  # noqa: PLR2004


def wanted_series(language: str, facts: Mapping[str, str]) -> str | None:
    """Return the series of a language that a failure asks for; None where nixpkgs has none that is certain.

    facts: `wanted`, a version or a range; `since`, `exact` or `below`, a version; of Java the versions of class files.
    """
    row = LANGUAGES[language]
    plain = {
        key: _plain(language, value) if key in ("since", "exact", "below") else value for key, value in facts.items()
    }
    return _wanted(row, plain)


def _wanted(row: LanguageSeries, facts: Mapping[str, str]) -> str | None:
    ordered = [*row.stable, *(item for item in row.series if item not in row.stable)] if row.stable else [*row.series]
    for key in ("since", "exact", "below"):
        if key in facts:
            return _by_number(row, ordered, key, facts[key])
    wanted = re.sub(r"[^\d*xX]+$", "", facts.get("wanted", ""))
    if not wanted:
        return None
    if "newer" in facts:
        return _by_number(row, ordered, "since", wanted)
    fitting = [item for item in ordered if _allows(wanted, item)]
    have = numbers(facts.get("have", ""))
    if fitting and have and all(numbers(item) < have for item in fitting):
        return max(fitting, key=numbers)  # what runs is too new: the nearest to it
    return next(iter(fitting), None)


def _plain(language: str, version: str) -> str:
    return version.removeprefix("1.") if language == "java" else version


def _by_number(row: LanguageSeries, ordered: list[str], key: str, version: str) -> str | None:
    size = len(numbers(row.series[0]))
    series = numbers(version)[:size]
    if len(series) < size:
        series += (0,) * (size - len(series))
    if key == "exact":
        return next((item for item in row.series if numbers(item) == series), None)
    if key == "below":
        older = [item for item in row.series if numbers(item) < series]
        return older[-1] if older else None
    same = [item for item in row.series if numbers(item) == series]
    return next((item for item in (*same, *ordered) if numbers(item) >= series), None)


def _allows(wanted: str, series: str) -> bool:
    """Return whether a requirement lets versions of a series in: its newest ones, as nixpkgs has them."""
    if not allows(wanted, series):
        return False
    # A range that begins within a series is one that its newest versions are in.
    for match in _WORD.finditer(wanted):
        size = len(numbers(series))
        there = numbers(match["version"])
        if match["sign"] == "<" and there[:size] == numbers(series) and len(there) <= size:
            return False
        if match["sign"] == ">" and there == numbers(series):
            return False
    return True


def satisfies(language: str, facts: Mapping[str, str], series: str) -> bool:
    """Return whether a series is one of those that a failure asks for; False for one that nixpkgs has not."""
    row = LANGUAGES[language]
    if series not in row.series:
        return False
    alone = LanguageSeries(row.option, row.attribute, (series,), series)
    plain = {
        key: _plain(language, value) if key in ("since", "exact", "below") else value for key, value in facts.items()
    }
    return _wanted(alone, plain) == series


def series_of(language: str, attribute: str) -> str | None:
    """Return the series of a package of a language, None for one that says none or is of something else."""
    row = LANGUAGES[language]
    name = attribute.removeprefix("pkgs.")
    return next(
        (item for item in row.series if row.package(item) == name or name.startswith(f"{row.package(item)}_")), None
    )
