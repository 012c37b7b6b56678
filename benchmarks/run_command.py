"""What a command in the applied environment costs, against the same program without devkeel.

Builds a small project once with the stand-in's inputs, then runs `true` in process: the median of both ways and their
ratio; where a sandbox can be made also in one, without the network. `python -m benchmarks.run_command [RUNS]`.
Needs Nix.
"""

from __future__ import annotations

import importlib.util
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from devkeel.api import Environment
from devkeel.context import InSandbox
from devkeel.sandbox.ways import way

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parent.parent
HOLD = 3.0


def main(runs: int) -> int:
    """Print both medians and their ratio; 1 where it is more than it may be."""
    with tempfile.TemporaryDirectory(prefix="devkeel-bench-") as folder:
        environment = Environment(project(Path(folder).resolve()), actor="benchmark")
        applied = environment.apply()
        applied.wait(600)
        print(f"applied in {applied.value().seconds:g} s")

        def ours() -> None:
            job = environment.run(("true",))
            job.wait(60)
            assert environment.result(job).exit_code == 0

        def held() -> None:
            job = environment.run(("true",), held=InSandbox(network=False))
            job.wait(60)
            assert environment.result(job).exit_code == 0

        def plain() -> None:
            subprocess.run(["true"], check=True)

        def captured() -> None:
            subprocess.run(["true"], check=True, capture_output=True, stdin=subprocess.DEVNULL)

        # One after the other, so that what else the machine does is in all of them.
        works: dict[str, Callable[[], None]] = {"ours": ours, "plain": plain, "captured": captured}
        by = way()
        works |= {"held": held} if by is not None else {}
        times: dict[str, list[float]] = {name: [] for name in works}
        for _ in range(runs):
            for name, work in works.items():
                times[name].append(clocked(work))
        environment.close()
    median = {name: statistics.median(found) * 1000 for name, found in times.items()}
    ratio = median["ours"] / median["plain"]
    print(f"run_command of true        {median['ours']:.2f} ms")
    print(f"subprocess of true         {median['plain']:.2f} ms, with its output {median['captured']:.2f} ms")
    print(f"ratio                      {ratio:.2f} (hold: at most {HOLD:g})")
    if by is not None:
        print(f"in a sandbox, by {by:<10} {median['held']:.2f} ms, {median['held'] / median['ours']:.1f} times ours")
    return 0 if ratio <= HOLD else 1


def clocked(work: Callable[[], None]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def project(folder: Path) -> Path:
    """Return a project whose lock pins the inputs of the stand-in, which are put into the store."""
    fixtures = load(ROOT / "tests/devenv/fixtures.py")
    # Nothing of it is in a binary cache.
    (folder / "nix.conf").write_text("substitute = false\nsandbox = false\n")
    os.environ["NIX_CONF_DIR"] = str(folder)
    inputs = fixtures.pinned_inputs.__wrapped__(_Factory(folder))
    make: Callable[..., Path] = fixtures.pinned_project.__wrapped__(folder, inputs)
    return make("packages = [ pkgs.hello ];")


class _Factory:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def mktemp(self, name: str) -> Path:
        path = self.folder / name
        path.mkdir()
        return path


def load(path: Path) -> Any:  # noqa: ANN401  (a module)
    spec = importlib.util.spec_from_file_location("fixtures", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if sys.argv[1:] else 300))
