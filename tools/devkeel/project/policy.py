"""Which parts of devkeel.toml say what may be done: they are changed by a person, through devkeel or by hand."""

from __future__ import annotations

import tomllib
from typing import Any

__all__ = ["POLICY", "parts_of", "same_apart_from"]

POLICY = (
    "protected",
    "references",
    "rules",
    "roles",
    "callers",
    "gates",
    "guard",
    "events",
    "level",
    "lock_file_policy",
    "direnv_allow",
    "history_days",
    "history_operations",
    "history_mib",
)
"""The keys that give or take away, or that keep what was done. Caches and builders wait for a person anyhow."""


def parts_of(data: bytes | None) -> dict[str, Any]:
    """Return what a devkeel.toml has of the policy. Raises ValueError, RecursionError for what is no TOML."""
    found = tomllib.loads((data or b"").decode())
    return {name: found[name] for name in POLICY if name in found}


def same_apart_from(names: tuple[str, ...], before: bytes | None, after: bytes | None) -> bool:
    """Return whether two texts of the settings differ in some of their keys alone."""
    try:
        old, new = (tomllib.loads((data or b"").decode()) for data in (before, after))
    except (ValueError, RecursionError):
        return False
    for found in (old, new):
        for name in names:
            found.pop(name, None)
    # Equal numbers may be of two types, and a text of them is not.
    return repr(sorted(old.items())) == repr(sorted(new.items()))
