"""Stores that Nix takes paths from, as its settings: `file`, `http`, `https`, `s3`, `ssh-ng`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from devkeel.project.distribution import Cache

__all__ = ["cache_settings"]


def cache_settings(caches: Iterable[Cache]) -> dict[str, str]:
    """Return the settings by which Nix takes paths from some caches too, beside those that it has."""
    named = tuple(caches)
    settings = {
        "extra-substituters": " ".join(map(_address, named)),
        "extra-trusted-public-keys": " ".join(cache.public_key for cache in named if cache.public_key),
    }
    return {name: value for name, value in settings.items() if value}


def _address(cache: Cache) -> str:
    """Return the URL of a store with its priority, unless the URL has one itself."""
    if cache.priority is None or re.search(r"[?&]priority=", cache.url):
        return cache.url
    return f"{cache.url}{'&' if '?' in cache.url else '?'}priority={cache.priority}"
