"""What was built to run a declaration, kept from being collected while it may run."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING

from devkeel.state import directory as state_directory
from devkeel.state.files import make_directory

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["new_programs"]

_FOLDER = "programs"
# Which of them still runs is known to whoever runs it: a few are kept, and the oldest go.
_KEPT = 5


def new_programs(state: Path) -> Path:
    """Make a directory for the links that keep programs in the Nix store, and let go of old ones."""
    # By their names the oldest come first.
    folder = make_directory(state, _FOLDER, f"{time.time_ns():020}-{secrets.token_hex(4)}")
    for name in sorted(state_directory.names(state / _FOLDER))[:-_KEPT]:
        state_directory.discard(state / _FOLDER / name)
    return folder
