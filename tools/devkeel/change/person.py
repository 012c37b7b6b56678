"""What changes the policy wants a person who has agreed to it, whichever change it comes by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.errors import Place, PolicyRefused, ProjectError
from devkeel.project.policy import POLICY, parts_of
from devkeel.project.root import SETTINGS
from devkeel.project.settings import line_of
from devkeel.text.actions import do

if TYPE_CHECKING:
    from devkeel.candidate.candidate import Candidate

__all__ = ["require_person"]


def require_person(candidate: Candidate, *, agreed: bool) -> None:
    """Refuse a change of the policy that no person has agreed to. Raises PolicyRefused `person_needed`."""
    if agreed or SETTINGS not in candidate.changed:
        return
    before, after = candidate.before[SETTINGS], candidate.changed[SETTINGS]
    try:
        was, now = parts_of(before), parts_of(after)
    except (ValueError, RecursionError) as error:
        raise ProjectError(
            "bad_settings",
            f"The settings cannot be used: {error}.",
            place=Place(SETTINGS),
            remedy="Ask the user to correct the file by hand.",
        ) from error
    moved = [name for name in POLICY if repr(was.get(name)) != repr(now.get(name))]
    if moved:
        line = line_of(before or b"", (moved[0],)) or line_of(after or b"", (moved[0],))
        raise PolicyRefused(
            "person_needed",
            f"This changes {', '.join(moved)} in {SETTINGS}, and a person has to agree to that. Nothing was done.",
            place=Place(SETTINGS, line),
            seen=moved[0],
            remedy=f"Ask the user to do it themselves, in a terminal; {do('policy_set')} changes one key.",
            details={"policy": moved},
        )
