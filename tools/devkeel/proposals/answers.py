"""What a person has said, kept in devkeel's folder of this user too: who asks can take no answer back.

Whoever may write in the project alone can remove an answer from its records, and not from here.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

from devkeel.errors import StateError
from devkeel.proposals.proposal import SECONDS, Reply
from devkeel.state import directory
from devkeel.state.user_files import name_of, place_of, read_user_file, replace_user_file

if TYPE_CHECKING:
    from pathlib import Path

    from devkeel.proposals.proposal import OpenProposal

__all__ = ["remember", "remembered"]

_FOLDER = "answers"
_MOST = 10_000


def remember(state: Path, reply: Reply) -> None:
    """Keep an answer as long as its question can be asked. Raises StateError `state_unusable`."""
    _sweep()
    replace_user_file(state.parent, _FOLDER, _name(state, reply.proposal), msgspec.json.encode(reply))


def remembered(state: Path, proposal: OpenProposal) -> Reply | None:
    """Return what a person has said to exactly this proposal; None for nothing."""
    try:
        data = read_user_file(state.parent, _FOLDER, _name(state, proposal.digest), _MOST)
        found = None if data is None else msgspec.json.decode(data, type=Reply)
    except (StateError, msgspec.DecodeError):
        return None
    return found if found is not None and found.proposal == proposal.digest else None


def _name(state: Path, digest: str) -> str:
    return f"{name_of(state.parent)}-{digest[:32]}.json"


def _sweep() -> None:
    """Remove the answers to what is not asked any more."""
    folder, ended = place_of(_FOLDER, ""), time.time() - 2 * SECONDS
    for path in () if folder is None else [folder / name for name in directory.names(folder)]:
        info = directory.status(path)
        with suppress(OSError):
            if info is not None and info.st_mtime < ended:
                directory.discard(path)
