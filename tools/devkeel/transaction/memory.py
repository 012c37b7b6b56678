"""What devkeel remembers about a project beside its history: small records, each replaced in one step."""

from __future__ import annotations

import json
import os
import secrets
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from devkeel.errors import Busy
from devkeel.transaction.faults import explain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["alone", "recall", "remember"]

_MOST = 1024 * 1024


def remember(state: Path, name: str, data: dict[str, Any]) -> None:
    """Replace the record of that name, durably; the state directory is there."""
    path, temporary = state / f"{name}.json", state / f"{name}.{secrets.token_hex(4)}.tmp"
    try:
        with temporary.open("xb") as handle:
            handle.write(json.dumps(data, indent=2).encode() + b"\n")
            handle.flush()
            os.fsync(handle.fileno())
        temporary.replace(path)
    except OSError as error:
        raise explain(error, f"{state.name}/{path.name}") from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def recall(state: Path, name: str) -> dict[str, Any]:
    """Return the record of that name; one that is missing or damaged is empty. Creates nothing."""
    try:
        descriptor = os.open(state / f"{name}.json", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return {}
    with os.fdopen(descriptor, "rb") as handle:
        try:
            found = json.loads(handle.read(_MOST))
        except (OSError, ValueError, RecursionError):
            return {}
    return found if isinstance(found, dict) else {}


@contextmanager
def alone(state: Path, name: str, timeout: float) -> Iterator[None]:
    """Hold a lock of that name, which is not the project's: what it guards may take long.

    Raises Busy `processes_busy` after `timeout` seconds.
    """
    from filelock import FileLock, Timeout  # noqa: PLC0415 - imports asyncio, and readers need none of it

    lock = FileLock(state / f"{name}.lock", fallback_to_soft=False)
    try:
        lock.acquire(timeout=timeout)
    except Timeout:
        raise Busy(
            "processes_busy",
            f"Another call starts or stops the processes of this project; waited {timeout:g} seconds for it.",
            seen=str(state / f"{name}.lock"),
            remedy="See what runs with read_processes, and call again when the other one has finished.",
        ) from None
    except OSError as error:
        raise explain(error, f"{state.name}/{name}.lock") from error
    try:
        yield
    finally:
        lock.release()
