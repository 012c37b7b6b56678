"""The options that the project's own devenv.lock means, where they have been read with Nix; else the built-in ones."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from devkeel.catalogue.option import Option
from devkeel.catalogue.options import Catalogue, built_in
from devkeel.deferred import Deferred
from devkeel.source.path import format_path

if TYPE_CHECKING:
    from devkeel.catalogue import cache, refresh
    from devkeel.nix_cli import pins
else:
    cache, pins = Deferred("devkeel.catalogue.cache"), Deferred("devkeel.nix_cli.pins")
    refresh = Deferred("devkeel.catalogue.refresh")

__all__ = ["open_catalogue"]

_PLACEHOLDERS = frozenset({"<name>", "*"})
_MAX_DESCRIPTION = 2_000


def open_catalogue(lock: bytes | None = None) -> Catalogue:
    """Return the options for a devenv.lock (its bytes): from the cache, else built in, and never a wait.

    What the cache lacks and the Nix store has is read in the background; a later call then answers with it.
    """
    if lock is None:
        return built_in()
    pinned = pins.read_pins(lock)
    if pinned.devenv is None or pinned.nixpkgs is None:
        return built_in()
    key = refresh.options_key(pinned)
    found = _catalogue(key, cache.stamp(key), f"devenv {pinned.devenv.revision[:7]} of devenv.lock")
    if found is None:
        refresh.start_refresh(lock, key)
    return found or built_in()


@lru_cache(maxsize=4)
def _catalogue(key: str, _: tuple[int, ...] | None, source: str) -> Catalogue | None:
    """Return the catalogue that the cache has; the second argument differs with each state of the cache."""
    rows = cache.read(key)
    try:
        options = [_option(row) for row in rows or ()]
    except (KeyError, TypeError, AttributeError):
        return None
    return Catalogue(sorted(options, key=lambda item: item.path), source, live=True) if options else None


def _option(row: dict[str, Any]) -> Option:
    names = [name if name in _PLACEHOLDERS else format_path((name,)) for name in row["path"]]
    return Option(
        ".".join(names),
        row["type"],
        " ".join(row["default"].split()),
        json.dumps(row["allowed"]) if row["allowed"] else "",
        row["readOnly"] is True,
        row["description"].strip()[:_MAX_DESCRIPTION],
    )
