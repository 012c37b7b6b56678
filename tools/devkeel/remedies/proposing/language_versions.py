"""Another version of a language: in the option that says it, the package that brings it, or a project's own files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from devkeel.remedies.fix import Fix
from devkeel.remedies.inputs import inputs_for
from devkeel.remedies.manifests import python_manifest
from devkeel.remedies.series import LANGUAGES, numbers, satisfies, series_of, wanted_series
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.diagnosis.cause import Cause
    from devkeel.remedies.series import LanguageSeries
    from devkeel.remedies.situation import Situation

__all__ = ["propose"]

_NAMES = {
    "javascript": "Node.js",
    "java": "Java",
    "go": "Go",
    "ruby": "Ruby",
    "php": "PHP",
    "dotnet": ".NET",
    "python": "Python",
    "elixir": "Elixir",
    "erlang": "Erlang/OTP",
    "zig": "Zig",
}
_CLASS_FILES = 44  # the version of a class file is that of the JDK and this (JVMS, 4.1)
_IGNORED = re.compile(r"(?P<version>\d[\w.!+-]{0,30}) Requires-Python (?P<range>[\d.,<>=!~* ]{1,60})")
_EXACT = re.compile(r"\d+\.\d+\.\d+")
_RANGE = re.compile(r"(?:(?:[<>=!~]=?|===|\^|~) ?\d+(?:\.(?:\d+|\*))*)(?: ?, ?(?:[<>=!~]=?) ?\d+(?:\.(?:\d+|\*))*)*")


def propose(situation: Situation, cause: Cause) -> Iterator[Fix]:
    """Yield how a project gets the version of a language that a failure asks for."""
    language, facts = cause.subject, _facts(cause)
    if facts is None:
        return
    if language == "rust":
        yield from _rust(situation, facts)
        return
    if language not in LANGUAGES:
        return
    if facts.get("project") == "go.mod":
        yield from _go_directive(facts)
        return
    if "project" in facts and language == "python":
        yield from _project_range(situation, facts)
        return
    series = wanted_series(language, facts)
    if series is None and language != "ruby":
        return
    if situation.has_devenv:
        yield from _devenv(situation, language, facts, series)
    elif language == "python" and not situation.has_nix and python_manifest(situation) is not None and series:
        yield from _python(situation, series)
    elif not situation.has_nix:
        yield Fix(_advice(language, facts))


def _advice(language: str, facts: dict[str, str]) -> str:
    name = _NAMES.get(language, language)
    asked = next((facts[key].strip() for key in ("wanted", "exact", "since") if key in facts), "in another version")
    return (
        f"This asks for {name} {asked}. No file of this project brings {name}: a version manager or the system is to "
        "install it."
    )


def _facts(cause: Cause) -> dict[str, str] | None:
    """Return the facts of a cause in the words of `wanted_series`; None where they say nothing."""
    facts = dict(cause.facts)
    for key, name, more in (("class", "since", 0), ("class_below", "below", 0), ("runtime", "since", 0)):
        if key in facts:
            number = int(facts[key].partition(".")[0]) + more
            facts[name] = str(number - _CLASS_FILES if key.startswith("class") else number)
    if "tags" in facts:
        minors = [int(item) for item in re.findall(r"cp3(\d{1,2})\b", facts["tags"])]
        if not minors:
            return None
        facts["wanted"] = f">=3.{min(minors)},<3.{max(minors) + 1}"
        facts.setdefault("have", f"3.{max(minors) + 1}.0")
    if "ignored" in facts:
        found = _of_ignored(facts["ignored"], facts.get("requirement", ""))
        if found is None:
            return None
        facts["wanted"] = found
    return facts


def _of_ignored(ignored: str, requirement: str) -> str | None:
    """Return the range of Python of the versions that pip left out and that were asked for."""
    from packaging.requirements import InvalidRequirement, Requirement  # noqa: PLC0415  (38 ms)

    try:
        wanted = Requirement(requirement)
    except InvalidRequirement:
        return None
    if not wanted.specifier:
        return None
    for match in _IGNORED.finditer(ignored):
        if wanted.specifier.contains(match["version"], prereleases=True):
            return match["range"].strip(" ,")
    return None


def _devenv(situation: Situation, language: str, facts: dict[str, str], series: str | None) -> Iterator[Fix]:
    row, path = LANGUAGES[language], f"languages.{language}"
    version = situation.definition(f"{path}.version")
    wanted = facts.get("wanted", "")
    exact = re.fullmatch(r"(?:= ?|== ?)?(\d+\.\d+\.\d+)", wanted)
    if language == "ruby" and exact is not None:
        # Bundler compares all three numbers, and nixpkgs has the last version of each series.
        fixes = [_version(situation, language, exact[1])]
        if series is not None:
            # Where not even the series is the same, the last one of it is likelier to be what is asked for.
            near = numbers(facts.get("have", ""))[:2] == numbers(exact[1])[:2] or version is not None
            fixes.insert(1 if near else 0, _package(situation, language, row, series))
        yield from fixes
        return
    if series is None:
        return
    if _has(situation, language, row, series, facts):
        yield Fix(f"The declaration has that version of {language}: it is to be applied.", call=do("apply"))
        return
    if language == "php" or (version is not None and version.value):
        yield _version(situation, language, _whole(language, facts, series))
    if version is None or not version.value:
        listed = _listed(situation, row)
        if listed is not None and not situation.is_enabled(path):
            edits = (
                {"kind": "remove_packages", "names": [listed]},
                {"kind": "add_packages", "names": [row.package(series)]},
            )
            yield Fix(f"Takes {row.package(series)} in place of {listed}.", edits)
            return
        if not situation.is_enabled(path) and satisfies(language, facts, row.default):
            yield Fix(f"Enables {language}, whose version fits.", ({"kind": "enable", "name": path},))
        yield _package(situation, language, row, series)


def _whole(language: str, facts: dict[str, str], series: str) -> str:
    """Return the version for an option that wants all three numbers."""
    if language not in ("go", "zig"):
        return series
    asked = facts.get("since", facts.get("wanted", ""))
    return asked if _EXACT.fullmatch(asked) and asked.startswith(f"{series}.") else f"{series}.0"


def _go_directive(facts: dict[str, str]) -> Iterator[Fix]:
    """What go.mod states as the language holds a newer Go back."""
    since = facts.get("since", "")
    if re.fullmatch(r"1\.\d{1,3}(?:\.\d{1,3})?", since):
        yield Fix(f"Has go.mod state Go {since}, which the code needs.", command=f"go mod edit -go={since}")


def _version(situation: Situation, language: str, version: str) -> Fix:
    path = f"languages.{language}.version"
    enable = _enabling(situation, language)
    inputs = inputs_for(situation, path, version)
    return Fix(f"Asks for {language} {version}.", (*enable, {"kind": "set", "path": path, "value": version}, *inputs))


def _package(situation: Situation, language: str, row: LanguageSeries, series: str) -> Fix:
    path = f"languages.{language}.{row.option}"
    edit = {"kind": "set", "path": path, "expression": f"pkgs.{row.package(series)}"}
    return Fix(f"Takes {row.package(series)} for {language}.", (*_enabling(situation, language), edit))


def _enabling(situation: Situation, language: str) -> tuple[dict[str, Any], ...]:
    path = f"languages.{language}"
    return () if situation.is_enabled(path) else ({"kind": "enable", "name": path},)


def _listed(situation: Situation, row: LanguageSeries) -> str | None:
    """Return the package of the language among those that are declared."""
    return next((name for name in sorted(situation.packages) if re.fullmatch(row.other, name)), None)


def _has(situation: Situation, language: str, row: LanguageSeries, series: str, facts: dict[str, str]) -> bool:
    """Return whether the declaration names a series already that the failure asks for."""
    said = situation.definition(f"languages.{language}.{row.option}")
    written = said.source if said is not None else _listed(situation, row)
    there = series_of(language, written) if written else None
    if there is None:
        return False
    have = facts.get("have")
    if have is not None and numbers(have)[: len(numbers(there))] == numbers(there):
        return False
    return there == series or ("since" in facts and numbers(there) >= numbers(series))


def _rust(situation: Situation, facts: dict[str, str]) -> Iterator[Fix]:
    channel = facts.get("channel", "stable")
    if not situation.has_devenv:
        if not situation.has_nix:
            command = "rustup toolchain install nightly" if channel == "nightly" else "rustup update stable"
            yield Fix(f"Installs the {channel} toolchain of Rust.", command=command)
        return
    said = situation.definition("languages.rust.channel")
    version = situation.definition("languages.rust.version")
    path = "languages.rust.channel"
    edits: list[dict[str, Any]] = [*_enabling(situation, "rust")]
    if said is not None and said.value == channel:
        if version is None or not isinstance(version.value, str) or "since" not in facts:
            return
        wanted = facts["since"] if _EXACT.fullmatch(facts["since"]) else f"{facts['since']}.0"
        yield Fix(f"Asks for Rust {wanted}.", ({"kind": "set", "path": "languages.rust.version", "value": wanted},))
        return
    edits += [{"kind": "set", "path": path, "value": channel}, *inputs_for(situation, path, channel)]
    yield Fix(f"Takes the {channel} channel of Rust.", tuple(edits))


def _python(situation: Situation, series: str) -> Iterator[Fix]:
    """Without Nix: the version that the project's own files ask for."""
    pinned = (situation.read(".python-version") or b"").decode("utf-8", "replace").strip()
    if pinned and numbers(pinned)[:2] == numbers(series):
        yield Fix(f"The project asks for Python {series}: it is to be applied.", call=do("apply"))
        return
    edit = {"kind": "enable", "name": "languages.python", "settings": {"version": series}}
    yield Fix(f"Has the project ask for Python {series}.", (edit,))


