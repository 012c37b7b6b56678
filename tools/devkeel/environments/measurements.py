"""How large each environment was when it was made, and how long that took: a small record in `.devkeel`."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from devkeel.backends.sizes import size_of
from devkeel.errors import DevkeelError
from devkeel.state.series import RecordSeries

if TYPE_CHECKING:
    from pathlib import Path

    from devkeel.environments.applied import Good

__all__ = ["Measurement", "measure", "measurements"]


class Measurement(Struct, frozen=True):
    """An environment as it was made. time: UTC, ISO 8601. seconds: of making it.

    operation: id of the newest one then, None without a history. token: of that operation, which stays its own where
    another has its number. bytes: its size, of what `of` says (`devkeel.backends.sizes`); None where nothing said it.
    """

    environment: str
    backend: str
    time: str
    seconds: float
    operation: int | None = None
    token: str | None = None
    revision: str | None = None
    bytes: int | None = None
    of: Literal["closure", "files"] | None = None


_MADE = RecordSeries("measured", "made", Measurement)


def measurements(state: Path) -> list[Measurement]:
    """Return what is kept, the oldest first; nothing where there is nothing of this user's. Reading makes nothing."""
    return _MADE.kept(state)


def measure(state: Path, good: Good, token: str | None, seconds: float) -> None:
    """Keep how large an environment is that is in use now, beside the newest of the others.

    The environment stands: whatever cannot be found out or kept is left out, and nothing is raised for it.
    """
    size = None
    with suppress(DevkeelError, OSError, ValueError):
        size = size_of(good.applied)
    record = Measurement(
        good.name,
        good.applied.backend,
        good.time or "",
        round(seconds, 3),
        good.operation,
        token,
        good.revision,
        None if size is None else size.bytes,
        None if size is None else size.of,
    )
    with suppress(DevkeelError, OSError):
        _MADE.keep(state, record)
