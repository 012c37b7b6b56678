"""The examination of a project, with what a bug report needs beside it."""

from __future__ import annotations

import platform
import sqlite3
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from devkeel import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable

    from devkeel.doctor.finding import Finding
    from devkeel.project.root import Project

__all__ = ["Examination", "examination"]


@dataclass(frozen=True, slots=True)
class Examination:
    """What `doctor` found. ok: no problem is left. machine: versions, for a bug report."""

    ok: bool
    root: str
    machine: dict[str, str]
    findings: tuple[Finding, ...]


def examination(project: Project, findings: Iterable[Finding]) -> Examination:
    """Return what was found, with what a bug report needs beside it."""
    found = tuple(findings)
    machine = {
        "devkeel": __version__,
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "encoding": sys.getfilesystemencoding(),
    }
    return Examination(not any(item.verdict == "problem" for item in found), str(project.root), machine, found)
