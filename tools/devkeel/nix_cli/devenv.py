"""devenv's own command, and where it keeps what runs."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

__all__ = ["runtime_directory"]


def runtime_directory(root: Path) -> Path:
    """Return where devenv keeps what runs for a project; it need not exist."""
    # devenv's own rule: the first 7 hexadecimal digits of the SHA-256 of the resolved path of `.devenv`.
    name = hashlib.sha256(os.path.realpath(root / ".devenv").encode()).hexdigest()[:7]
    return Path(os.environ.get("XDG_RUNTIME_DIR") or "/tmp", f"devenv-{name}")  # noqa: S108
