"""What a change may bring into a project: it is refused for what it adds against the rules, by whichever edit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.checks.rules import judgement
from devkeel.deferred import Deferred
from devkeel.errors import Place, PolicyRefused
from devkeel.project.root import SETTINGS
from devkeel.text.actions import do

if TYPE_CHECKING:
    from devkeel.candidate.candidate import Candidate
    from devkeel.policy import unseen
    from devkeel.project.settings import Settings
else:
    unseen = Deferred("devkeel.policy.unseen")

__all__ = ["require_kept"]

_SHOWN = 20


def require_kept(settings: Settings, candidate: Candidate) -> None:
    """Refuse a candidate that adds what the rules keep out. Raises PolicyRefused `rule_broken`.

    What was there before stays editable, and is a warning of the checks.
    """
    if settings.rules is None or not candidate.changed:
        return
    found = judgement.added(settings.rules, candidate.unchanged(), candidate)
    if not found:
        if settings.rules.unseen == "deny":
            unseen.require_seen(settings.rules, candidate)
        return
    first = found[0]
    more = f" ({len(found) - 1} more)" if len(found) > 1 else ""
    raise PolicyRefused(
        "rule_broken",
        f"{first.why}, and this would add it{more}. Nothing was written.",
        place=Place(SETTINGS, first.line),
        seen=first.name,
        remedy=f"Leave it out, or ask a person who may change the rule: {do('policy_set', key=_key(first))}.",
        details={
            "rule": _key(first),
            "broken": [
                {"rule": _key(item), "name": item.name, "file": item.named.file, "line": item.named.line}
                for item in found[:_SHOWN]
            ],
        },
    )


def _key(item: judgement.Broken) -> str:
    return f"rules.{item.rule}.{item.part}"
