"""Asking the person on a page that is open, where there is no terminal to ask on."""

from __future__ import annotations

import threading
from contextlib import closing
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from devkeel.deferred import Deferred
from devkeel.errors import Conflict, PolicyRefused
from devkeel.policy.actions import ACTIONS
from devkeel_cli.answers.telling import say, told

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devkeel.api import Environment
    from devkeel.proposals import asker as asking
    from devkeel.proposals import proposal as proposals
    from devkeel.proposals.proposal import OpenProposal, Reply
else:
    asking = Deferred("devkeel.proposals.asker")
    proposals = Deferred("devkeel.proposals.proposal")

__all__ = ["AskedVerb", "on_page"]

_LOOK = 0.25
_FILES = 8


class AskedVerb(Struct, frozen=True):
    """What a person is asked about.

    question: of the terminal. action: in the words of the command. verb: of the library. arguments: of it, by name.
    why: they have to agree to it.
    """

    question: str
    action: str
    verb: str
    arguments: dict[str, Any]
    why: str | None = None


def on_page(environment: Environment, verb: AskedVerb, shown: Mapping[str, Any]) -> bool:
    """Ask on a page, and return whether one is open; with True the person has agreed.

    shown: what a dry run came to, as data; or as `notes` what it is about. It waits for ten minutes at most, and says
    so. Raises PolicyRefused `declined` where they do not want it, Conflict `plan_expired` where they do not say,
    `plan_differs` where the files change meanwhile.
    """
    project = environment.project
    asker = asking.Asker(project.root, project.state)
    if not asker.attended():
        return False
    disclosure = told()
    shows = disclosure.exactly().data({"arguments": verb.arguments, "shown": proposals.shown_of(shown)})
    wish = proposals.Wish(
        environment.context.actor,
        "command",
        verb.action,
        environment.revision(),
        "",
        tuple(item.name for item in environment.context.caller.roles),
        shows["arguments"],
        shows["shown"],
        None if verb.why is None else disclosure.sentence(verb.why),
        tuple(sorted(ACTIONS[verb.verb].needed(verb.arguments))),
    )
    with closing(asker):
        found = asker.propose(wish)
        say("A person is asked on the page (devkeel review); this waits for them for ten minutes.", err=True)
        reply = _reply(environment, asker, found)
    if reply is None:
        raise Conflict(
            "plan_expired",
            "The person who was asked on the page has not answered in ten minutes. Nothing was done.",
            remedy="Do it in a terminal, or ask again.",
        )
    if not reply.agrees:
        error = PolicyRefused(
            "declined", "The person did not agree, on the page. Nothing was done.", remedy="Ask them what they want."
        )
        environment.turned_down(verb.verb, error, verb.arguments)
        raise error
    return True


def _reply(environment: Environment, asker: asking.Asker, found: OpenProposal) -> Reply | None:
    """Wait for what the person says."""
    step, pause = 0, threading.Event()
    while asker.asks(found):
        reply = asker.heard(found)
        if step % _FILES == _FILES - 1 or reply is not None:
            _require_same(environment, found)
        if reply is not None:
            return reply
        step += 1
        pause.wait(_LOOK)
    return None


def _require_same(environment: Environment, found: OpenProposal) -> None:
    if environment.revision() != found.asked.revision:
        raise Conflict(
            "plan_differs",
            "The files have changed while a person was asked on the page. Nothing was done.",
            remedy="Look at them again, and repeat the command for what they are now.",
        )
