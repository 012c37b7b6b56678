"""What is asked of a person, and what they said, as plain data that two processes of one user agree on."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "SECONDS",
    "OpenProposal",
    "ProposalList",
    "ProposalState",
    "ProposalView",
    "Reply",
    "Wish",
    "now",
    "of_record",
    "shown_of",
]

# As long as a plan that the model repeats: a person looks at the files as they were a moment ago.
SECONDS = 600.0
_SHOWN = ("changed", "diff", "files", "checks", "notes", "runs_on_enter", "runs_when", "locks", "cut")
_MOST = 400_000
Through = Literal["server", "command"]
ProposalState = Literal["waiting", "overtaken", "agreed", "declined"]


class Wish(Struct, frozen=True):
    """What a caller wants to do, as it may be shown.

    caller: what the asker calls itself. roles: those that it has. through: by which client of the library. action: the
    tool or the verb. arguments: without secrets. revision: of the files that it is about. message: what it is, in
    words. shown: what a dry run came to, as data; nothing where it cannot be tried without running it. why: that a
    person has to agree to this in any case, as the library says it. takes: the permissions that it takes, and so
    whoever agrees to it.
    """

    caller: str
    through: Through
    action: str
    revision: str
    message: str
    roles: tuple[str, ...] = ()
    arguments: dict[str, Any] = {}
    shown: dict[str, Any] = {}
    why: str | None = None
    takes: tuple[str, ...] = ()


class OpenProposal(Struct, frozen=True):
    """What waits for a person.

    id: random. asker: the lock that its process holds as long as it wants the answer. since, until: UTC, ISO 8601.
    place: of the project that it is about, as `state.user_files` names it: a copy of its records is about another.
    """

    id: str
    asker: str
    since: str
    until: str
    asked: Wish
    place: str

    @property
    def digest(self) -> str:
        """What differs for any other: an answer is to all of what was shown."""
        told = json.dumps(msgspec.to_builtins(self), sort_keys=True)
        return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()

    def expired(self, moment: datetime) -> bool:
        """Return whether it may not be answered any more, or not yet: a clock that went back makes none longer."""
        since, until = (datetime.fromisoformat(text) for text in (self.since, self.until))
        return not since - _SLACK <= moment < min(until, since + timedelta(seconds=SECONDS))


_SLACK = timedelta(seconds=60)


class Reply(Struct, frozen=True):
    """What a person said. proposal: the digest of what they were shown. by: who they are. at: UTC, ISO 8601."""

    proposal: str
    agrees: bool
    by: str
    at: str


class ProposalView(Struct, frozen=True):
    """A proposal as it stands.

    state: `waiting` for a person; `overtaken` by a change of the files, so that it cannot be agreed to; `agreed` or
    `declined`, which the asker has not heard yet. digest: what an answer is to name. by, at: of the answer. takes: the
    permissions that agreeing to it takes.
    """

    id: str
    digest: str
    state: ProposalState
    since: str
    until: str
    caller: str
    roles: tuple[str, ...]
    through: Through
    action: str
    arguments: dict[str, Any]
    revision: str
    message: str
    shown: dict[str, Any]
    why: str | None = None
    by: str | None = None
    at: str | None = None
    takes: tuple[str, ...] = ()

    @property
    def is_cut(self) -> bool:
        """Whether something of what would change is not in it, which a person cannot see and so not agree to."""
        return bool(self.shown.get("cut"))

    @classmethod
    def of(cls, found: OpenProposal, state: ProposalState, answer: Reply | None) -> ProposalView:
        """Return a proposal as it stands."""
        asked = found.asked
        return cls(
            found.id,
            found.digest,
            state,
            found.since,
            found.until,
            asked.caller,
            asked.roles,
            asked.through,
            asked.action,
            asked.arguments,
            asked.revision,
            asked.message,
            asked.shown,
            asked.why,
            None if answer is None else answer.by,
            None if answer is None else answer.at,
            asked.takes,
        )


class ProposalList(Struct, frozen=True):
    """What waits for a person, the oldest first.

    revision: of the files as they are. crowd: how many records there are, where they are too many to be read; 0 else.
    """

    revision: str
    proposals: tuple[ProposalView, ...]
    crowd: int = 0

    @property
    def waiting(self) -> int:
        """How many of them want an answer."""
        return sum(item.state == "waiting" for item in self.proposals)


def now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


def shown_of(tried: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of a dry run a person is shown; what is too long for a record is left out, and said to be."""
    found = {name: tried[name] for name in _SHOWN if name in tried}
    if len(json.dumps(found, default=str)) > _MOST:
        kept = {name: found[name] for name in ("changed", "files", "runs_on_enter") if name in found}
        return kept | {"cut": ["all but the names of the files: too long for a record"]}
    return found


def of_record(data: Mapping[str, Any] | None) -> OpenProposal | None:
    """Return the proposal that a record has; None where it has none."""
    try:
        found = msgspec.convert(data, OpenProposal)
        for text in (found.since, found.until):
            if datetime.fromisoformat(text).tzinfo is None:
                return None
    except (msgspec.ValidationError, ValueError, TypeError):
        return None
    return found
