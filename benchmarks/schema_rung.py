"""What the schema rung costs: by the length of the file, beside one `nix-instantiate --parse` process.

python -m benchmarks.schema_rung
"""

from __future__ import annotations

import statistics
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

from devkeel.candidate import candidate
from devkeel.candidate.candidate import Candidate
from devkeel.catalogue import options
from devkeel.checks import schema

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parent.parent
_RUNS = 9


def milliseconds(work: Callable[[], object]) -> float:
    """Return the median time of some runs."""
    found = []
    for _ in range(_RUNS):
        start = time.perf_counter()
        work()
        found.append((time.perf_counter() - start) * 1e3)
    return statistics.median(found)


def module(lines: int) -> bytes:
    """Return a module of about so many lines, with definitions of many types."""
    head = ["{ pkgs, lib, config, ... }:", "", "{", "  packages = [ pkgs.git pkgs.jq ];"]
    body = [
        line
        for index in range((lines - len(head) - 1) // 5)
        for line in (
            f'  env.NAME_{index} = "value";',
            f"  processes.p{index} = {{",
            f'    exec = "run {index}";',
            "  };",
            f'  scripts.s{index}.exec = "echo ${{config.env.NAME_{index}}}";',
        )
    ]
    return "\n".join([*head, *body, "}", ""]).encode()


def judge(files: dict[str, bytes]) -> Callable[[], object]:
    """Return one judgement of some files from their bytes, nothing kept from before."""

    def work() -> object:
        candidate._parsed.cache_clear()  # noqa: SLF001  (parsing is a part of the cost)
        return schema.check(Candidate.of(files))

    return work


def main() -> None:
    """Print the figures."""

    def load() -> object:
        options.built_in.cache_clear()
        options.option_tree.cache_clear()
        return options.option_tree()

    print(f"the table of {len(options.option_paths())} options, read and made a tree: {milliseconds(load):.1f} ms")
    inputs = {"devenv.yaml": (ROOT / "examples" / "webapp" / "devenv.yaml").read_bytes()}
    data = (ROOT / "examples" / "webapp" / "devenv.nix").read_bytes()
    own = milliseconds(judge({"devenv.nix": data} | inputs))
    parse = milliseconds(
        lambda: subprocess.run(("nix-instantiate", "--parse", "-"), input=data, check=True, capture_output=True)
    )
    told = f"examples/webapp, {data.count(10)} lines and devenv.yaml: {own:.2f} ms"
    print(f"{told}, {own / parse:.2f} of one nix-instantiate --parse")
    smallest = None
    for lines in (30, 300, 1000, 5000, 10_000):
        cost = milliseconds(judge({"devenv.nix": module(lines)}))
        smallest = smallest or cost / lines
        print(f"{lines:6} lines: {cost:8.2f} ms, {cost / lines / smallest:.2f} of the cost of a line at 30 lines")


if __name__ == "__main__":
    main()
