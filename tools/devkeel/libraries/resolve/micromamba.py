"""Micromamba: where it is, and how a project gets one of its own when the caller asks for that.

A clone may bring a program of that name, which is not run. What was downloaded into `.devkeel/bin` counts where this
machine's devkeel put it there, and only while what the caller asked for runs: nothing inside a project is run to look
at it.
"""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from devkeel.errors import Unavailable
from devkeel.libraries.resolve.conda_lock import subdir
from devkeel.runtime import find_program, is_executing, is_foreign
from devkeel.state.programs import keep_program, kept_program
from devkeel.text.actions import do

if TYPE_CHECKING:
    from devkeel.project.root import Project, Reader

__all__ = ["INSTALL", "MICROMAMBA", "RELEASES", "find_micromamba", "install_micromamba"]

MICROMAMBA = "micromamba"
INSTALL = f"Install micromamba ({do('bootstrap')} does, for this project), or devkeel[conda]; then repeat the call."
# Where the project that makes micromamba publishes it: one file for each system, and its SHA-256 beside it.
RELEASES = "https://github.com/mamba-org/micromamba-releases/releases/latest/download"
_SECONDS = 60
_MOST = 200 * 1024 * 1024


def find_micromamba(project: Reader) -> str | None:
    """Return micromamba: devkeel's own in the project where it may run, the user's own, or the one on PATH."""
    if is_executing() and (own := kept_program(project.state, MICROMAMBA)) is not None:
        return str(own)
    users = Path.home() / ".local" / "bin" / MICROMAMBA
    if os.access(users, os.X_OK) and not is_foreign(users):
        return str(users)
    return find_program(MICROMAMBA)


def install_micromamba(project: Project, releases: str | None = None) -> Path:
    """Download micromamba into `.devkeel/bin`, and return its path; it is there whole, or not at all.

    releases: the URL of a directory with the files of a release. Raises Unavailable `bootstrap_failed`.
    """
    place = f"{(releases or RELEASES).rstrip('/')}/micromamba-{subdir()}"
    told = re.search(rb"\b[0-9a-f]{64}\b", _fetched(f"{place}.sha256"))
    data = _fetched(place)
    if told is None or hashlib.sha256(data).hexdigest().encode() != told[0]:
        raise _failed(place, "its SHA-256 is not the one that is published beside it")
    try:
        return keep_program(project.state, MICROMAMBA, data)
    except OSError as error:
        raise _failed(str(error.filename), f"it cannot be kept: {error.strerror}") from error


def _fetched(url: str) -> bytes:
    from urllib.request import urlopen  # noqa: PLC0415  (20 ms, and only a download needs it)

    try:
        with urlopen(url, timeout=_SECONDS) as answer:  # noqa: S310  (a URL of ours or of devkeel.toml)
            data: bytes = answer.read(_MOST)
    except (OSError, ValueError) as error:
        raise _failed(url, str(getattr(error, "reason", error))) from error
    return data


def _failed(url: str, why: str) -> Unavailable:
    return Unavailable(
        "bootstrap_failed",
        f"micromamba could not be installed: {why}.",
        seen=url,
        remedy="Install micromamba by hand, or name a mirror with `micromamba` in devkeel.toml.",
    )
