"""A model of what a disk holds when the power goes: what was not synced may be there or not, in any combination.

While the work runs, its calls are recorded: names given and taken, data written, files and directories synced, full
commits of SQLite, each of which is one durable step. For a power cut after each call, every state that the disk may
be in is built: each change of names since the last sync of its directory happened or not (one call is one change,
also where it concerns two names), and each file with unsynced data is as it was synced, empty, cut or whole.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from itertools import chain, combinations, product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from devkeel.transaction import rename
from devkeel.transaction.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

__all__ = ["Disk", "State", "record"]

DIRECTORY = "a directory"
MAX_PENDING = 12


@dataclass(frozen=True)
class State:
    """What is on the disk: contents by path (None for a directory), and which commit the records are at."""

    contents: frozenset[tuple[str, bytes | None]]
    commit: int

    def build(self, root: Path, disk: Disk) -> Path:
        """Make the project that the next start finds."""
        root.mkdir()
        shutil.copytree(disk.commits[self.commit], root / ".devkeel")
        for path, data in sorted(self.contents, key=lambda item: item[0]):
            if data is None:
                (root / path).mkdir()
            else:
                (root / path).write_bytes(data)
                (root / path).chmod(0o640)
        return root


@dataclass
class Disk:
    """The recorded calls: names, contents and commits as they were, and every state that a power cut may leave."""

    names: dict[str, int]
    synced: dict[int, bytes | str]
    commits: list[Path]
    place: Path
    written: dict[int, bytes] = field(default_factory=dict)
    live: dict[str, int] = field(default_factory=dict)
    pending: list[dict[str, int | None]] = field(default_factory=list)
    states: set[State] = field(default_factory=set)

    @classmethod
    def of(cls, root: Path, place: Path) -> Disk:
        """Begin with a project as it is, all of it synced."""
        names, synced = {}, {}
        for number, path in enumerate(sorted(item for item in root.rglob("*") if ".devkeel" not in item.parts)):
            name = str(path.relative_to(root))
            names[name] = number
            synced[number] = path.read_bytes() if path.is_file() else DIRECTORY
        disk = cls(names, synced, [], place, live=dict(names))
        disk.commit(root / ".devkeel")
        return disk

    def commit(self, directory: Path) -> None:
        target = self.place / f"commit-{len(self.commits)}"
        target.mkdir()
        with (
            closing(sqlite3.connect(directory / "state.db")) as source,
            closing(sqlite3.connect(target / "state.db")) as copy,
        ):
            source.backup(copy)
        shutil.copy2(directory / "project.json", target)
        self.commits.append(target)
        self.cut()

    def change(self, names: dict[str, int | None]) -> None:
        self.pending.append(names)
        for path, inode in names.items():
            if inode is None:
                self.live.pop(path, None)
            else:
                self.live[path] = inode
        self.cut()

    def create(self, path: str, content: bytes | str) -> None:
        inode = len(self.synced)
        self.synced[inode] = content if content == DIRECTORY else b""
        if content != DIRECTORY:
            self.written[inode] = b""
        self.change({path: inode})

    def write(self, path: str, data: bytes) -> None:
        self.written[self.live[path]] += data
        self.cut()

    def sync(self, path: str) -> None:
        inode = self.live[path]
        if inode in self.written:
            self.synced[inode] = self.written.pop(inode)
        self.cut()

    def sync_directory(self, path: str) -> None:
        rest = []
        for names in self.pending:
            if {os.path.dirname(name) for name in names} == {path}:  # noqa: PTH120
                _apply(self.names, names)
            else:
                rest.append(names)
        self.pending = rest
        self.cut()

    def cut(self) -> None:
        """Add every state that a power cut at this moment may leave."""
        assert len(self.pending) <= MAX_PENDING
        for happened in _subsets(self.pending):
            names: dict[str, int] = dict(self.names)
            for change in happened:
                _apply(names, change)
            reached = {
                path: inode
                for path, inode in names.items()
                if not os.path.dirname(path) or names.get(os.path.dirname(path)) is not None  # noqa: PTH120
            }
            unsure = sorted({inode for inode in reached.values() if inode in self.written})
            for contents in product(*(self._may_hold(inode) for inode in unsure)):
                held = self.synced | dict(zip(unsure, contents, strict=True))
                found = {
                    (path, None if (data := held[inode]) == DIRECTORY else data) for path, inode in reached.items()
                }
                self.states.add(State(frozenset(found), len(self.commits) - 1))  # type: ignore[arg-type]

    def _may_hold(self, inode: int) -> set[bytes]:
        data, old = self.written[inode], self.synced[inode]
        assert isinstance(old, bytes)
        return {old, b"", data[: len(data) // 2], data}


def _apply(names: dict[str, int], change: dict[str, int | None]) -> None:
    for path, inode in change.items():
        if inode is None:
            names.pop(path, None)
        else:
            names[path] = inode


def _subsets(items: list[Any]) -> Iterator[Any]:
    return chain.from_iterable(combinations(items, size) for size in range(len(items) + 1))


def record(  # noqa: C901, PLR0915  (one small function for each call that is recorded)
    root: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> Disk:
    """Record from now on what happens to a project, until the patch is undone."""
    disk = Disk.of(root, place)

    def named(name: Any, directory: int | None) -> str | None:
        folder = Path(f"/proc/self/fd/{directory}").readlink() if directory is not None else Path()
        path = folder / os.fsdecode(name)
        inside = path.is_relative_to(root) and ".devkeel" not in path.relative_to(root).parts
        return str(path.relative_to(root)) if inside else None

    def opened(descriptor: int) -> str | None:
        return named(Path(f"/proc/self/fd/{descriptor}").readlink(), None)

    real = {
        name: getattr(os, name) for name in ("open", "write", "fsync", "rename", "unlink", "link", "mkdir", "rmdir")
    }

    def open_(name: Any, flags: int, *rest: Any, dir_fd: int | None = None) -> int:
        descriptor: int = real["open"](name, flags, *rest, dir_fd=dir_fd)
        path = named(name, dir_fd)
        if flags & os.O_CREAT and path is not None:
            disk.create(path, b"")
        return descriptor

    def write(descriptor: int, data: Any) -> int:
        count: int = real["write"](descriptor, data)
        if (path := opened(descriptor)) is not None:
            disk.write(path, bytes(data[:count]))
        return count

    def fsync(descriptor: int) -> None:
        real["fsync"](descriptor)
        if (path := opened(descriptor)) is not None:
            if path == "." or disk.synced.get(disk.live.get(path, -1)) == DIRECTORY:
                disk.sync_directory("" if path == "." else path)
            else:
                disk.sync(path)

    def rename_(source: Any, target: Any, *, src_dir_fd: int | None = None, dst_dir_fd: int | None = None) -> None:
        real["rename"](source, target, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)
        old, new = named(source, src_dir_fd), named(target, dst_dir_fd)
        if old is not None and new is not None:
            disk.change({old: None, new: disk.live[old]})

    def link(source: Any, target: Any, *, src_dir_fd: int, dst_dir_fd: int, follow_symlinks: bool) -> None:
        real["link"](source, target, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd, follow_symlinks=follow_symlinks)
        old, new = named(source, src_dir_fd), named(target, dst_dir_fd)
        assert old is not None
        assert new is not None
        disk.change({new: disk.live[old]})

    def gone(name: str) -> Any:
        def call(path: Any, *, dir_fd: int | None = None) -> None:
            real[name](path, dir_fd=dir_fd)
            if (known := named(path, dir_fd)) is not None:
                disk.change({known: None})

        return call

    def mkdir(path: Any, mode: int = 0o777, *, dir_fd: int | None = None) -> None:
        real["mkdir"](path, mode, dir_fd=dir_fd)
        if (known := named(path, dir_fd)) is not None:
            disk.create(known, DIRECTORY)

    call = rename._renameat2()

    def renameat2(first: int, source: bytes, second: int, target: bytes, flags: int) -> int:
        assert call is not None
        code = call(first, source, second, target, flags)
        if code == 0:
            old, new = named(source, first), named(target, second)
            assert old is not None
            assert new is not None
            exchanged = flags == rename._EXCHANGE
            disk.change({old: disk.live[new] if exchanged else None, new: disk.live[old]})
        return code

    for name, function in (("open", open_), ("write", write), ("fsync", fsync), ("rename", rename_), ("link", link)):
        monkeypatch.setattr(os, name, function)
    monkeypatch.setattr(os, "unlink", gone("unlink"))
    monkeypatch.setattr(os, "rmdir", gone("rmdir"))
    monkeypatch.setattr(os, "mkdir", mkdir)
    if call is not None:
        monkeypatch.setattr(rename, "_renameat2", lambda: renameat2)
    for name in ("begin", "end"):
        monkeypatch.setattr(Store, name, _committing(getattr(Store, name), disk, root))
    return disk


def _committing(method: Any, disk: Disk, root: Path) -> Any:
    def call(*arguments: Any, **options: Any) -> Any:
        result = method(*arguments, **options)
        disk.commit(root / ".devkeel")
        return result

    return call
