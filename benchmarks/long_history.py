"""A project with a long history: real operations with contents, seals and chain, in one step of the database."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from devkeel.project.root import Project, digest
from devkeel.transaction.lock import hold
from devkeel.transaction.operation import FileImage, Record
from devkeel.transaction.store import Store

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["write_history"]

NAME = "devenv.nix"
CALLERS = ("claude-code 2.0", "codex 0.60", "person", "ci")
SERVICES = ("redis", "postgres", "mysql", "nginx", "rabbitmq", "minio")
PACKAGES = ("git", "htop", "jq", "ripgrep", "fd", "curl", "nodejs", "python3")
_MODE = 0o644


class _InOneStep(Store):
    """A store whose operations are one transaction, so that ten thousand wait for the disk once."""

    _under_way: sqlite3.Connection | None = None

    @contextmanager
    def one_step(self) -> Iterator[None]:
        with super()._transaction() as connection:
            self._under_way = connection
            yield
        self._under_way = None
        self._witness()

    @contextmanager
    def _transaction(self, *, pinned: bool = False) -> Iterator[sqlite3.Connection]:
        if self._under_way is not None:
            yield self._under_way
            return
        with super()._transaction(pinned=pinned) as connection:
            yield connection

    def _witness(self, connection: sqlite3.Connection | None = None) -> None:
        if self._under_way is None:
            super()._witness(connection)


def content(number: int) -> bytes:
    """Return the declaration after an operation: a port that moves, a list that grows and shrinks."""
    listed = " ".join(f"pkgs.{name}" for name in PACKAGES[: 1 + number % len(PACKAGES)])
    services = "".join(
        f"  services.{name} = {{\n    enable = {on};\n    port = {6000 + number};\n  }};\n"
        for name, on in ((name, "true" if number % (n + 2) else "false") for n, name in enumerate(SERVICES))
    )
    return f"{{ pkgs, ... }}:\n\n{{\n  packages = [ {listed} ];\n{services}}}\n".encode()


def write_history(root: Path, count: int, *, until: datetime | None = None) -> None:
    """Make a project whose history has this many operations; its declaration is what the last one left.

    until: when the last was; each is half an hour after the one before.
    """
    root.mkdir(parents=True, exist_ok=True)
    project, last = Project(root), until or datetime.now(UTC)
    store = _InOneStep(project.state)
    store.make_directory()
    with hold(project.state, 10.0):
        store.prepare()
        with store.one_step():
            for number in range(1, count + 1):
                time = (last - timedelta(minutes=30 * (count - number))).isoformat(timespec="seconds")
                _write(store, number, time)
    store.close()
    (root / NAME).write_bytes(content(count))


def _write(store: Store, number: int, time: str) -> None:
    before, after = content(number - 1) if number > 1 else None, content(number)
    was, mode = (None, None) if before is None else (digest(before), _MODE)
    image = FileImage(NAME, was, digest(after), mode, _MODE)
    seconds = {"total": 0.02 + number % 7 / 100, "syntax": 0.001, "schema": 0.02}
    record = Record(
        kind="create" if before is None else "edit",
        actor=CALLERS[number % len(CALLERS)],
        reason=f"Move the ports to {6000 + number}",
        edits=[{"kind": "set", "path": f"services.{SERVICES[0]}.port", "value": 6000 + number}],
        report={"ok": True, "ran": ["syntax", "schema"], "skipped": [], "diagnostics": [], "seconds": seconds},
        revision_before=f"{number - 1:016x}",
        revision_after=f"{number:016x}",
    )
    blobs = {digest(data): data for data in (before, after) if data is not None}
    store.begin(f"{number:016x}", time, record, [image], blobs, state="published")
