"""How far a program of Nix has come, read from what it prints meanwhile."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from devkeel.diagnosis.quoting import INNER, quoted

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["counting", "progress_of"]

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
_COUNTS = re.compile(r"these (\d+) (?:derivations|paths) will be ")
_ONE = "this derivation will be built"
_BEGUN = ("building ", "fetching ")


def counting() -> Callable[[str], str | None]:
    """Return what says the same for the lines of one job, and at which step of how many it is, where Nix says both."""
    begun, whole = set[str](), 0

    def read(line: str) -> str | None:
        nonlocal whole
        said = progress_of(line)
        if said is None:
            return None
        announced = _COUNTS.match(said)
        whole += int(announced[1]) if announced else said == _ONE
        if not said.startswith(_BEGUN):
            return said
        begun.add(said)
        return f"{said} ({len(begun)} of {whole})" if 1 < whole >= len(begun) else said

    return read


def progress_of(line: str) -> str | None:
    """Return what a line of Nix' says about the progress."""
    for pattern, sentence in _STEPS:
        match = pattern.match(line)
        if match:
            return sentence.format(name=match["name"])
    return None
