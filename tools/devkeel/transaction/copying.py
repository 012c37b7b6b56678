"""A directory kept in step with a project: what the stage is where namespaces are not."""

from __future__ import annotations

import os
import shutil
import stat
from contextlib import suppress
from typing import TYPE_CHECKING

from devkeel.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["mirror"]

_MAX_BYTES = 512 * 1024 * 1024
_MAX_FILES = 50_000
_TOP_LEFT_OUT = frozenset({".devkeel", ".devenv", ".direnv", ".git"})
_FICLONE = 0x40049409


def mirror(source: Path, target: Path, fresh: frozenset[str] = frozenset()) -> None:
    """Make `target` like `source`: only what differs in kind, size or time is copied, what is gone is removed.

    fresh: paths that are copied anyway, because somebody wrote others in their place. Contents are copied, sharing
    blocks where the file system can, never linked: a command may write in place. Tools' own directories at the top
    are left out; `.git` is a pointer to the repository. Raises Unavailable `stage_too_large`.
    """
    target.mkdir(exist_ok=True)
    wanted = dict(_walk(source))
    for name, info in list(_walk(target)):
        other = wanted.get(name)
        if other is None or stat.S_IFMT(other.st_mode) != stat.S_IFMT(info.st_mode):
            _remove(target / name, info)
    for name, info in wanted.items():
        _bring(source / name, target / name, info, anew=name in fresh)
    _point_to_repository(source, target)


def _walk(root: Path) -> Iterator[tuple[str, os.stat_result]]:
    """Yield relative paths with their status, folders before what is in them."""
    waiting, count, size = [""], 0, 0
    while waiting:
        folder = waiting.pop()
        with os.scandir(root / folder) as entries:
            for entry in entries:
                if not folder and entry.name in _TOP_LEFT_OUT:
                    continue
                name, info = f"{folder}/{entry.name}".lstrip("/"), entry.stat(follow_symlinks=False)
                count, size = count + 1, size + (info.st_size if stat.S_ISREG(info.st_mode) else 0)
                if count > _MAX_FILES or size > _MAX_BYTES:
                    raise _too_large(root)
                if stat.S_ISDIR(info.st_mode):
                    waiting.append(name)
                if stat.S_ISDIR(info.st_mode) or stat.S_ISREG(info.st_mode) or stat.S_ISLNK(info.st_mode):
                    yield name, info


def _too_large(root: Path) -> Unavailable:
    return Unavailable(
        "stage_too_large",
        f"{root} has more than {_MAX_FILES} files or {_MAX_BYTES >> 20} MiB, too much to copy for a check.",
        remedy="Allow user namespaces, which need no copy, or ask for a lower level.",
    )


def _remove(path: Path, info: os.stat_result) -> None:
    if stat.S_ISDIR(info.st_mode):
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _bring(source: Path, target: Path, info: os.stat_result, *, anew: bool) -> None:
    if stat.S_ISDIR(info.st_mode):
        target.mkdir(exist_ok=True)
        return
    with suppress(FileNotFoundError):
        old = target.lstat()
        if not anew and (old.st_size, old.st_mtime_ns) == (info.st_size, info.st_mtime_ns):
            return
        target.unlink()
    if stat.S_ISLNK(info.st_mode):
        target.symlink_to(source.readlink())
    else:
        _copy(source, target)
    with suppress(OSError):
        shutil.copystat(source, target, follow_symlinks=False)


def _copy(source: Path, target: Path) -> None:
    import fcntl  # noqa: PLC0415  (with its call: it is about one kind of file system)

    with source.open("rb") as old, target.open("xb") as new:
        try:
            fcntl.ioctl(new.fileno(), _FICLONE, old.fileno())
        except OSError:
            shutil.copyfileobj(old, new)


def _point_to_repository(source: Path, target: Path) -> None:
    repository = source / ".git"
    pointer = target / ".git"
    pointer.unlink(missing_ok=True)
    if repository.is_dir():
        pointer.write_text(f"gitdir: {repository}\n")
    elif repository.is_file():
        shutil.copyfile(repository, pointer)
