"""The policy: what the project's own settings (`devkeel.toml`) allow."""

from __future__ import annotations

import re
from itertools import zip_longest
from typing import TYPE_CHECKING

from devkeel.candidate.basis import Basis
from devkeel.candidate.candidate import Candidate
from devkeel.catalogue.renames import old_names
from devkeel.deferred import Deferred
from devkeel.errors import Place, PolicyRefused
from devkeel.policy import protected_files
from devkeel.policy.mentions import FLAKE, UNPARSED, DeclarationFiles, Fact, said_about
from devkeel.project.root import DECLARATION, INPUTS, SETTINGS, Project
from devkeel.project.settings import Settings, read_settings
from devkeel.source.option_glob import parse_option_glob

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from devkeel.errors import Diagnostic
    from devkeel.policy import content
    from devkeel.project.root import Reader
else:
    content = Deferred("devkeel.policy.content")

__all__ = [
    "SETTINGS",
    "refuse_unevaluated",
    "require_same_values",
    "require_unprotected",
    "require_unprotected_file",
]


# What may come out differently on another machine, or at another time.
# Builtins of Nix whose value depends on more than the text (Nix manual, Built-in functions).
_IMPURE = re.compile(r"pathExists|read(?:File|Dir)|getEnv|current(?:System|Time)|fetch|findFile")


def require_unprotected(
    settings: Settings, project: Reader, before: Mapping[str, bytes | None], after: Mapping[str, bytes | None]
) -> dict[str, tuple[Fact, ...]]:
    """Refuse a candidate that changes a protected option, or makes it uncertain, by whichever edit.

    Returns what is left to be judged after the checks, by the protected option: changes of options that it reads, where
    its value decides, and files that do not parse, which the checks refuse with better words. Raises PolicyRefused
    `protected_option`. docs/settings.md says what counts.
    """
    if not settings.protected or not after:
        return {}
    changed = frozenset(after)
    old, new = (DeclarationFiles.of(project, files, changed) for files in (before, after))
    doubts = dict[str, tuple[Fact, ...]]()
    for path in settings.protected:
        own = parse_option_glob(path)
        names = (own, *old_names(own))
        was, now = said_about(names, old), said_about(names, new)
        begun = {name for name in (DECLARATION, FLAKE) if old.read(name) is None}
        facts = _beginning(now.facts, begun) if begun else now.facts
        difference = _different(was.facts, facts)
        if difference is not None and difference.kind != UNPARSED:
            raise _refusal(path, difference)
        others = tuple(filter(None, (difference,)))
        others += tuple(item for item in now.others if item not in was.others)
        others += tuple(item for item in was.others if item not in now.others)
        if others:
            doubts[path] = others
    return doubts


def require_same_values(doubts: Mapping[str, tuple[Fact, ...]], changed: Iterable[str], unseen: str | None) -> None:
    """Refuse a candidate by what the evaluation says of the protected options; see `require_unprotected`.

    changed: those that have another value. unseen: why they could not be compared, where that is so. Raises
    PolicyRefused `protected_option`.
    """
    for path in changed:
        raise _refusal(path, Fact("", "what else the files say: its value changes, as Nix evaluates it", ""))
    for path, facts in doubts.items():
        impure = next((item for item in facts if item.kind == UNPARSED or _IMPURE.search(item.text)), None)
        if unseen is not None or impure is not None:
            why = f"Whether its value changes could not be told: {unseen or 'it may differ elsewhere'}."
            raise _refusal(path, impure or facts[0], why)


def refuse_unevaluated(settings: Settings, wrong: Diagnostic) -> None:
    """Refuse a candidate that can no longer be evaluated, so that the protected options cannot be seen."""
    raise PolicyRefused(
        "protected_option",
        f"{SETTINGS} protects {', '.join(settings.protected)}, and after this Nix could not evaluate what they are: "
        f"{wrong.message}.",
        place=wrong.place,
        seen=wrong.subject,
        remedy="Correct the edit so that the declaration evaluates, then repeat it.",
    )


def _beginning(facts: tuple[Fact, ...], begun: set[str]) -> tuple[Fact, ...]:
    """Leave out the inputs that a new declaration, or a new flake, begins with."""
    inputs = {INPUTS: "`inputs."} if DECLARATION in begun else {}
    inputs |= {FLAKE: "the input "} if FLAKE in begun else {}
    return tuple(item for item in facts if not (item.file in inputs and item.kind.startswith(inputs[item.file])))


def _different(was: tuple[Fact, ...], now: tuple[Fact, ...]) -> Fact | None:
    """Return what differs first: of what is there now, else of what is gone."""
    now = tuple(item for item in now if not (item.missing and item in was))
    was = tuple(item for item in was if not item.missing)
    if was == now:
        return None
    fresh = next((item for item in now if item not in was), None)
    gone = next((item for item in was if item not in now), None)
    return fresh or gone or next(new for old, new in zip_longest(was, now) if old != new) or was[-1]


def _refusal(path: str, fact: Fact, more: str = "") -> PolicyRefused:
    what = f"{fact.kind} cannot be looked into" if fact.opaque else f"it is about {fact.kind}"
    return PolicyRefused(
        "protected_option",
        f"{path} is protected by {SETTINGS}, and this would change it, or what may define it: {what}."
        + (f" {more}" if more else ""),
        place=Place(fact.file, fact.line) if fact.file else None,
        seen=path,
        remedy=f"Ask a maintainer to change it, or to take it out of `protected` in {SETTINGS}.",
        details={"construct": fact.kind},
    )


def require_unprotected_file(path: Path, before: bytes | None, after: bytes | None) -> None:
    """Refuse what `require_unprotected` refuses for a file written by itself, by each project around it.

    A file that is protected itself is refused too.

    path: absolute, links resolved.
    """
    for folder in path.parents:
        project = Project(folder)
        if project.exists(SETTINGS):
            name, settings = path.relative_to(folder).as_posix(), read_settings(project)
            protected_files.require_untouched(settings, project, [name])
            if settings.rules is not None:
                candidate = Candidate(Basis(project))
                candidate.put(name, after)
                content.require_kept(settings, candidate)
            doubts = require_unprotected(settings, project, {name: before}, {name: after})
            require_same_values(doubts, (), "nothing evaluates a file that is written by itself")
