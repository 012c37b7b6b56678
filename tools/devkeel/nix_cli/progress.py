"""How far a program of Nix has come, read from what it prints meanwhile."""

from __future__ import annotations

import re

__all__ = ["progress_of"]

# As Nix words it: derivation-goal.cc, store-api.cc and filetransfer.cc in src/libstore, printMissing in src/libmain.
_STEPS = (
    (re.compile(r"^building '/nix/store/[0-9a-z]{32}-(?P<name>[^']+?)(?:\.drv)?'"), "building {name}"),
    (re.compile(r"^copying path '/nix/store/[0-9a-z]{32}-(?P<name>[^']+)'"), "fetching {name}"),
    (re.compile(r"^downloading '(?P<name>[^']+)'"), "downloading {name}"),
    (re.compile(r"^(?P<name>these \d+ derivations) will be built"), "{name} will be built"),
    (re.compile(r"^(?P<name>this derivation) will be built"), "{name} will be built"),
    (re.compile(r"^(?P<name>these \d+ paths) will be fetched"), "{name} will be fetched"),
)


def progress_of(line: str) -> str | None:
    """Return what a line of Nix' says about the progress."""
    for pattern, sentence in _STEPS:
        match = pattern.match(line)
        if match:
            return sentence.format(name=match["name"])
    return None
