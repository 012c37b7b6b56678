"""Proposals in `.devkeel/proposals`: read by whoever shows them, answered once, by one who was shown all of it.

Both records are sealed with the key of this user over their names and contents: what came with a clone, was copied to
another name, or was written by what has not the key is as good as not there.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

from devkeel.errors import Busy, Conflict, UsageError
from devkeel.proposals import answers
from devkeel.proposals.proposal import OpenProposal, ProposalView, Reply, now, of_record
from devkeel.state import directory, files, locks
from devkeel.state.user_files import name_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from devkeel.proposals.proposal import ProposalState

__all__ = [
    "answer",
    "answer_to",
    "answered",
    "asks_still",
    "crowd",
    "folder_of",
    "forget",
    "lock_of",
    "locks_of",
    "orphans",
    "read",
    "record_of",
    "standing",
    "stored",
    "takes",
]

_FOLDER, _LOCK = "proposals", "answers.lock"
_NAME = re.compile(r"([0-9a-f]{32})\.json")
_LARGEST = 1 << 20
_MOST = 100
_MOST_FILES = 400
_MOST_BYTES = 16 << 20
_PATIENCE = 10.0


def folder_of(state: Path) -> Path:
    """Return where they are."""
    return state / _FOLDER


def record_of(state: Path, identifier: str) -> Path:
    """Return the file of a proposal."""
    return folder_of(state) / f"{identifier}.json"


def answer_to(state: Path, identifier: str) -> Path:
    """Return the file of the answer to a proposal."""
    return folder_of(state) / f"{identifier}.answer.json"


def forget(state: Path, identifier: str) -> None:
    """Remove a proposal and what was said to it."""
    files.forget(record_of(state, identifier), answer_to(state, identifier))


def stored(state: Path) -> Iterator[OpenProposal]:
    """Yield the proposals that this user's devkeel has written here, whether or not they still wait.

    Of more than that asks nothing is read: whoever may write there can make any number, and which of those count is
    known only of what was read.
    """
    for name in () if crowd(state) else directory.names(folder_of(state)):
        found = _NAME.fullmatch(name)
        proposal = None if found is None else read(state, found[1])
        if proposal is not None:
            yield proposal


def crowd(state: Path) -> int:
    """Return how many records there are, where they are too many, or too large, to be read at each look; else 0."""
    folder = folder_of(state)
    found = [name for name in directory.names(folder) if name.endswith((".json", ".lock"))]
    if len(found) <= _MOST_FILES:
        infos = (directory.status(folder / name) for name in found)
        if sum(info.st_size for info in infos if info is not None and info.st_size <= _LARGEST) <= _MOST_BYTES:
            return 0
    return len(found)


def read(state: Path, identifier: str) -> OpenProposal | None:
    """Return a proposal that this user's devkeel has written here; None where there is none."""
    path = record_of(state, identifier)
    info = directory.status(path) if _NAME.fullmatch(path.name) else None
    if info is None or info.st_size > _LARGEST:
        return None
    proposal = of_record(files.read_record(path))
    own = proposal is not None and (proposal.id, proposal.place) == (identifier, name_of(state.parent))
    return proposal if own else None


def standing(state: Path, revision: str) -> tuple[ProposalView, ...]:
    """Return what waits for a person, or was answered and not heard yet, the oldest first; the newest 100 of them.

    revision: of the files as they are. Makes nothing.
    """
    views = [view for item in stored(state) if (view := _view(state, item, revision)) is not None]
    return tuple(sorted(views, key=lambda view: (view.since, view.id))[-_MOST:])


def _view(state: Path, proposal: OpenProposal, revision: str) -> ProposalView | None:
    """Return a proposal as it stands; None for one that has ended."""
    if proposal.expired(now()) or not asks_still(state, proposal):
        return None
    reply = answered(state, proposal)
    if reply is not None:
        return ProposalView.of(proposal, "agreed" if reply.agrees else "declined", reply)
    found: ProposalState = "waiting" if proposal.asked.revision == revision else "overtaken"
    return ProposalView.of(proposal, found, None)


