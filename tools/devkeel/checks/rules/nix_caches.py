"""Where Nix is to take what is built from: `nixConfig` of a flake.nix, and the caches that devenv.nix pulls from.

Both come with a repository: the address of a cache, the key that signs what it has, a registry of flakes, a machine
that builds (Nix manual, nix.conf; nix, src/libflake/config.cc). A key is whoever holds its other half, whatever it is
called: it is allowed by all of it alone.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING

from devkeel.checks.rules.named import Named
from devkeel.checks.rules.registries import names_of_url
from devkeel.errors import DevkeelError
from devkeel.source import nix
from devkeel.source.inputs import is_flake

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.source.nix.read.index import Definition

__all__ = ["caches_in"]

_CONFIG = "nixConfig"
# With the names that they had before (nix, src/libstore/include/nix/store/globals.hh, aliases).
_ADDRESSES = frozenset({"substituters", "trusted-substituters", "binary-caches", "trusted-binary-caches"})
_KEYS = frozenset({"trusted-public-keys", "binary-cache-public-keys"})
_OTHERS = {"flake-registry": "the registry", "builders": "the builder", "hashed-mirrors": "the mirror"}
# What is added instead of put in the place of (nix.conf, "extra-").
_ADDED = "extra-"
_PULLED = ("cachix", "pull")
# The number behind the host in the usual name of a key: `cache.nixos.org-1`.
_NUMBER = re.compile(r"-\d+\Z")


def caches_in(name: str, data: bytes) -> Iterator[Named]:
    """Yield what a Nix file has Nix take built paths from, by the names that a rule of registries means.

    Of a file that does not parse, and of a value that is computed, nothing.
    """
    with suppress(DevkeelError):
        if is_flake(name):
            yield from _of_flake(nix.Document(data, name, module=False))
        elif name.endswith(".nix"):
            yield from _of_module(nix.Document(data, name))


def _of_flake(document: nix.Document) -> Iterator[Named]:
    for item in document.focus((_CONFIG,)).definitions:
        if item.raw[:1] != (_CONFIG,) or len(item.raw) == 1 or item.computed:
            continue
        setting = item.raw[1].removeprefix(_ADDED)
        line = document.place(item.node.start_byte).line
        for text in _texts(document, item):
            if setting in _KEYS:
                yield _key(text, document.name, line)
            elif setting in _ADDRESSES or setting in _OTHERS:
                yield _address(_OTHERS.get(setting, "the cache"), text, document.name, line)


def _of_module(document: nix.Document) -> Iterator[Named]:
    raw = document.raw_path(_PULLED)
    for item in document.focus(raw).definitions:
        if item.raw == raw and not item.computed:
            for text in _texts(document, item):
                url = f"https://{text}.cachix.org"  # devenv, src/modules/cachix.nix
                yield _address("the cache", url, document.name, document.place(item.node.start_byte).line)


def _texts(document: nix.Document, item: Definition) -> list[str]:
    """Return the values of a setting, which is a list or a text with spaces between; none of one that is computed."""
    value = document.value(item)
    found = value if isinstance(value, list) else value.split() if isinstance(value, str) else []
    return [text for text in found if isinstance(text, str)]


def _address(what: str, text: str, file: str, line: int | None) -> Named:
    names, also = names_of_url(text.partition("?")[0])
    return Named("registries", tuple(dict.fromkeys((*names, text))), f"{what} {text}", file, line, also=also)


def _key(text: str, file: str, line: int | None) -> Named:
    name = text.partition(":")[0]
    also = tuple(dict.fromkeys((name, _NUMBER.sub("", name))))
    return Named("registries", (text,), f"the public key {text}", file, line, also=also)
