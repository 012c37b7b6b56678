"""Reading: nothing is lost, and what is Nix and what is not is told as Nix itself tells it."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from devkeel.errors import DevkeelError, Refused
from devkeel.source import nix
from devkeel.source.splice import apply

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.nix_editing.judge import Judge

__all__ = ["Agreement", "Reading", "agreement", "breakages", "read"]

_MARKS = b"{}[]();:=\"'.,"


@dataclass
class Reading:
    """What reading a file and writing nothing gives.

    definitions: how many it has, None with a reason where it is no module. kept: literal values that were set to
    what they are without a byte changed. lost: option paths where that changed a byte.
    """

    exact: bool
    definitions: int | None = None
    reason: str = ""
    kept: int = 0
    lost: list[str] = field(default_factory=list)


def read(data: bytes) -> Reading:
    """Parse a file, index and read all its definitions, and set each literal value to itself."""
    document = nix.Document(data)
    exact = (
        document.root.text == data[document.root.start_byte : document.root.end_byte] and apply(data, []).data == data
    )
    try:
        definitions = document.definitions
    except DevkeelError as error:
        return Reading(exact, reason=error.code)
    found = Reading(exact and document.data == data, len(definitions))
    for item in definitions:
        value = document.value(item)
        path = nix.format_path(item.path)
        if isinstance(value, nix.Expression) or value == {}:
            continue
        try:
            same = nix.set(data, path, value).data == data
        except Refused:
            continue
        found.kept += same
        found.lost += [] if same else [path]
    return found


def breakages(files: Mapping[str, bytes], count: int) -> dict[str, bytes]:
    """Return files with one mark left out, chosen by a fixed seed."""
    found = {}
    for name, data in files.items():
        chosen = random.Random(name)
        places = [position for position, byte in enumerate(data) if byte in _MARKS]
        for position in chosen.sample(places, min(count, len(places))):
            found[f"{name}, byte {position} left out"] = data[:position] + data[position + 1 :]
    return found


@dataclass
class Agreement:
    """On how many files both say the same, how many of them Nix rejects, and where they differ."""

    agree: int
    total: int
    rejected: int
    differ: list[str]


def agreement(files: Mapping[str, bytes], judge: Judge) -> Agreement:
    """Compare `Document.problems` with nix-instantiate --parse."""
    verdicts = judge.parses(list(files.values()))
    differ = [
        f"{name}: {'Nix parses it' if fine else 'Nix rejects it'}, devkeel {[item.message for item in mine][:1]}"
        for (name, data), fine in zip(files.items(), verdicts, strict=True)
        if bool(mine := nix.Document(data).problems) == fine
    ]
    return Agreement(len(files) - len(differ), len(files), verdicts.count(False), differ)