def asks_still(state: Path, proposal: OpenProposal) -> bool:
    """Return whether the process that asks is there."""
    with suppress(OSError):
        return bool(re.fullmatch(r"[0-9a-f]{32}", proposal.asker)) and locks.is_held(lock_of(state, proposal.asker))
    return False


def lock_of(state: Path, asker: str) -> Path:
    """Return the file that an asker holds locked."""
    return folder_of(state) / f"{asker}.lock"


def locks_of(state: Path) -> list[Path]:
    """Return the lock files of those who ask, or asked."""
    folder = folder_of(state)
    return [folder / name for name in directory.names(folder) if name.endswith(".lock") and name != _LOCK]


def orphans(state: Path) -> list[Path]:
    """Return the answers to what is not asked any more."""
    found = {*directory.names(folder_of(state))}
    ends = ".answer.json"
    return [
        answer_to(state, name.removesuffix(ends))
        for name in found
        if name.endswith(ends) and f"{name.removesuffix(ends)}.json" not in found
    ]


def answered(state: Path, proposal: OpenProposal) -> Reply | None:
    """Return what a person said to exactly this proposal; None for nothing that can be believed."""
    try:
        found = msgspec.convert(files.read_record(answer_to(state, proposal.id)), Reply)
    except (msgspec.ValidationError, ValueError):
        return answers.remembered(state, proposal)
    return found if found.proposal == proposal.digest else answers.remembered(state, proposal)


def answer(state: Path, identifier: str, *, agrees: bool, seen: str, by: str, revision: str) -> ProposalView:
    """Keep what a person says to a proposal, and return it as it stands then.

    seen: the digest of what they were shown. revision: of the files as they are. Raises UsageError
    `unknown_proposal`, Conflict `proposal_answered`, `proposal_differs`, `proposal_cut`, Busy, StateError.
    """
    path = folder_of(state) / _LOCK
    if not directory.is_folder(path.parent):
        raise _unknown(identifier)
    with files.lock(path, _PATIENCE) as held:
        if not held:
            raise Busy(
                "busy",
                "Another page answers for a long time.",
                seen=str(path),
                remedy="Try again in a moment.",
            )
        proposal = read(state, identifier)
        view = None if proposal is None else _view(state, proposal, revision)
        if proposal is None or view is None:
            raise _unknown(identifier)
        _require_open(view, agrees=agrees, seen=seen)
        reply = Reply(proposal.digest, agrees, by, now().isoformat(timespec="seconds"))
        answers.remember(state, reply)
        files.write_record(answer_to(state, identifier), msgspec.to_builtins(reply))
        return ProposalView.of(proposal, "agreed" if agrees else "declined", reply)


def takes(state: Path, identifier: str) -> tuple[str, ...]:
    """Return the permissions that a proposal takes; none where there is no such proposal."""
    found = read(state, identifier)
    return () if found is None else found.asked.takes


def _require_open(view: ProposalView, *, agrees: bool, seen: str) -> None:
    if view.by is not None:
        raise Conflict(
            "proposal_answered",
            f"This was answered already: {view.state}.",
            seen=view.id,
            remedy="The first answer counts. What was done can be taken back.",
            details={"state": view.state, "by": view.by, "at": view.at},
        )
    # To say no is safe, whatever has become of it meanwhile.
    if agrees and (view.state != "waiting" or view.digest != seen):
        raise Conflict(
            "proposal_differs",
            "The files have changed since this was asked, or it is not what was shown. Nothing was done.",
            seen=view.id,
            remedy="Look at it again, or have it asked again.",
            details={"state": view.state, "revision": view.revision},
        )
    if agrees and view.is_cut:
        raise Conflict(
            "proposal_cut",
            "Not all of what would change could be shown, so that nobody agrees to it here. Nothing was done.",
            seen=view.id,
            remedy="Have less asked at once, or do it in a terminal, where all of it is shown.",
        )


def _unknown(identifier: str) -> UsageError:
    return UsageError(
        "unknown_proposal",
        "Nothing of this id waits for an answer any more: it was done or taken back, its time is over, or who asked has"
        " ended.",
        seen=identifier[:80],
        remedy="Look at what waits now.",
    )
