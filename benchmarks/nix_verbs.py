"""What each verb of Nix costs, beside the plain command of Nix that a person would give.

Both are run one after the other, in one run, on a small flake under Git whose packages are built; the evaluation is
made so large that the plain command takes about half a second. Nix' own cache of evaluations is off in both: devkeel
does not use it. `python -m benchmarks.nix_verbs [RUNS]` prints the medians in process, and ends with 1 where the
evaluation takes more than it may. Needs Nix and Git.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tests.derivations import FEATURES, SYSTEM, configure, derivation, flake_text, nix, signing_key

from devkeel.api import Environment

if TYPE_CHECKING:
    from collections.abc import Callable

    from devkeel.runtime.jobs import Job

HOLD = 1.3
SECONDS = 0.5
_PLAIN = ("nix", *FEATURES, "--option", "eval-cache", "false")
_LOOP = 'builtins.foldl\' (all: n: all + builtins.stringLength (builtins.hashString "sha256" (toString n))) 0'
_FEW = 50_000


class Row(NamedTuple):
    """A verb and the command beside it. held: whether its ratio has to keep `HOLD`."""

    name: str
    ours: Callable[[], object]
    plain: tuple[str, ...]
    held: bool = False


class Result(NamedTuple):
    """Medians in seconds."""

    name: str
    ours: float
    plain: float
    held: bool

    @property
    def ratio(self) -> float:
        """How many times as long ours takes."""
        return self.ours / self.plain


def main(runs: int, seconds: float = SECONDS) -> int:
    """Print a line for each verb; 1 where the evaluation takes more than it may."""
    with tempfile.TemporaryDirectory(prefix="devkeel-bench-") as folder:
        root = project(Path(folder).resolve(), seconds)
        environment = Environment(root, actor="benchmark")
        made, cache = cached(environment, root)
        results = [measured(row, root, runs) for row in rows(environment, made, cache)]
        environment.close()
    print(f"{'verb':24} {'ours':>9} {'nix':>9}  ratio")
    for item in results:
        hold = f" (hold: at most {HOLD:g})" if item.held else ""
        print(f"{item.name:24} {item.ours * 1000:6.0f} ms {item.plain * 1000:6.0f} ms  {item.ratio:.2f}{hold}")
    return 0 if all(item.ratio <= HOLD for item in results if item.held) else 1


def rows(environment: Environment, made: str, cache: str) -> list[Row]:
    """Return what is measured. made: a path of the store that a cache has."""

    def done(job: Job) -> None:
        assert job.wait(120)
        environment.result(job)

    return [
        Row("evaluate", lambda: environment.evaluate_nix("#lib.slow"), ("eval", "--json", ".#lib.slow"), held=True),
        Row("build that evaluates", lambda: done(environment.build("#slow")), ("build", "--no-link", ".#slow")),
        Row("build", lambda: done(environment.build("#made")), ("build", "--no-link", "--json", ".#made")),
        Row(
            "run",
            lambda: done(environment.run_packages(("#made",), ("true",))),
            ("shell", ".#made", "-c", "true"),
        ),
        Row("shell", environment.describe_shell, ("show-derivation", f".#devShells.{SYSTEM}.default")),
        Row(
            "cache exists",
            lambda: environment.check_cache((made,)),
            ("path-info", "--json", "--store", cache, made),
        ),
        Row("reproduce", lambda: environment.check_reproducibility("#made"), ("eval", "--raw", ".#made.drvPath")),
    ]


def measured(row: Row, root: Path, runs: int) -> Result:
    """Return the medians of both; neither's first run counts, which is the one that is not warm."""

    def plain() -> None:
        subprocess.run((*_PLAIN, *row.plain), cwd=root, check=True, capture_output=True, stdin=subprocess.DEVNULL)

    times = [(clocked(row.ours), clocked(plain)) for _ in range(runs + 1)][1:]
    ours, beside = (statistics.median(found) for found in zip(*times, strict=True))
    return Result(row.name, ours, beside, row.held)


def clocked(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def project(folder: Path, seconds: float) -> Path:
    """Return a flake under Git, with a package whose evaluation takes so long."""
    configure(folder)
    # Nothing of the user's is read or changed.
    os.environ |= {"NIX_CONF_DIR": str(folder), "XDG_STATE_HOME": str(folder / "state")}
    root = folder / "project"
    root.mkdir()
    made = derivation("mkdir -p $out/bin", "devkeel-benchmark")
    count = _rounds(root, seconds)
    value = f"({_LOOP} (builtins.genList (n: n) {count}))"
    packages = {"made": made, "slow": f"(builtins.seq {value} {made})"}
    shells = {f"devShells.{SYSTEM}.default": made}
    (root / "flake.nix").write_text(flake_text(packages, **{"lib.slow": value}, **shells))
    identity = ("-c", "user.name=benchmark", "-c", "user.email=benchmark@localhost")
    for words in (("init", "-q"), ("add", "."), (*identity, "commit", "-q", "-m", "Begin")):
        subprocess.run(("git", *words), cwd=root, check=True)
    return root


def cached(environment: Environment, root: Path) -> tuple[str, str]:
    """Build the package into a cache that is agreed to; return its path and the cache's URL."""
    folder = root.parent
    secret, public = signing_key(folder, "benchmark-1")
    cache = f"file://{folder}/cache"
    made = nix("build", "--no-link", "--json", f"{root}#made")
    path: str = json.loads(made)[0]["outputs"]["out"]
    nix("copy", "--to", f"{cache}?secret-key={secret}", path)
    (root / "devkeel.toml").write_text(f'[[caches]]\nurl = "{cache}"\npublic_key = "{public}"\n')
    environment.agree([cache])
    return path, cache


def _rounds(root: Path, seconds: float) -> int:
    """Return how many rounds of the loop take so long, with what Nix needs to start."""

    def loop(count: int) -> float:
        text = f"{_LOOP} (builtins.genList (n: n) {count})"
        return clocked(
            lambda: subprocess.run((*_PLAIN, "eval", "--expr", text), cwd=root, check=True, capture_output=True)
        )

    empty, few = (min(loop(count) for _ in range(3)) for count in (1, _FEW))
    return max(1, int(_FEW * (seconds - empty) / max(few - empty, 0.001)))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if sys.argv[1:] else 15))
