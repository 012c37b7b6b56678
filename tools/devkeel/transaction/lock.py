"""The project lock: held for compare, journal and publish, never longer, and never by a child."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import socket
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from devkeel.errors import Busy, StateError
from devkeel.state import directory, locks
from devkeel.transaction.system_errors import explain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from devkeel.errors import DevkeelError

__all__ = ["held", "hold", "holder"]

# NFS and FUSE without locks, and a lock file that is a link.
_NO_FLOCK = frozenset({errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EINVAL, errno.ESTALE, errno.ELOOP})
_HOLDER_BYTES = 512


@contextmanager
def hold(state: Path, timeout: float) -> Iterator[None]:
    """Hold the lock of a state directory; raises Busy with the holder after `timeout` seconds.

    Where the file system has no `flock`, it refuses with StateError rather than go on unlocked.
    """
    with ExitStack() as stack:
        try:
            got = stack.enter_context(locks.hold(state / "lock", timeout))
        except OSError as error:
            raise _unusable(state, error) from error
        if not got:
            raise _busy(state, timeout)
        _announce(state)
        yield


def held(state: Path) -> bool:
    """Return whether a process holds the lock now, without waiting and without creating anything."""
    try:
        descriptor = directory.open_file(state / "lock")
    except OSError:
        return False
    try:
        # Shared, so that two who look do not see each other. The lock belongs to this open file description and goes
        # with it (flock(2)); a POSIX lock would go with any descriptor of the file that this process closes (fcntl(2)).
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    else:
        return False
    finally:
        os.close(descriptor)


def _announce(state: Path) -> None:
    # advisory: only read by those who wait in vain
    mine = {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    # of one length, over what was there: ext4 would flush a file that is truncated and written anew
    text = json.dumps(mine).encode().ljust(_HOLDER_BYTES)
    with suppress(OSError):
        descriptor = directory.open_file(state / "holder.json", os.O_WRONLY | os.O_CREAT, 0o666)
        try:
            # In one write, so that who reads beside it sees the old text or the new one.
            os.write(descriptor, text)
        finally:
            os.close(descriptor)


def holder(state: Path) -> dict[str, Any]:
    """Return who holds, or last held, the lock: pid, host, since. Advisory; empty where it is not known."""
    with suppress(OSError, ValueError):
        descriptor = directory.open_file(state / "holder.json")
        try:
            found = json.loads(os.read(descriptor, _HOLDER_BYTES))
        finally:
            os.close(descriptor)
        return {key: found[key] for key in ("pid", "host", "since") if isinstance(found, dict) and key in found}
    return {}


def _unusable(state: Path, error: OSError) -> DevkeelError:
    if error.errno not in _NO_FLOCK:
        return explain(error, f"{state.name}/lock")
    linked = (state / "lock").is_symlink()
    return StateError(
        "lock_unusable",
        f"{state / 'lock'} {'is a link, which is not followed' if linked else f'cannot be locked: {error}'}.",
        seen=str(state / "lock"),
        remedy=f"Remove {state / 'lock'}." if linked else "Keep the project on a file system that supports flock.",
    )


def _busy(state: Path, timeout: float) -> Busy:
    known = holder(state)
    who, since = "Another process", ""
    if isinstance(known.get("pid"), int):
        here = known.get("host") == socket.gethostname()
        who = f"Process {known['pid']} on {'this machine' if here else known.get('host')}"
        since = f" since {known['since']}" if "since" in known else ""
    return Busy(
        "busy",
        f"{who} is writing to this project{since}; waited {timeout:g} seconds for it.",
        seen=str(state / "lock"),
        remedy="Try again in a moment. If it goes on, look at what that process does: the lock ends with it.",
        details=known,
    )
