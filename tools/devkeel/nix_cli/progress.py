"""How far a program of Nix has come, read from what it prints meanwhile."""

from __future__ import annotations

import re

from devkeel.diagnosis.quoting import INNER, quoted

__all__ = ["progress_of"]

_STORED = "/nix/store/[0-9a-z]{32}-"
# As Nix words it: derivation-goal.cc, store-api.cc and filetransfer.cc in src/libstore, printMissing in src/libmain.
_STEPS = (
    (re.compile("^building " + quoted(rf"{_STORED}(?P<name>{INNER}+?)(?:\.drv)?")), "building {name}"),
    (re.compile("^copying path " + quoted(f"{_STORED}(?P<name>{INNER}+)")), "fetching {name}"),
    (re.compile("^downloading " + quoted(f"(?P<name>{INNER}+)")), "downloading {name}"),
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
