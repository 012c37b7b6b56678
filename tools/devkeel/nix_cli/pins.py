"""What devenv.lock pins, and where the Nix store has it: no Nix runs and nothing is fetched to find out."""

from __future__ import annotations

import base64
import binascii
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.pinned.flake_lock import parse_lock

if TYPE_CHECKING:
    from devkeel.pinned.flake_lock import Lock

__all__ = ["Pin", "Pins", "base32", "read_pins", "store_path"]

_STORE = "/nix/store"
# Nix' base 32 has no e, o, t and u (nix, src/libutil/base-nix-32.cc).
_DIGITS = "0123456789abcdfghijklmnpqrsvwxyz"


class Pin(Struct, frozen=True):
    """A node of the lock that the store has: its path there, content hash, revision, directory within."""

    path: str
    hash: str
    revision: str
    directory: str = ""

    @property
    def key(self) -> str:
        """A file name for what depends on this node alone."""
        return hashlib.sha256(self.hash.encode()).hexdigest()[:32]


class Pins(Struct, frozen=True):
    """nixpkgs and devenv as a lock pins them, None where the store lacks them; every node of the lock that it has."""

    key: str
    nixpkgs: Pin | None = None
    devenv: Pin | None = None
    inputs: tuple[tuple[str, str], ...] = ()


def read_pins(lock: bytes) -> Pins:
    """Return what a lock file pins and the store has by now; a damaged lock pins nothing."""
    key = hashlib.sha256(lock).hexdigest()[:32]
    try:
        parsed = parse_lock(lock)
        inputs = parsed.inputs_of(parsed.root)
        found = {name: pin for name, node in inputs.items() if (pin := _pin(parsed, node))}
        nixpkgs = _nixpkgs(parsed, inputs["nixpkgs"]) if "nixpkgs" in inputs else None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Pins(key)
    return Pins(key, nixpkgs, found.get("devenv"), tuple((name, pin.path) for name, pin in sorted(found.items())))


def _nixpkgs(lock: Lock, name: str) -> Pin | None:
    """Return the source of nixpkgs: the node itself, or the one that it wraps, as cachix/devenv-nixpkgs does."""
    wrapped = [node for key, node in lock.inputs_of(name).items() if key.startswith("nixpkgs")]
    for node in (name, *wrapped):
        pin = _pin(lock, node)
        if pin is not None and Path(pin.path, "pkgs", "top-level").is_dir():
            return pin
    return None


def _pin(lock: Lock, node: str) -> Pin | None:
    locked = lock.locked(node)
    path = store_path(locked.get("narHash", ""))
    if path is None or not Path(path).is_dir():
        return None
    return Pin(path, locked["narHash"], str(locked.get("rev", "")), str(locked.get("dir", "")))


def store_path(nar_hash: str) -> str | None:
    """Return the store path of a fetched source from its hash, `sha256-<base64>`; None for anything else.

    As `makeFixedOutputPath` in Nix: recursive, SHA-256, without references, named `source` (nix,
    src/libstore/store-dir-config.cc); the hash is folded to 20 bytes (src/libutil/hash.cc, `compressHash`).
    """
    kind, _, digest = nar_hash.partition("-")
    try:
        raw = base64.b64decode(digest, validate=True)
    except (binascii.Error, ValueError):
        return None
    if kind != "sha256" or len(raw) != hashlib.sha256().digest_size:
        return None
    whole = hashlib.sha256(f"source:sha256:{raw.hex()}:{_STORE}:source".encode()).digest()
    folded = bytearray(20)
    for index, byte in enumerate(whole):
        folded[index % 20] ^= byte
    return f"{_STORE}/{base32(bytes(folded))}-source"


def base32(digest: bytes) -> str:
    """Return bytes of a hash as Nix writes them (nix, src/libutil/base-nix-32.cc)."""
    number = int.from_bytes(digest, "little")
    places = (len(digest) * 8 - 1) // 5 + 1
    return "".join(_DIGITS[number >> 5 * place & 31] for place in reversed(range(places)))
