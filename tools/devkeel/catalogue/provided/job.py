"""The work that makes tables of the user's own database: `python -m devkeel.catalogue.provided.job`."""

from __future__ import annotations

import os
import resource
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from devkeel.catalogue import cache as stored
from devkeel.catalogue.provided import merged, renewal
from devkeel.catalogue.provided.table import sealed
from devkeel.errors import DevkeelError
from devkeel.state import locks

__all__ = ["limit", "renew"]

_TIMEOUT = 1.0
# What the work may take: a database of all of nixpkgs needs half of the memory and a tenth of the time.
_MEMORY = 1024 * 1024 * 1024  # bytes
_SECONDS = 1800  # of a processor


def renew() -> None:
    """Make tables of the user's database, where that has not been done; one process at a time."""
    key = renewal.pending()
    if key is None:
        return
    stored.note_failure(key)
    with suppress(DevkeelError, OSError, MemoryError):
        folder = renewal.kept_in()
        folder.mkdir(parents=True, exist_ok=True)
        with locks.hold(folder / "lock", _TIMEOUT) as held:
            if not held or (folder / key).is_dir():
                return
            with renewal.database().open("rb") as file:
                made = merged.merged(file, renewal.SHIPPED)
            _keep(folder, key, made)


def _keep(folder: Path, key: str, made: dict[str, bytes]) -> None:
    """Put tables into a folder in one step, and take away older ones; another version of devkeel keeps its newest."""
    for left in folder.glob(".new-*"):  # of a process that was killed
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".new-") as temporary:
        ready = Path(temporary) / key
        ready.mkdir()
        for name, data in made.items():
            (ready / f"{name}.table").write_bytes(sealed(data))
        ready.rename(folder / key)
    others = sorted((old for old in folder.glob(f"{renewal.PREFIX}*") if old.name != key), key=_when)
    for old in others:
        if old.name.endswith(renewal.stamp()) or old is not others[-1]:
            shutil.rmtree(old, ignore_errors=True)


def _when(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def limit() -> None:
    """Let this process take no more than such work needs, whatever a database unpacks to."""
    for what, most in ((resource.RLIMIT_AS, _MEMORY), (resource.RLIMIT_CPU, _SECONDS)):
        with suppress(OSError, ValueError):  # macOS has no limit of memory
            _, hard = resource.getrlimit(what)
            resource.setrlimit(what, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


if __name__ == "__main__":
    os.nice(10)  # whoever works now goes first: it takes minutes, and some 400 MB
    limit()
    renew()
