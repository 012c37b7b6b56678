"""Lock files: held by one at a time, released at once, and never one that has lost its name."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path

import pytest

from devkeel.state import locks


def test_one_at_a_time_holds_it(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with locks.hold(path, 0) as first:
        assert first
        with locks.hold(path, 0.01) as second:
            assert not second
    with locks.hold(path, 0) as third:
        assert third


def test_who_waits_gets_it_when_it_is_released(tmp_path: Path) -> None:
    path, got = tmp_path / "lock", list[bool]()

    def wait() -> None:
        with locks.hold(path, 30) as held:
            got.append(held)

    waiting = threading.Thread(target=wait)
    with locks.hold(path, 0):
        waiting.start()
    waiting.join()
    assert got == [True]


def test_who_waited_for_a_file_that_was_deleted_holds_the_one_that_has_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, flock = tmp_path / "lock", locks.fcntl.flock
    opened = list[int]()

    def delete_first(descriptor: int, operation: int) -> None:
        if not opened:
            path.unlink()
        opened.append(descriptor)
        flock(descriptor, operation)

    monkeypatch.setattr(locks.fcntl, "flock", delete_first)
    with locks.hold(path, 5) as held:
        assert held
        with locks.hold(path, 0.01) as other:
            assert not other


def test_a_child_that_has_the_file_open_does_not_go_on_holding_it(tmp_path: Path) -> None:
    path, (reading, writing) = tmp_path / "lock", os.pipe()
    with locks.hold(path, 0):
        if (child := os.fork()) == 0:
            os.close(writing)
            os.read(reading, 1)
            os._exit(0)
    with locks.hold(path, 0) as held:
        assert held
    os.close(writing)
    os.close(reading)
    os.waitpid(child, 0)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic"), locks.hold(tmp_path / "lock", 0):
        pass
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("held", [True, False])
def test_nothing_stays_open(tmp_path: Path, *, held: bool) -> None:
    before = {entry.name for entry in Path("/dev/fd").iterdir()}
    with locks.hold(tmp_path / "lock", 0), locks.hold(tmp_path / ("other" if held else "lock"), 0) as got:
        assert got == held
    assert {entry.name for entry in Path("/dev/fd").iterdir()} == before


def test_a_release_that_fails_does_not_undo_what_was_done_under_the_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flock, close = locks.fcntl.flock, os.close

    def fail(descriptor: int, operation: int) -> None:
        flock(descriptor, operation)
        if operation == locks.fcntl.LOCK_UN:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    def close_and_fail(descriptor: int) -> None:
        close(descriptor)
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with locks.hold(tmp_path / "lock", 0):
        monkeypatch.setattr(locks.fcntl, "flock", fail)
        monkeypatch.setattr(os, "close", close_and_fail)
    monkeypatch.undo()
    with locks.hold(tmp_path / "lock", 0) as held:
        assert held
