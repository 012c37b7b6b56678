"""The examination of a project, with what a bug report needs beside it."""

from __future__ import annotations

import platform
import sqlite3
import sys
from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel import __version__
from devkeel.doctor.state import history_findings
from devkeel.doctor.tools import realisations, unloaded
from devkeel.project.declaration import read_declaration

if TYPE_CHECKING:
    from devkeel.context import Context
    from devkeel.doctor.finding import Finding

__all__ = ["Examination", "examine"]


class Examination(Struct, frozen=True):
    """What `doctor` found. ok: no problem is left. machine: versions, for a bug report."""

    ok: bool
    root: str
    machine: dict[str, str]
    findings: tuple[Finding, ...]


def examine(context: Context, *, repair: bool) -> Examination:
    """Examine the records and files, and what there is of tools, locks and environments; see `Environment.examine`."""
    files = read_declaration(context.project)
    found = [
        *history_findings(context.project, context.records, repair=repair),
        *realisations(context, files),
        *unloaded(),
    ]
    machine = {
        "devkeel": __version__,
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "encoding": sys.getfilesystemencoding(),
    }
    ok = not any(item.verdict == "problem" for item in found)
    return Examination(ok, str(context.project.root), machine, tuple(found))
