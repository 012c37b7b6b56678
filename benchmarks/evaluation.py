"""How long the evaluation rung takes, beside one `nix-instantiate --parse`: `python -m benchmarks.evaluation`."""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.modules.rig import pin

from devkeel.candidate import stage
from devkeel.candidate.candidate import Candidate
from devkeel.candidate.stage import open_stage
from devkeel.checks import evaluation
from devkeel.project.root import Project

if TYPE_CHECKING:
    from collections.abc import Callable

EXAMPLES = Path(__file__).parents[1] / "examples"
SAMPLE = Path(__file__).parent / "modules" / "sample"


def median(what: Callable[[], object], runs: int) -> float:
    """Return the median of some runs in seconds, after one that is not counted."""
    what()
    found = []
    for _ in range(runs):
        start = time.perf_counter()
        what()
        found.append(time.perf_counter() - start)
    return statistics.median(found)


def main() -> None:
    """Print a table: each example in each kind of stage."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modules", type=Path, help="a folder with checkouts: devenv, nixpkgs.lib")
    parser.add_argument("--runs", type=int, default=9)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        lock = pin(options.modules.resolve(), Path(place, "inputs"))
        for example in [*sorted(path.parent for path in EXAMPLES.glob("*/devenv.nix")), SAMPLE]:
            root = Path(place).resolve() / example.name
            shutil.copytree(example, root)
            measure(Project(root), lock, options.runs)


def measure(project: Project, lock: bytes, runs: int) -> None:
    """Print what the evaluation of one project takes, as it is and as a candidate in both kinds of stage."""
    name = "devenv.nix"
    text = (project.root / name).read_bytes()
    argv = ["nix-instantiate", "--parse", str(project.root / name)]
    parse = median(lambda: subprocess.run(argv, check=True, capture_output=True), runs)
    print(f"{project.root.name}: nix-instantiate --parse {parse * 1000:.0f} ms")
    ways = {"project": text, "copy": text + b"\n", "namespace": text + b"\n"}
    works = stage.namespaces_work
    for way, data in ways.items():
        if way == "namespace" and not works():
            print("  namespace: not on this system")
            continue
        stage.namespaces_work = works if way == "namespace" else lambda: False
        files = {path.name: path.read_bytes() for path in project.root.glob("devenv.*")} | {name: data}

        def judge(files: dict[str, bytes] = files) -> evaluation.Verdict:
            opener = lambda *, writes=False: open_stage(project, files, writes=writes)  # noqa: E731
            return evaluation.check(Candidate.of(files, {"devenv.lock": lock}, stage=opener))

        codes = [item.code for item in judge().diagnostics]
        took = median(judge, runs)
        print(f"  {way}: {took * 1000:.0f} ms, {took / parse:.1f} x, findings: {codes or 'none'}")
    stage.namespaces_work = works


if __name__ == "__main__":
    main()
