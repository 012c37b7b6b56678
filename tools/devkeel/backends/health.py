"""What the doctors of the backends look at: a tool and its version, a lock, the records inside an environment."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from devkeel.backends.backend import HealthFinding
from devkeel.deferred import Deferred
from devkeel.errors import Unavailable
from devkeel.runtime import executing, find_program, run
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from devkeel.backends.backend import LockStatus
    from devkeel.libraries.manifests import requirement
else:
    requirement = Deferred("devkeel.libraries.manifests.requirement")

__all__ = ["conda_packages", "distributions", "lock", "names_put_by_pip", "program", "put_by_pip", "store_path"]

_ANEW = f"Make it anew: {do('apply')}, or {do('make')} where it has a name."


def program(name: str, path: str | None, *arguments: str, remedy: str, needed: bool = True) -> HealthFinding:
    """Return where a program is and its version; one that is not there is a fault where it is needed.

    path: as looking finds it. What is inside of the project counts, and runs when the caller asks for it.
    """
    if path is None:
        with executing():
            inside = find_program(name)
        if inside is not None:
            return HealthFinding(True, f"{name}: {inside}, which is the project's and not run to look at it")
        return HealthFinding(not needed, f"{name} is not installed", remedy)
    try:
        done = run((path, *(arguments or ("--version",))), timeout=10)
    except Unavailable as error:
        return HealthFinding(False, f"{name}: {path} does not answer ({error.code})", remedy)
    told = (done.stdout or done.stderr).decode("utf-8", "replace").strip().split("\n")[0][:100]
    well = not done.returncode
    return HealthFinding(well, f"{name}: {path}, {told or 'no version'}", None if well else remedy)


def lock(status: LockStatus, remedy: str) -> HealthFinding:
    """Return how the lock is. One that is missing is no fault: not every project wants one."""
    told = f"{status.file or 'lock'}: {status.state}" + (f" ({status.reason})" if status.reason else "")
    return HealthFinding(status.state != "stale", told, remedy if status.state in ("stale", "missing") else None)


def distributions(prefix: Path) -> Iterator[HealthFinding]:
    """Yield what is wrong with the Python of an environment: it is gone, or a distribution has two records."""
    if not (prefix / "bin" / "python").exists():
        yield HealthFinding(False, "its interpreter is gone", _ANEW)
    # PyPA, "Recording installed projects": NAME-VERSION.dist-info, neither of which has a hyphen left in it.
    folders = prefix.glob("lib/python*/site-packages/*.dist-info")

    yield from _twice(
        requirement.canonicalize_name(item.name.removesuffix(".dist-info").rpartition("-")[0]) for item in folders
    )


def conda_packages(prefix: Path) -> Iterator[HealthFinding]:
    """Yield what is wrong with the records of conda: none at all, or two of one package."""
    if not (prefix / "conda-meta").is_dir():
        yield HealthFinding(False, "its records are gone", _ANEW)
    yield from _twice(_conda_name(item) for item in prefix.glob("conda-meta/*.json"))


def _conda_name(record: Path) -> str:
    try:
        return str(json.loads(record.read_bytes())["name"])
    except (OSError, ValueError, KeyError, TypeError):
        return record.stem


def _twice(names: Iterable[str]) -> Iterator[HealthFinding]:
    seen = set[str]()
    for name in sorted(names):
        if name in seen:
            yield HealthFinding(False, f"{name} is recorded twice", _ANEW)
        seen.add(name)


def put_by_pip(prefix: Path, allowed: Iterable[str] = ()) -> Iterator[HealthFinding]:
    """Yield what pip put into an environment of conda. allowed: what it was meant to put there."""
    for name in names_put_by_pip(prefix):
        if name not in allowed:
            remedy = f"Make the environment anew, and add {name} with {do('library')}."
            yield HealthFinding(False, f"{name} was put there by pip, beside conda", remedy)


def names_put_by_pip(prefix: Path) -> list[str]:
    """Return the distributions in an environment of conda that pip or uv installed."""
    # PyPA, "Recording installed projects", INSTALLER: the name of the tool.
    found = prefix.glob("lib/python*/site-packages/*.dist-info/INSTALLER")
    ours = (item for item in found if item.read_text("utf-8", "replace").strip() in ("pip", "uv"))
    return sorted(item.parent.name.partition("-")[0] for item in ours)


def store_path(prefix: Path) -> tuple[HealthFinding, ...]:
    """Return that the store has lost an environment, nothing where it has it."""
    return () if os.path.lexists(prefix) else (HealthFinding(False, f"{prefix} is gone from this machine", _ANEW),)
