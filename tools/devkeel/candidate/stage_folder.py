"""Where stages are: in the user's cache, outside of the project, so that a look at a project writes nothing in it.

What a repository brings in `.devkeel/stage` is never looked at. Each project has a directory, named by a hash of its
root, with the stable copy and a directory for each stage that is open.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from devkeel.errors import Busy
from devkeel.system.beneath import close, opened, remove

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.project.root import Project

__all__ = ["COPY", "folder_of", "held", "new_stage", "remove_stages"]

COPY = "copy"
_ROOT = "root.txt"
_MADE = "s-"
_OWN = 0o700
_LIST = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def _all() -> Path:
    import platformdirs  # noqa: PLC0415  (5 ms, and most calls stage nothing)

    return platformdirs.user_cache_path("devkeel") / "stage"


def folder_of(project: Project) -> Path:
    """Return the directory of a project's stages; it need not exist."""
    return _all() / hashlib.sha256(os.fsencode(project.root)).hexdigest()[:32]


@contextmanager
def new_stage(project: Project) -> Iterator[tuple[Path, Path]]:
    """Make a directory for one stage, and remove it at the end; what a killed process left goes first.

    Gives it with the directory that keeps the stable copy, which is the same one where the user has no cache that can
    be written.
    """
    try:
        stages = _made(project)
    except OSError:
        with tempfile.TemporaryDirectory(prefix="devkeel-", ignore_cleanup_errors=True) as folder:
            yield Path(folder), Path(folder)
        return
    with held(stages / "lock", wait=True):
        _sweep(stages)
        # mkdtemp(3): a name of its own, and permissions 0700.
        folder = tempfile.mkdtemp(prefix=_MADE, dir=stages)
        descriptor = os.open(folder, _LIST)
        # A directory may be locked too, and a lock of flock goes with its process (flock(2)): one that can be taken is
        # left over.
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    try:
        yield Path(folder), stages
    finally:
        _remove(stages, Path(folder).name)
        os.close(descriptor)


def _made(project: Project) -> Path:
    stages = folder_of(project)
    if not stages.is_dir():
        stages.parent.mkdir(parents=True, exist_ok=True, mode=_OWN)
        _forget_what_is_gone(stages.parent)
        stages.mkdir(exist_ok=True, mode=_OWN)
        (stages / _ROOT).write_bytes(os.fsencode(project.root))
    if not os.access(stages, os.W_OK | os.X_OK):
        raise PermissionError(str(stages))
    return stages


def _forget_what_is_gone(every: Path) -> None:
    """Remove the stages of projects that are not there any more."""
    for folder in every.iterdir():
        with suppress(OSError):
            if not os.path.lexists((folder / _ROOT).read_bytes()):
                _remove(every, folder.name)


def remove_stages(project: Project) -> None:
    """Remove what is kept of a project's stages. A stage that is open loses its files."""
    stages = folder_of(project)
    with suppress(OSError):
        _remove(stages.parent, stages.name)


def _remove(folder: Path, name: str) -> None:
    with opened(os.open(folder, _LIST)) as descriptor:
        remove(descriptor, name)


def _sweep(stages: Path) -> None:
    with opened(os.open(stages, _LIST)) as top:
        for name in os.listdir(top):  # noqa: PTH208  (of a descriptor)
            if name.startswith(_MADE):
                with suppress(OSError):
                    descriptor = os.open(name, _LIST, dir_fd=top)
                    try:
                        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                        remove(top, name)
                    finally:
                        close(descriptor)


@contextmanager
def held(path: Path, *, wait: bool) -> Iterator[None]:
    """Hold a lock file; it ends with its process. Without `wait` raises Busy `stage_busy` where it is held already."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            raise Busy(
                "stage_busy",
                "Another process is checking this project, and the stage is one directory here.",
                seen=str(path),
                remedy="Try again when it has finished.",
            ) from None
        yield
    finally:
        os.close(descriptor)
