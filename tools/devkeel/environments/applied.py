"""What was applied last: kept in `.devkeel`, with a GC root for what is in the Nix store."""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct, to_builtins

from devkeel.backends.backend import Applied
from devkeel.backends.registry import BACKENDS, backend_named
from devkeel.errors import Busy
from devkeel.state import directory as state_directory
from devkeel.state.files import lock, make_directory, read_record, write_record
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Good", "applying", "is_alive", "kept_here", "new_keep", "read_good", "remember"]

_VERSION = 1


class Good(Struct, frozen=True):
    """The last environment that was applied.

    operation: id of the newest operation then, None without a history. revision, lock_revision: of the files then.
    time: UTC, ISO 8601. keep: the name of the directory that holds it.
    """

    applied: Applied
    operation: int | None
    revision: str
    lock_revision: str | None
    time: str
    keep: str


def read_good(state: Path) -> Good | None:
    """Return what was applied last, or None."""
    found = read_record(state / "applied.json")
    if found is None or found.pop("version", None) != _VERSION:
        return None
    try:
        applied: dict[str, Any] = found.pop("applied")
        lists = {name: tuple(applied[name]) for name in ("unset", "notes")}
        good = Good(applied=Applied(**(applied | lists)), **found)
    except (KeyError, TypeError):
        return None
    # A devkeel that is older than the record may lack the backend.
    return good if good.applied.backend in BACKENDS else None


def kept_here(state: Path, good: Good) -> bool:
    """Return whether an environment is this project's own: in the Nix store, or beneath its state directory.

    The records of a copied project name the environment of the one that it was copied from, which changes with that.
    """
    homes = [folder for folder in Path(good.applied.prefix).parents if folder.name == state.name]
    try:
        return not homes or any(folder.samefile(state) for folder in homes)
    except OSError:
        return False


def is_alive(applied: Applied) -> bool:
    """Return whether an environment is still there."""
    return backend_named(applied.backend).alive(applied)


def remember(
    state: Path, applied: Applied, operation: int | None, revisions: tuple[str, str | None], keep: str
) -> Good:
    """Remember what was applied, and let go of what was applied before."""
    time = datetime.now(UTC).isoformat(timespec="seconds")
    good = Good(applied, operation, *revisions, time, keep)
    write_record(state / "applied.json", {"version": _VERSION, **to_builtins(good)})
    for name in state_directory.names(state / "gc"):
        if name != keep and state_directory.is_folder(state / "gc" / name):
            state_directory.discard(state / "gc" / name)
    return good


@contextmanager
def new_keep(state: Path) -> Iterator[Path]:
    """Make a directory that holds an environment; it goes again where applying fails."""
    folder = make_directory(state, "gc", secrets.token_hex(4))
    try:
        yield folder
    except BaseException:
        state_directory.discard(folder)
        raise


@contextmanager
def applying(state: Path) -> Iterator[None]:
    """Be the one that applies. Raises Busy `apply_busy`."""
    make_directory(state, begins=False)
    with lock(state / "apply.lock") as held:
        if not held:
            raise Busy(
                "apply_busy",
                "The environment of this project is being applied already.",
                remedy=f"Wait for that job: {do('job')} lists what runs.",
            )
        yield
