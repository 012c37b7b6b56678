"""References to inputs, as flakes and devenv.yaml write them, compared with what a lock has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from devkeel.source.flake_reference import FORGES

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["is_other"]


def is_other(url: str, original: Mapping[str, Any] | None) -> bool:
    """Return whether a lock's `original` is certainly not the reference; kinds that are not compared count as it."""
    kind, _, rest = url.partition(":")
    if original is None:
        return False
    if kind not in FORGES:
        return _elsewhere(kind, rest, original)
    parts = rest.split("?")[0].split("/")
    if original.get("type") != kind:
        return True
    # Forges compare names of owners and repositories without case. What follows them is a branch, tag or revision (nix,
    # src/libfetchers/github.cc).
    same = [str(original.get(key, "")).lower() for key in ("owner", "repo")] == [part.lower() for part in parts[:2]]
    wanted = "/".join(parts[2:])
    return not same or (bool(wanted) and wanted not in {original.get("ref"), original.get("rev")})


def _elsewhere(kind: str, rest: str, original: Mapping[str, Any]) -> bool:
    """Return whether a reference that is a URL or a path is certainly not what a lock has."""
    transport, plus, inner = kind.partition("+")
    there = str(original.get("url", original.get("path", "")))
    if transport == "path":
        absolute = rest.startswith("/") and there.startswith("/")
        return original.get("type") != "path" or (
            absolute and rest.split("?", maxsplit=1)[0].rstrip("/") != there.rstrip("/")
        )
    if transport == "git" and plus:
        return original.get("type") != "git" or f"{inner}:{rest}".split("?")[0] != there.split("?", maxsplit=1)[0]
    if kind in ("http", "https"):
        return original.get("type") not in ("tarball", "file") or f"{kind}:{rest}" != there
    return False
