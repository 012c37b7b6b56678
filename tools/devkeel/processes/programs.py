"""What was built to run a declaration, kept from being collected while it may run."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING, Literal

from devkeel.state import directory as state_directory
from devkeel.state.files import make_directory

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["new_programs"]

_FOLDER = "programs"
# Which of them still runs is known to whoever runs it: a few are kept, and the oldest go.
_KEPT = 5


def new_programs(state: Path, what: Literal["processes", "tasks"]) -> Path:
    """Make a directory for the links that keep programs in the Nix store, and let go of old ones.

    what: each has its own, for processes run on while one task after the other is run beside them.
    """
    # By their names the oldest come first.
    folder = make_directory(state, _FOLDER, what, f"{time.time_ns():020}-{secrets.token_hex(4)}")
    for name in state_directory.names(folder.parent)[:-_KEPT]:
        state_directory.discard(folder.parent / name)
    return folder
