"""How old the versions of libraries are that a change adds or moves, against `minimum_age_days` of the rules."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from devkeel.checks.rules.manifest_libraries import is_named_in, libraries_in
from devkeel.errors import Place, PolicyRefused
from devkeel.libraries.resolve.cool_down import published
from devkeel.project.root import SETTINGS
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.candidate.candidate import Candidate
    from devkeel.checks.rules.manifest_libraries import Library
    from devkeel.project.settings import Settings

__all__ = ["require_aged"]

_RULE = "minimum_age_days"
_UV = "uv.lock"
# The languages of which a resolver is told how old a version has to be.
_HELD = frozenset({"python", "javascript", "conda"})
_SHOWN = 5


def require_aged(settings: Settings, candidate: Candidate, *, resolved: bool) -> None:
    """Refuse a candidate with a version that is younger than the rules want, where its lock has the date.

    resolved: whether a resolver was asked, who is held to that age. Without either a note says that the age is
    unknown. Raises PolicyRefused `rule_broken`.
    """
    days = settings.rules.minimum_age_days if settings.rules is not None else None
    if not days:
        return
    newest, unknown = datetime.now(UTC) - timedelta(days=days), list[str]()
    for file, found in _moved(candidate):
        dates = published(candidate.read(file) or b"") if file.endswith(_UV) else {}
        for item in found:
            date = dates.get((item.name, item.version or ""))
            if date is not None and date > newest:
                raise _refusal(settings, file, item, date)
            if date is None and not (resolved and item.language in _HELD):
                unknown.append(f"{item.language} {item.name} {item.version}")
    if unknown:
        names = list(dict.fromkeys(unknown))
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        told = f"Age unknown (rules.{_RULE}): {', '.join(names[:_SHOWN])}{more}. No index was asked for it."
        candidate.notes += [told] if told not in candidate.notes else []


def _moved(candidate: Candidate) -> Iterator[tuple[str, list[Library]]]:
    """Yield the files that a change is about, with the versions that each names exactly and did not name before."""
    for file, data in candidate.changed.items():
        if data is not None and is_named_in(file):
            before = candidate.before[file]
            old = () if before is None else libraries_in(file, before, candidate.basis.read)
            fresh = [item for item in libraries_in(file, data, candidate.read) if item.version and item not in old]
            yield file, fresh


def _refusal(settings: Settings, file: str, item: Library, date: datetime) -> PolicyRefused:
    rules = settings.rules
    days = rules.minimum_age_days if rules is not None else None
    line = rules.line(_RULE, "") if rules is not None else None
    return PolicyRefused(
        "rule_broken",
        f"{item.name} {item.version} was published on {date:%Y-%m-%d}, and rules.{_RULE} wants {days:g} days to have "
        "passed. Nothing was written.",
        place=Place(SETTINGS, line),
        seen=f"{item.language}:{item.name}",
        remedy="Ask for an older version, wait, or ask a person who may change the rule: "
        f"{do('policy_set', key=f'rules.{_RULE}')}.",
        details={
            "rule": f"rules.{_RULE}",
            "broken": [{"rule": f"rules.{_RULE}", "name": f"{item.language}:{item.name}", "file": file, "line": None}],
            "published": date.isoformat(),
        },
    )
