"""A requirements file that holds each library to one version and the hashes of its files."""

from __future__ import annotations

import re

from devkeel.pinned.held import Held

__all__ = ["apart", "pinned"]

_CONTINUED = re.compile(r"\\\r?\n[ \t]*")
_PIN = re.compile(r"(?P<name>[A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*={2,3}\s*(?P<version>[^\s;\\]+)(?P<rest>.*)")
_HASH = re.compile(r"--hash[= ]\s*(\S+)")
# What uv and pip-compile write below a requirement: who asks for it.
_ANNOTATION = re.compile(r"\s+#.*")


def pinned(data: bytes) -> dict[str, Held]:
    """Return what the libraries are held at, by normalised name. Raises ValueError for a file without hashes."""
    found = dict[str, list[tuple[str, str]]]()
    for line in _lines(data):
        match = _PIN.match(line)
        hashes = sorted(_HASH.findall(line))
        if match and hashes:
            found.setdefault(_normalised(match["name"]), []).append((match["version"], f"{match[0]}{hashes}"))
    if not found:
        raise ValueError("it holds nothing to hashes")
    return {
        name: Held(", ".join(dict.fromkeys(version for version, _ in items)), None, repr(items))
        for name, items in found.items()
    }


def apart(data: bytes) -> list[str]:
    """Return what a file says beside what it pins: options, includes, remarks on lines of their own."""
    return [line for line in _lines(data) if not _HASH.search(line) and not _ANNOTATION.fullmatch(line)]


def _lines(data: bytes) -> list[str]:
    return [line for line in _CONTINUED.sub(" ", data.decode()).splitlines() if line.strip()]


def _normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
