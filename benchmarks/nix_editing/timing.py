"""How long an edit takes, proof included, and how that grows."""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.nix_editing.edits import EDITS, timed
from benchmarks.nix_editing.generated import long_module

from devkeel.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.nix_editing.edits import Outcome

__all__ = ["LENGTHS", "Timing", "measure"]

LENGTHS = (1_000, 5_000, 10_000)


@dataclass
class Timing:
    """Milliseconds: over all edits of all files, for the file of median size, by length, and of one Nix process."""

    median: float
    slowest: float
    slowest_file: str
    median_file: float
    median_file_name: str
    median_file_bytes: int
    by_length: dict[int, float]
    process: float

    @property
    def growth(self) -> float:
        """How much longer ten times the lines take; 10 is linear."""
        return self.by_length[LENGTHS[-1]] / self.by_length[LENGTHS[0]]

    def as_data(self) -> dict[str, Any]:
        """Return the figures with the growth."""
        return asdict(self) | {"growth": self.growth}


def measure(files: Mapping[str, bytes], outcomes: list[Outcome]) -> Timing:
    """Measure; `outcomes` have their times already."""
    done = [(item.milliseconds, item.file) for item in outcomes if item.milliseconds is not None]
    slowest, slowest_file = max(done)
    name = sorted(files, key=lambda name: len(files[name]))[len(files) // 2]
    return Timing(
        median=median(milliseconds for milliseconds, _ in done),
        slowest=slowest,
        slowest_file=slowest_file,
        median_file=_edits(files[name], 15),
        median_file_name=name,
        median_file_bytes=len(files[name]),
        by_length={lines: _edits(long_module(lines), 5) for lines in LENGTHS},
        process=_process(files[name]),
    )


def _edits(data: bytes, repeats: int) -> float:
    """Return the median time of the standard edits of a file."""
    found = []
    for edit in EDITS:
        try:
            found.append(timed(lambda edit=edit: edit.apply(data), repeats))  # type: ignore[misc]
        except Refused:
            continue
    return median(found)


def _process(data: bytes) -> float:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "devenv.nix")
        path.write_bytes(data)
        command = ["nix-instantiate", "--parse", str(path)]
        return timed(lambda: subprocess.run(command, capture_output=True, check=True), 15)
