"""How long it takes to find who provides a name, beside a bare look-up in a dictionary; what the tables take to load.

    python -m benchmarks.providers [--json]

Each question is asked in a shuffled order over every table, so that most need a block that is not unpacked yet; each
is taken once. The dictionary holds the same names in memory. benchmarks/README.md says what is measured.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import resource
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from devkeel.catalogue import built_in
from devkeel.catalogue.packages import open_names
from devkeel.catalogue.provided.lookup import KINDS, open_kind, providers
from devkeel.catalogue.search import search

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_QUESTIONS = 300
_LOAD = """
import time
from devkeel.catalogue.provided import lookup
start = time.perf_counter()
lookup.providers("program", "rg")
print((time.perf_counter() - start) * 1000)
"""


def names_of(kind: str) -> list[str]:
    """Return the names of a kind, as one asks for them."""
    keys = [key for key, _ in open_kind(kind).every()]
    return ["/".join(reversed(key.split("/"))) for key in keys] if kind == "header" else keys


def timed(questions: Iterable[tuple[str, str]], answer: Callable[[str, str], object]) -> dict[str, float]:
    """Return median, 95th percentile and maximum in milliseconds."""
    taken = list[float]()
    for kind, name in questions:
        start = time.perf_counter()
        answer(kind, name)
        taken.append((time.perf_counter() - start) * 1000)
    taken.sort()
    return {"p50": taken[len(taken) // 2], "p95": taken[int(len(taken) * 0.95)], "max": taken[-1]}


def first_look_up() -> float:
    """Return what the first look-up of a process takes, the best of five, in milliseconds."""
    loads = [subprocess.run([sys.executable, "-c", _LOAD], capture_output=True, check=True) for _ in range(5)]
    return min(float(run.stdout) for run in loads)


def measure() -> dict[str, object]:
    """Return every figure in milliseconds, and the memory in MB."""
    first = first_look_up()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    generator = random.Random(1)
    every = {kind: names_of(kind) for kind in KINDS}
    questions = [(kind, name) for kind, names in every.items() for name in generator.sample(names, _QUESTIONS)]
    generator.shuffle(questions)
    absent = [(kind, f"{name[:-1]}~") for kind, name in questions]
    parts = [(kind, name.rpartition("/")[2][:4]) for kind, name in questions if name[-1:] != "/"]
    bare = {(kind, name): name for kind, names in every.items() for name in names}
    options, packages = built_in(), open_names()
    gc.freeze()  # what the benchmark holds itself is not to be looked through while it measures
    figures: dict[str, object] = {
        "names": len(bare),
        "first look-up of a process": first,
        "a bare dictionary": timed(questions, lambda kind, name: bare.get((kind, name))),
        "providers, which are there": timed(questions, providers),
        "providers, which are not": timed(absent, providers),
    }
    search(options, packages, "warm", kind="file")
    figures["search by name"] = timed(questions, lambda kind, name: search(options, packages, name, kind=kind))
    figures["search by part"] = timed(parts, lambda kind, name: search(options, packages, name, kind=kind))
    figures["memory, with the dictionary"] = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    return figures


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    found = measure()
    if parser.parse_args().json:
        print(json.dumps(found))
        return
    for title, value in found.items():
        shown = (
            "  ".join(f"{name} {figure:.4f}" for name, figure in value.items()) + " ms"
            if isinstance(value, dict)
            else f"{value:.2f}"
            if isinstance(value, float)
            else str(value)
        )
        print(f"{title:<32} {shown}")


if __name__ == "__main__":
    main()
