"""The lock: deleted, unsupported, waited for; and what is never decided by time."""

from __future__ import annotations

import errno
import fcntl
import os
import threading
from typing import Any

import pytest

from devkeel.errors import Busy, Conflict, StateError
from devkeel.project.root import Project
from devkeel.transaction import FileChange, Transactions, lock

Bench = Any


@pytest.mark.fault(23)
def test_a_lock_file_that_somebody_deletes_locks_nobody_out_and_lets_nobody_in(bench: Bench) -> None:
    bench.edit("devenv.nix", "old\n")
    state = bench.root / ".devkeel"
    with lock.hold(state, 1):
        (state / "lock").unlink()
        # the one who comes now locks a new file: it is held by nobody, and the journal still takes one at a time
        with lock.hold(state, 1):
            assert lock.held(state)
    bench.edit("devenv.nix", "new\n")
    assert bench.text("devenv.nix") == "new\n"


@pytest.mark.fault(23)
def test_two_that_hold_different_lock_files_cannot_publish_at_once(bench: Bench) -> None:
    bench.edit("devenv.nix", "old\n")
    state = bench.root / ".devkeel"
    seen: list[BaseException] = []

    def other() -> None:
        with Transactions(Project(bench.root), lock_timeout=1) as second:
            try:
                second.publish([FileChange("devenv.nix", b"old\n", b"second\n")], bench.record())
            except Exception as error:  # noqa: BLE001
                seen.append(error)

    def interfere() -> None:
        (state / "lock").unlink()
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()

    bench.once("prepared", interfere)
    try:
        bench.transactions.publish([FileChange("devenv.nix", b"old\n", b"first\n")], bench.record())
    except Exception as error:  # noqa: BLE001
        seen.append(error)
    text = bench.text("devenv.nix")
    transactions = bench.fresh()
    transactions.recover()
    assert not transactions.recovery_pending()
    newest = transactions.history()[0]
    assert bench.text("devenv.nix") == text
    assert transactions.images(newest)[0].after == text.encode()
    assert bench.temporaries() == set()
    assert len(seen) == 1


@pytest.mark.fault(25)
def test_a_change_that_leaves_time_and_size_alone_is_seen(bench: Bench) -> None:
    bench.write({"devenv.nix": "old\n"})
    path = bench.root / "devenv.nix"
    info = path.stat()
    path.write_text("odd\n")
    os.utime(path, ns=(info.st_atime_ns, info.st_mtime_ns))
    with pytest.raises(Conflict):
        bench.transactions.publish([FileChange("devenv.nix", b"old\n", b"new\n")], bench.record())
    assert bench.text("devenv.nix") == "odd\n"


@pytest.mark.fault(25)
@pytest.mark.parametrize("moment", [0, 2**33])
def test_a_file_from_another_time_is_edited_like_any(bench: Bench, moment: int) -> None:
    bench.write({"devenv.nix": "old\n"})
    os.utime(bench.root / "devenv.nix", (moment, moment))
    number = bench.edit("devenv.nix", "new\n")
    assert bench.edit("devenv.nix", "newer\n") > number
    assert bench.text("devenv.nix") == "newer\n"


@pytest.mark.fault(26)
@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.ESTALE, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_is_refused(bench: Bench, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    bench.write({"devenv.nix": "old\n"})

    def flock(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", flock)
    with pytest.raises(StateError) as caught:
        bench.edit("devenv.nix", "new\n")
    assert caught.value.code == "lock_unusable"
    assert bench.text("devenv.nix") == "old\n"


@pytest.mark.fault(21)
def test_the_wait_is_bounded(bench: Bench) -> None:
    bench.edit("devenv.nix", "old\n")
    with lock.hold(bench.root / ".devkeel", 1), pytest.raises(Busy) as caught:
        bench.fresh(lock_timeout=0.01).publish([FileChange("a.nix", None, b"a\n")], bench.record())
    assert caught.value.details["pid"] == os.getpid()
    assert {"host", "since"} <= set(caught.value.details)


@pytest.mark.fault(36)
def test_signals_wait_until_a_publication_is_over(bench: Bench) -> None:
    import signal

    bench.write({"devenv.nix": "old\n"})

    class Told(BaseException):
        pass

    def tell(*_: object) -> None:
        raise Told

    before = signal.signal(signal.SIGTERM, tell)
    try:
        steps = bench.steps_of(lambda: bench.edit("other.nix", "x\n"))
        for number, step in enumerate(steps):
            bench.at(number, lambda: signal.raise_signal(signal.SIGTERM))
            with pytest.raises(Told):
                bench.edit("devenv.nix", f"{number}\n")
            assert bench.text("devenv.nix") == f"{number}\n", step
            assert not bench.transactions.recovery_pending()
    finally:
        signal.signal(signal.SIGTERM, before)
