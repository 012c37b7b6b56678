"""What a store has of some paths: their sizes, what is theirs alone and with all that they need, and what they name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from devkeel.nix_cli.settings import run_nix

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = [
    "StorePath",
    "describe",
    "described_paths",
    "hashes_of",
    "output_paths",
    "program_directories",
    "whole",
]

_SECONDS = 60.0
_MOST = 1000  # paths that bring others
_FEATURES = ("--extra-experimental-features", "nix-command")


class StorePath(Struct, frozen=True):
    """A path of the store. bytes: of its archive. closure_bytes: with all that it needs. references: others it names.

    The figures are None where the store does not say.
    """

    path: str
    bytes: int | None = None
    closure_bytes: int | None = None
    references: tuple[str, ...] = ()


def describe(paths: tuple[str, ...], timeout: float = _SECONDS) -> dict[str, StorePath]:
    """Return what the store has of these paths, by path; all it does not say is left out."""
    found = run_nix(("nix", *_FEATURES, "path-info", "--json", "-S", "-s", *paths), timeout=timeout)
    known = {} if found.returncode else dict(described_paths(json.loads(found.stdout)))
    return {path: _described(path, known.get(path, {})) for path in paths}


def described_paths(told: Any) -> Iterator[tuple[str, dict[str, Any]]]:  # noqa: ANN401  (JSON)
    """Yield paths and what a store says of them, nothing of those that it has not.

    told: a list before Nix 2.19, in which what is not there is not valid; an object since, in which it is null.
    """
    if isinstance(told, list):
        yield from ((item["path"], item if item.get("valid", True) else {}) for item in told)
        return
    told = told.get("info", told)
    for path, item in told.items():
        yield whole(path), item or {}


def whole(name: str) -> str:
    """Return a store path by what Nix says, which may be its name alone."""
    return name if name.startswith("/") else f"/nix/store/{name}"


def _described(path: str, item: dict[str, Any]) -> StorePath:
    named = map(whole, item.get("references", ()))
    return StorePath(
        path, item.get("narSize"), item.get("closureSize"), tuple(sorted(name for name in named if name != path))
    )


def hashes_of(paths: tuple[str, ...], timeout: float = _SECONDS) -> dict[str, str]:
    """Return the hashes of paths of the store, as `sha256:…` over their archives (NAR)."""
    found = run_nix(("nix-store", "--query", "--hash", *paths), timeout=timeout)
    return dict(zip(paths, found.stdout.decode("utf-8", "replace").split(), strict=False))


def program_directories(paths: Iterable[str]) -> list[str]:
    """Return where these paths have programs, those of what they bring behind their own (nix, src/nix/env.cc)."""
    waiting, seen = [*paths], dict[str, None]()
    while waiting and len(seen) < _MOST:
        path = waiting.pop(0)
        if path in seen:
            continue
        seen[path] = None
        try:
            waiting += Path(path, "nix-support", "propagated-user-env-packages").read_text("utf-8").split()
        except (OSError, UnicodeDecodeError):
            continue
    return [f"{path}/bin" for path in seen if Path(path, "bin").is_dir()]


def output_paths(derivation: str, timeout: float = _SECONDS) -> tuple[str, ...]:
    """Return where the outputs of a derivation are, or will be; none where their content decides that."""
    found = run_nix(("nix-store", "--query", "--outputs", derivation), timeout=timeout)
    return tuple(found.stdout.decode("utf-8", "replace").split())
