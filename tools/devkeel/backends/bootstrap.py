"""Micromamba for one project, downloaded when somebody asks for it and never otherwise."""

from __future__ import annotations

import hashlib
import re
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

from devkeel.backends.generations import keep_program
from devkeel.errors import Unavailable
from devkeel.libraries.resolve.conda_lock import subdir

if TYPE_CHECKING:
    from pathlib import Path

    from devkeel.project.root import Project

__all__ = ["RELEASES", "install_micromamba"]

# Where the project that makes micromamba publishes it: one file for each system, and its SHA-256 beside it.
RELEASES = "https://github.com/mamba-org/micromamba-releases/releases/latest/download"
_SECONDS = 60
_MOST = 200 * 1024 * 1024


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
        return keep_program(project, "micromamba", data)
    except OSError as error:
        raise _failed(str(error.filename), f"it cannot be kept: {error.strerror}") from error


def _fetched(url: str) -> bytes:
    try:
        with urllib.request.urlopen(url, timeout=_SECONDS) as answer:  # noqa: S310  (a URL of ours or of devkeel.toml)
            data: bytes = answer.read(_MOST)
    except (urllib.error.URLError, OSError, ValueError) as error:
        raise _failed(url, str(getattr(error, "reason", error))) from error
    return data


def _failed(url: str, why: str) -> Unavailable:
    return Unavailable(
        "bootstrap_failed",
        f"micromamba could not be installed: {why}.",
        seen=url,
        remedy="Install micromamba by hand, or name a mirror with `micromamba` in devkeel.toml.",
    )
