"""What a finding costs: a file with many misspelt options, and what each adds, beside one with none.

    python -m benchmarks.findings

The first judgement finds the suggestions; an edit beside the mistakes judges the file of before and that of after it.
"""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

from devkeel.candidate import candidate
from devkeel.candidate.candidate import Candidate
from devkeel.catalogue import near_misses
from devkeel.checks import schema

if TYPE_CHECKING:
    from collections.abc import Callable

_RUNS = 5
_PATHS = (
    *("services.reddis.enable", "services.postgress.enable", "languages.pyhton.enable", "services.nginx.htpConfig"),
    *("enterShel", "scripts.a.exce", "processes.web.exek", "git-hooks.hooks.x.enabel", "langauges.go.enable"),
    *("packges", "services.mysql.initalDatabases", "foo.bar.baz"),
)


def module(mistakes: int, *, right: int = 0) -> bytes:
    """Return a module with so many misspelt options, each another one, and as many lines more that are right."""
    wrong = [f"  {_PATHS[index % len(_PATHS)]}x{index} = true;" for index in range(mistakes)]
    fine = [f'  env.A{index} = "x";' for index in range(right)]
    return "\n".join(["{ pkgs, ... }:", "{", *wrong, *fine, "}", ""]).encode()


def milliseconds(work: Callable[[], object], *, forget: bool) -> float:
    """Return the median time of some runs; `forget`: what was found before is looked for anew."""
    found = []
    for _ in range(_RUNS):
        candidate._parsed.cache_clear()  # noqa: SLF001  (parsing is a part of the cost)
        if forget:
            near_misses.forget()
        start = time.perf_counter()
        work()
        found.append((time.perf_counter() - start) * 1e3)
    return statistics.median(found)


def judge(data: bytes) -> Callable[[], object]:
    """Return one judgement of a file."""
    return lambda: schema.check(Candidate.of({"devenv.nix": data}))


def main() -> None:
    """Print the figures."""
    schema.check(Candidate.of({"devenv.nix": module(1)}))  # the table of options is read once
    print("mistakes      first      again   each: first   again   times a line that is right")
    for mistakes in (1, 10, 50, 200, 800):
        line = milliseconds(judge(module(0, right=mistakes)), forget=True) / mistakes
        first = milliseconds(judge(module(mistakes)), forget=True)
        again = milliseconds(judge(module(mistakes)), forget=False)
        each = f"{first / mistakes:8.2f} ms {again / mistakes:6.2f} ms {first / mistakes / line:10.1f}"
        print(f"{mistakes:8} {first:8.1f} ms {again:7.1f} ms {each}")


if __name__ == "__main__":
    main()
