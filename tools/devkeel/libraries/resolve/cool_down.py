"""How old a version of a library is before it is taken: `minimum_age_days` of the project's rules, for resolvers.

uv, npm, pip and conda's solver take a time after which nothing counts that was published (uv `--exclude-newer`; npm
docs, config, `before`; pip `--uploaded-prior-to`; rattler `exclude_newer`). What a lock pins already stays, whatever
its age: uv gets an exception for each package whose date is later.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from devkeel.errors import DevkeelError, Place
from devkeel.pinned.requirements import pinned as pinned_lines
from devkeel.pinned.uv_lock import locked_packages
from devkeel.project.root import SETTINGS
from devkeel.project.settings import read_settings
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from devkeel.project.root import Reader

__all__ = ["CoolDown", "cool_down", "dates_unknown", "published", "with_age"]

_LOCK = "uv.lock"
_RULE = "rules.minimum_age_days"
# The resolvers that are told how old a version has to be.
_TOLD = frozenset({"uv", "pip", "npm", "pnpm", "rattler"})
# uv writes the time into its lock, where it would be a difference of every machine and every day.
_OURS = re.compile(r"^exclude-newer(?:-span)? = [^\n]*\n", re.MULTILINE)
_OUR_TABLE = re.compile(r"^\[options\.exclude-newer-package\]\n(?:[^\[\n][^\n]*\n|\n)*", re.MULTILINE)
_EMPTY_TABLE = re.compile(r"^\[options\]\n\n*(?=\[)", re.MULTILINE)
_UNKNOWN = re.compile(r"is missing an upload date")


class CoolDown(Struct, frozen=True):
    """What is published after a time is not taken. days: how long that is ago. line: of devkeel.toml."""

    newest: datetime
    days: float
    line: int | None = None

    @property
    def variables(self) -> dict[str, str]:
        """The variables that say so to resolvers."""
        time = _iso(self.newest)
        minutes = str(int(self.days * 24 * 60))
        return {
            "UV_EXCLUDE_NEWER": time,
            "PIP_UPLOADED_PRIOR_TO": time,
            "npm_config_before": time,
            "npm_config_minimum_release_age": minutes,
            # pnpm since 11 reads no variables of npm's.
            "pnpm_config_minimum_release_age": minutes,
        }

    def keeping(self, lock: str, data: bytes | None) -> tuple[str, ...]:
        """Return the options of uv by which what a lock has that is younger stays as it is, and no younger."""
        found = dict(_later(data, self.newest) if lock == _LOCK else _undated(data)) if data else {}
        return tuple(
            word
            for name, time in sorted(found.items())
            for word in ("--exclude-newer-package", f"{name}={_iso(time + timedelta(seconds=1))}")
        )

    def without_traces(self, lock: str, before: bytes | None, data: bytes) -> bytes:
        """Return a lock of uv without what it says of the time that it was made for, unless it said so before."""
        if lock != _LOCK or b"exclude-newer" in (before or b""):
            return data
        text = _OUR_TABLE.sub("", _OURS.sub("", data.decode()))
        return _EMPTY_TABLE.sub("", text).encode()


def cool_down(project: Reader) -> CoolDown | None:
    """Return what a project's rules say of ages; None where they say nothing, or cannot be read."""
    if not project.exists(SETTINGS):
        return None
    try:
        rules = read_settings(project).rules
    except DevkeelError:
        return None
    if rules is None or not rules.minimum_age_days:
        return None
    now, line = datetime.now(UTC).replace(microsecond=0), rules.line("minimum_age_days", "")
    return CoolDown(now - timedelta(days=rules.minimum_age_days), rules.minimum_age_days, line)


def with_age(error: DevkeelError, project: Reader, judge: str, resolves: Callable[[], bool]) -> DevkeelError:
    """Return an error about what does not resolve, with the rule and its line where the rule is why.

    judge: the resolver that was asked. resolves: asks it once more without the rule.
    """
    held = cool_down(project) if judge in _TOLD and error.code == "unresolvable" else None
    try:
        if held is None or not resolves():
            return error
    except DevkeelError:
        return error
    error.message += (
        f" Without {_RULE} ({Place(SETTINGS, held.line)}) it would resolve, by a version that was published after "
        f"{held.newest:%Y-%m-%d}."
    )
    error.remedy = (
        f"Ask for an older version, wait, or ask a person who may change the rule: {do('policy_set', key=_RULE)}."
    )
    error.details |= {"rule": _RULE, "line": held.line, "newest": _iso(held.newest)}
    return error


def dates_unknown(told: str) -> bool:
    """Return whether a resolver says that the index has no dates."""
    return _UNKNOWN.search(told) is not None


def published(lock: bytes) -> dict[tuple[str, str], datetime]:
    """Return when the versions were published that a uv.lock pins, by name and version, where it says so."""
    found = dict[tuple[str, str], datetime]()
    try:
        for item in locked_packages(lock):
            times = [*_times(item)]
            if times:
                found[str(item["name"]), str(item.get("version", ""))] = min(times)
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}
    return found


def _later(data: bytes, newest: datetime) -> Iterator[tuple[str, datetime]]:
    try:
        for item in locked_packages(data):
            last = max(_times(item), default=None)
            if last is not None and last > newest:
                yield str(item["name"]), last
    except (ValueError, KeyError, TypeError, AttributeError):
        return


def _undated(data: bytes) -> Iterator[tuple[str, datetime]]:
    """Yield what a compiled file pins: it has no dates, so that each may be as it is."""
    try:
        for name in pinned_lines(data):
            yield name, datetime.now(UTC).replace(microsecond=0)
    except ValueError:
        return


def _times(item: Mapping[str, Any]) -> Iterator[datetime]:
    for file in [*([item["sdist"]] if "sdist" in item else []), *item.get("wheels", [])]:
        time = file.get("upload-time")
        if isinstance(time, str):
            yield datetime.fromisoformat(time)
        elif isinstance(time, datetime):
            yield time


def _iso(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
