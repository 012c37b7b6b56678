"""What `devkeel add` and `devkeel inspect` cost as whole processes, beside a Python that imports click and pydantic.

    .venv/bin/python -m benchmarks.command [ROUNDS]

The other Python imports both and defines one model. All take turns; the figures are medians, of the time that a process
takes and of the processor's, which other programs on the machine disturb less.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BESIDE = """\
import click
from pydantic import BaseModel
class Model(BaseModel):
    number: int
"""
HOLD = {"add": 1.6, "inspect": 1.3}
DECLARATION = "{ pkgs, ... }: {\n  packages = [ pkgs.git ];\n}\n"


def main(rounds: int) -> int:
    """Print the figures; 1 where a ratio is more than it may be."""
    ours = [sys.executable, "-m", "devkeel_cli"]
    lines = {
        "beside": [sys.executable, "-c", BESIDE],
        "add": [*ours, "add", "jq"],
        "inspect": [*ours, "inspect"],
    }
    os.environ |= {"PYTHONPATH": os.pathsep.join(item for item in sys.path if item)}
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in lines}
    for number in range(rounds + 1):
        with tempfile.TemporaryDirectory(prefix="devkeel-bench-") as folder:
            (Path(folder) / "devenv.nix").write_text(DECLARATION)
            for name, line in lines.items():
                took = clocked(line, folder)
                if number:  # the first round fills the caches
                    times[name].append(took)
    worst = 0
    for name, hold in HOLD.items():
        whole, used = (
            statistics.median(item[kind] for item in times[name])
            / statistics.median(item[kind] for item in times["beside"])
            for kind in (0, 1)
        )
        wall = statistics.median(item[0] for item in times[name])
        print(f"devkeel {name:8} {wall * 1000:.0f} ms, ratio {whole:.2f}, of the processor {used:.2f} (hold: {hold:g})")
        worst |= used > hold
    print(f"beside           {statistics.median(item[0] for item in times['beside']) * 1000:.0f} ms")
    return int(worst)


def clocked(line: list[str], folder: str) -> tuple[float, float]:
    """Return the seconds that a process takes, and those of the processor."""
    begun = time.perf_counter()
    process = subprocess.Popen(line, cwd=folder, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, line
    return time.perf_counter() - begun, used.ru_utime + used.ru_stime


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if sys.argv[1:] else 20))
