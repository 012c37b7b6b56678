"""What is asked of a person, for the one who shows it to them: what waits, and what they said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.errors import PolicyRefused
from devkeel.project.declaration import declared_revision, read_declaration
from devkeel.proposals import records
from devkeel.proposals.proposal import ProposalList

if TYPE_CHECKING:
    from devkeel.context import Context
    from devkeel.proposals.proposal import ProposalView

__all__ = ["answer", "waiting"]


def waiting(context: Context) -> ProposalList:
    """Return what waits for a person. Makes nothing."""
    revision = _revision(context)
    state = context.project.state
    return ProposalList(revision, records.standing(state, revision), records.crowd(state))


def answer(context: Context, identifier: str, *, agrees: bool, seen: str) -> ProposalView:
    """Keep what a person says, in their name.

    Raises as `records.answer`, and PolicyRefused `person_needed`, or `permission_denied` where it takes more.
    """
    if context.caller.kind == "client":
        raise PolicyRefused(
            "person_needed",
            "A person answers this, and no agent. Nothing was done.",
            seen=identifier[:80],
            remedy="Ask the user to answer it themselves.",
        )
    state, revision = context.project.state, _revision(context)
    if agrees:  # who may not do it may not let it be done
        context.permission.require("answer_proposal", records.takes(state, identifier))
    return records.answer(state, identifier, agrees=agrees, seen=seen, by=context.actor, revision=revision)


def _revision(context: Context) -> str:
    return declared_revision(context.project, read_declaration(context.project))