def _project_range(situation: Situation, facts: dict[str, str]) -> Iterator[Fix]:
    """A project that lets in a Python that a library of it does not: the library's range is the end of it."""
    wanted = facts.get("wanted", "").strip()
    if not _RANGE.fullmatch(wanted) or situation.read("pyproject.toml") is None:
        return
    text = (situation.read("pyproject.toml") or b"").decode("utf-8", "replace")
    for pattern in (
        r"^requires-python\s*=\s*(['\"])(?P<range>[^'\"\n]{1,60})\1",
        r"^python\s*=\s*(['\"])(?P<range>[^'\"\n]{1,60})\1",
    ):
        found = re.search(pattern, text, re.MULTILINE)
        if found is not None:
            new = _raised(found["range"], wanted)
            if new is not None:
                edit = {
                    "kind": "replace_text",
                    "file": "pyproject.toml",
                    "old": found[0],
                    "new": found[0].replace(found["range"], new),
                }
                yield Fix(f"States the range of Python that all libraries have: {new}.", (edit,))
            return


def _raised(known: str, wanted: str) -> str | None:
    """Return a range with the lower bound of another, None where that is no higher one."""
    low = re.search(r">=? ?(\d+(?:\.\d+)*)", wanted)
    mine = re.search(r"(>=? ?|\^|~=? ?)(\d+(?:\.\d+)*)", known)
    if low is None or mine is None or numbers(low[1]) <= numbers(mine[2]):
        return None
    raised = known[: mine.start(2)] + low[1] + known[mine.end(2) :]
    high = re.search(r"<=? ?\d+(?:\.\d+)*", wanted)
    return f"{raised},{high[0]}" if high and "<" not in raised and not mine[1].startswith(("^", "~")) else raised
