"""Licences of what a change adds, against the rules: where the pinned nixpkgs, a lock or what is installed has them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from devkeel.checks.rules.judgement import files_ruled
from devkeel.checks.rules.licences import broken_licence, licence_of_library, licences_in_lock
from devkeel.checks.rules.manifest_libraries import libraries_in
from devkeel.checks.rules.nix_packages import packages_in
from devkeel.deferred import Deferred
from devkeel.errors import DevkeelError, Place, PolicyRefused
from devkeel.project.root import LOCK, SETTINGS
from devkeel.runtime import Completed, find_program
from devkeel.source import nix
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.candidate.candidate import Candidate
    from devkeel.nix_cli import pinned_packages, pins
    from devkeel.project.settings import Settings
else:
    pinned_packages, pins = Deferred("devkeel.nix_cli.pinned_packages"), Deferred("devkeel.nix_cli.pins")

__all__ = ["require_licensed"]

_SECONDS = 30.0
_SHOWN = 5


class _New(NamedTuple):
    """Something that a change adds. language: "nix" for a package of nixpkgs."""

    language: str
    name: str
    file: str


def require_licensed(settings: Settings, candidate: Candidate, *, evaluates: bool) -> None:
    """Refuse a candidate that adds something under a licence that the rules keep out.

    evaluates: whether Nix may be asked about packages of the nixpkgs that is pinned, as far as the store has it. What
    no one knows the licence of is noted, and refused where the rules want that. Raises PolicyRefused `rule_broken`.
    """
    rule = settings.rules.licences if settings.rules is not None else None
    if rule is None:
        return
    new = [*_new(candidate)]
    if not new:
        return
    known, unknown = _licences(candidate, new, evaluates=evaluates), list[str]()
    for item in new:
        licences = known.get((item.language, item.name), (None,))
        for licence in licences:
            part = broken_licence(rule, licence)
            if part is not None:
                raise _refusal(settings, item, licence, part)
        unknown += [f"{item.language} {item.name}"] if licences == (None,) else []
    if unknown:
        names = list(dict.fromkeys(unknown))
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        told = f"Licence unknown (rules.licences): {', '.join(names[:_SHOWN])}{more}."
        candidate.notes += [told] if told not in candidate.notes else []


def _new(candidate: Candidate) -> Iterator[_New]:
    before, after = candidate.unchanged(), candidate
    old = {(item.language, item.name) for item in _named(before)}
    for item in _named(after):
        if (item.language, item.name) not in old:
            yield item


def _named(subject: Candidate) -> Iterator[_New]:
    for file, data in files_ruled(subject).items():
        if file.endswith(".nix"):
            document = nix.Document(data, file, module=False)
            yield from (_New("nix", item.names[0], file) for item in packages_in(document) if item.sure)
        for item in libraries_in(file, data, subject.read):
            yield _New(item.language, item.name, file)


def _licences(
    candidate: Candidate, new: list[_New], *, evaluates: bool
) -> dict[tuple[str, str], tuple[str | None, ...]]:
    found = dict[tuple[str, str], tuple[str | None, ...]]()
    for file, data in files_ruled(candidate).items():
        found |= {("javascript", name): texts for name, texts in licences_in_lock(file, data).items()}
    for item in new:
        if item.language != "nix" and (item.language, item.name) not in found:
            text = licence_of_library(item.language, item.name, candidate.read, candidate.root)
            found |= {(item.language, item.name): (text,)} if text is not None else {}
    names = [item.name for item in new if item.language == "nix"]
    if names and evaluates:
        found |= {("nix", name): texts for name, texts in _of_nixpkgs(candidate, names).items()}
    return found


def _of_nixpkgs(candidate: Candidate, names: list[str]) -> dict[str, tuple[str, ...]]:
    """Return what the pinned nixpkgs says of packages; none where the store lacks it, or Nix cannot say."""
    program, data = find_program("nix"), candidate.read(LOCK)
    pin = pins.read_pins(data).nixpkgs if data is not None else None
    if program is None or pin is None:
        return {}
    paths = tuple(tuple(name.split(".")) for name in names)
    try:
        answer = pinned_packages.ask_packages(
            program, pin, paths, candidate.root, time.monotonic() + _SECONDS, pinned_packages.LICENCES
        )
    except DevkeelError:
        return {}
    if isinstance(answer, Completed):
        return {}
    return {name: tuple(texts) for name, texts in zip(names, answer[0], strict=True) if texts}


def _refusal(settings: Settings, item: _New, licence: str | None, part: str) -> PolicyRefused:
    rules = settings.rules
    key = f"rules.licences.{part}"
    what = "no licence that is known" if licence is None else f"the licence {licence}"
    return PolicyRefused(
        "rule_broken",
        f"{item.name} has {what}, which {key} keeps out. Nothing was written.",
        place=Place(SETTINGS, rules.line("licences", part) if rules is not None else None),
        seen=item.name,
        remedy=f"Leave it out, or ask a person who may change the rule: {do('policy_set', key=key)}.",
        details={
            "rule": key,
            "broken": [{"rule": key, "name": f"{item.language}:{item.name}", "file": item.file, "line": None}],
            "licence": licence,
        },
    )
