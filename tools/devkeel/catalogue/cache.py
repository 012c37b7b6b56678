"""What was read with Nix, in the user's cache directory: many processes, atomic writes, damage counts as absence."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import time
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from devkeel.deferred import Deferred

if TYPE_CHECKING:
    from collections.abc import Iterator

    import platformdirs
else:
    platformdirs = Deferred("platformdirs")

__all__ = ["directory", "failed_lately", "grows", "made", "note_failure", "only_read", "read", "stamp", "write"]

_FORMAT = 1
_KEPT = 64
_RETRY_AFTER = 3600.0


_ONLY_READ = ContextVar("only_read", default=False)


@contextlib.contextmanager
def only_read() -> Iterator[None]:
    """Bring nothing into the cache meanwhile: a hook runs for each call of an agent's tools."""
    token = _ONLY_READ.set(True)
    try:
        yield
    finally:
        _ONLY_READ.reset(token)


def grows() -> bool:
    """Return whether what the cache lacks may be brought into it."""
    return not _ONLY_READ.get()


def directory() -> Path:
    """Return the directory of the cache; it need not exist."""
    return platformdirs.user_cache_path("devkeel") / "catalogue"


def made() -> Path:
    """Return the directory of the cache, made where it is missing; raises OSError."""
    folder = directory()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def stamp(name: str) -> tuple[int, ...] | None:
    """Return what differs between one content under a name and the next, or None when there is none."""
    try:
        info = (directory() / f"{name}.json").stat()
    except OSError:
        return None
    return info.st_mtime_ns, info.st_size, info.st_ino


def read(name: str) -> Any | None:  # noqa: ANN401  (data of any shape)
    """Return what was written under a name, or None when there is nothing that can be used."""
    found = stamp(name)
    return None if found is None else _load(directory() / f"{name}.json", *found)


@lru_cache(maxsize=32)
def _load(path: Path, *_: int) -> Any | None:  # noqa: ANN401
    try:
        stored = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(stored, dict) or stored.get("format") != _FORMAT:
        return None
    return stored.get("data")


def write(name: str, data: object) -> None:
    """Keep plain data under a name; a cache that cannot be written is no error."""
    with contextlib.suppress(OSError):
        _put(f"{name}.json", json.dumps({"format": _FORMAT, "data": data}, separators=(",", ":")).encode())
        _failure(name).unlink(missing_ok=True)
        _prune()


def note_failure(name: str) -> None:
    """Remember that what belongs under a name could not be read, so that it is not tried again for an hour."""
    with contextlib.suppress(OSError):
        _put(_failure(name).name, b"")


def failed_lately(name: str) -> bool:
    """Return whether a failure was noted within the last hour."""
    try:
        return time.time() - _failure(name).stat().st_mtime < _RETRY_AFTER
    except OSError:
        return False


def _failure(name: str) -> Path:
    return directory() / f"{name}.failed"


def _put(name: str, data: bytes) -> None:
    """Write a file in one step: a reader sees all of it or what was there before."""
    folder = made()
    # In the same directory, for a rename works within one file system (rename(2), EXDEV).
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(temporary).replace(folder / name)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _prune() -> None:
    """Remove the oldest files when there are many: locks come and go."""
    for path in sorted(directory().iterdir(), key=lambda item: item.stat().st_mtime)[:-_KEPT]:
        path.unlink(missing_ok=True)
