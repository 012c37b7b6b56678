"""A directory as Nix would take it into the store: copied through no link, and hashed, before Nix hears of it.

Nix copies what a lock names into the store, where everybody can read it, and compares the hash afterwards. Here the
copy is private, is made by open directories, and goes to Nix only when it is what the lock says.
"""

from __future__ import annotations

import base64
import hashlib
import os
import stat
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from devkeel.system.beneath import WALK, open_beneath, opened

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["copied_if", "copy_to"]

_MAX_BYTES = 512 * 1024 * 1024
_MAX_FILES = 50_000
_MAX_DEPTH = 64
_CHUNK = 1 << 20
_READ = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY


@contextmanager
def copied_if(top: Path, parts: tuple[str, ...], nar_hash: str) -> Iterator[Path | None]:
    """Give a private copy of the directory at `parts` below `top` where its content has that hash, else None.

    nar_hash: `sha256-` and base64. Nothing is followed and nothing is copied before the hash has been found right
    once. Raises OSError for what cannot be read, or is more than 512 MiB or 50,000 files.
    """
    with opened(os.open(top, WALK)) as base, opened(open_beneath(base, parts, _READ | os.O_DIRECTORY)) as source:
        if _Archive().hash(source) != nar_hash:
            yield None
            return
        with TemporaryDirectory(prefix="devkeel-", ignore_cleanup_errors=True) as folder:
            copy = Path(folder, "source")
            copy.mkdir()
            with opened(os.open(copy, os.O_RDONLY | os.O_DIRECTORY)) as target:
                same = _Archive().hash(source, target) == nar_hash
            yield copy if same else None


def copy_to(top: Path, parts: tuple[str, ...], target: Path) -> str:
    """Copy the directory at `parts` below `top` to a new one, and return its hash; limits and errors as `copied_if`."""
    target.mkdir(parents=True)
    with (
        opened(os.open(top, WALK)) as base,
        opened(open_beneath(base, parts, _READ | os.O_DIRECTORY)) as source,
        opened(os.open(target, os.O_RDONLY | os.O_DIRECTORY)) as into,
    ):
        return _Archive().hash(source, into)


class _Archive:
    """One pass over a directory, in the format that Nix hashes (libutil/archive.cc)."""

    def __init__(self) -> None:
        self._sum = hashlib.sha256()
        self._files, self._bytes = 0, 0

    def hash(self, source: int, target: int | None = None) -> str:
        """Return the hash of an open directory, which is copied into another one meanwhile."""
        self._words(b"nix-archive-1")
        self._directory(source, target, 0)
        return f"sha256-{base64.b64encode(self._sum.digest()).decode()}"

    def _words(self, *words: bytes) -> None:
        for word in words:
            # A string: its length in 64 bits, little-endian, its bytes, and zeros up to a multiple of 8 (nix,
            # src/libutil/serialise.cc, `writePadding`; doc/manual, protocols/nix-archive).
            self._sum.update(len(word).to_bytes(8, "little") + word + bytes(-len(word) % 8))

    def _directory(self, source: int, target: int | None, depth: int) -> None:
        if depth > _MAX_DEPTH:
            raise OSError("directories lie too deep in each other")
        self._words(b"(", b"type", b"directory")
        # By bytes: Nix refuses an archive whose names are not in strictly growing order (nix, src/libutil/archive.cc,
        # `parse`).
        for name in sorted(map(os.fsencode, os.listdir(source))):
            self._files += 1
            self._words(b"entry", b"(", b"name", name, b"node")
            self._node(os.fsdecode(name), source, target, depth)
            self._words(b")")
        self._words(b")")

    def _node(self, name: str, source: int, target: int | None, depth: int) -> None:
        kind = os.stat(name, dir_fd=source, follow_symlinks=False).st_mode
        if stat.S_ISLNK(kind):
            says = os.readlink(name, dir_fd=source)
            self._words(b"(", b"type", b"symlink", b"target", os.fsencode(says), b")")
            if target is not None:
                os.symlink(says, name, dir_fd=target)
            return
        with opened(open_beneath(source, (name,), _READ)) as found:
            info = os.fstat(found)
            self._bytes += info.st_size if stat.S_ISREG(info.st_mode) else 0
            if self._files > _MAX_FILES or self._bytes > _MAX_BYTES:
                raise OSError("it is too large")
            if stat.S_ISREG(info.st_mode):
                self._file(name, found, info, target)
            elif not stat.S_ISDIR(info.st_mode):
                raise OSError("it has more than files, directories and links")
            elif target is None:
                self._directory(found, None, depth + 1)
            else:
                os.mkdir(name, dir_fd=target)
                with opened(open_beneath(target, (name,), os.O_RDONLY | os.O_DIRECTORY)) as inner:
                    self._directory(found, inner, depth + 1)

    def _file(self, name: str, source: int, info: os.stat_result, target: int | None) -> None:
        # All that an archive has of the permissions: no time, no owner, and one bit (nix, src/libutil/archive.cc,
        # `dump`).
        runs = bool(info.st_mode & stat.S_IXUSR)
        self._words(b"(", b"type", b"regular", *((b"executable", b"") if runs else ()), b"contents")
        self._sum.update(info.st_size.to_bytes(8, "little"))
        flags, mode = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o700 if runs else 0o600
        copy = None if target is None else os.open(name, flags, mode, dir_fd=target)
        try:
            left = info.st_size
            while left:
                part = os.read(source, min(left, _CHUNK))
                if not part:
                    raise OSError("it changed while it was read")
                left -= len(part)
                self._sum.update(part)
                rest = memoryview(part)
                while copy is not None and rest:
                    rest = rest[os.write(copy, rest) :]
        finally:
            if copy is not None:
                os.close(copy)
        self._sum.update(bytes(-info.st_size % 8))
        self._words(b")")
