"""What the team's rules of content say of what is there: `[rules]` of devkeel.toml."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.deferred import Deferred
from devkeel.errors import DevkeelError
from devkeel.project.root import SETTINGS
from devkeel.project.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.candidate.candidate import Candidate
    from devkeel.checks.modules import World
    from devkeel.checks.rules import judgement
    from devkeel.errors import Diagnostic
else:
    judgement = Deferred("devkeel.checks.rules.judgement")

__all__ = ["check_rules"]


def check_rules(subject: Candidate, world: World) -> Iterator[Diagnostic]:  # noqa: ARG001  (what every check takes)
    """Report what the rules keep out and the files have all the same, as warnings: it stays editable.

    What a change adds of that is refused before the checks (`policy.content`). The rules are those from before it.
    """
    if not subject.basis.exists(SETTINGS):
        return
    try:
        rules = read_settings(subject.basis).rules
    except DevkeelError:
        return
    if rules is not None:
        yield from map(judgement.as_finding, judgement.present(rules, subject))
