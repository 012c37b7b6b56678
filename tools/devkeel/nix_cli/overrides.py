"""Inputs of the project's flake that one call takes from directories of this machine, and what Nix is told of them.

Nix has it for development (nix, src/libcmd/installables.cc, `MixFlakeOptions`): neither flake.nix nor the lock is
written for it.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import quote

from devkeel.errors import UsageError
from devkeel.source.inputs import FLAKE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = [
    "as_overrides",
    "overridden",
    "override_note",
    "override_words",
    "overriding",
    "places_of_overrides",
]

_OVERRIDES: ContextVar[Mapping[str, Path]] = ContextVar("overrides", default=MappingProxyType({}))


@contextmanager
def overriding(overrides: Mapping[str, Path]) -> Iterator[None]:
    """Let every evaluation of the project's flake take these inputs from these directories meanwhile."""
    token = _OVERRIDES.set(overrides)
    try:
        yield
    finally:
        _OVERRIDES.reset(token)


def as_overrides(given: Mapping[str, str], base: Path) -> dict[str, Path]:
    """Return directories by the names of inputs; relative ones are below `base`. Raises UsageError `bad_override`."""
    found = {}
    for name, text in given.items():
        place = Path(base, text).resolve()
        if not (place / FLAKE).is_file():
            raise UsageError(
                "bad_override",
                f"The input {name} cannot be taken from there: it is no directory with a {FLAKE}.",
                seen=text[:200],
                remedy="Name a directory that has the flake.",
            )
        if quote(str(place)) != str(place):  # which not every Nix reads back (2.8, src/libfetchers/path.cc)
            raise UsageError(
                "bad_override",
                f"The input {name} cannot be taken from there: a reference would read its path otherwise.",
                seen=str(place)[:200],
                remedy="Name a directory whose path has letters, digits, `-`, `_` and `.` alone.",
            )
        found[name] = place
    return found


def override_words() -> tuple[str, ...]:
    """Return the arguments for a call of Nix that evaluates the project's flake."""
    rows = _OVERRIDES.get().items()
    return tuple(word for name, place in rows for word in ("--override-input", name, f"path:{place}"))


def places_of_overrides() -> tuple[Path, ...]:
    """Return the directories that the evaluation has to see."""
    return tuple(_OVERRIDES.get().values())


def overridden() -> tuple[str, ...]:
    """Return the inputs that are taken from elsewhere meanwhile."""
    return tuple(_OVERRIDES.get())


def override_note() -> tuple[str, ...]:
    """Return what an answer says of it."""
    rows = ", ".join(f"{name} from {place}" for name, place in _OVERRIDES.get().items())
    return (f"For this call alone, inputs were not those that the lock pins: {rows}. No file says so.",) if rows else ()
